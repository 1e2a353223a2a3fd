/* SPDX-License-Identifier: MIT */
/* run-burst.c - the frames of a burst are written whole and in order, with io_uring and without it
 *
 * A socket pair that keeps the frames' bounds stands for the TAP. On a machine
 * without io_uring all cases test the way that does without it, and a line of
 * the output says so.
 */
#include "unit.h"

#include <liburing.h>

/* What the kernel answers to a cancellation. */
static enum { CANCEL_DONE, CANCEL_REFUSED, CANCEL_NONE_FOUND } cancel_answer;
static unsigned int cancels;

static void stub_cancel_fd(struct io_uring_sqe *sqe, int fd, unsigned int flags)
{
	__atomic_fetch_add(&cancels, 1, __ATOMIC_RELAXED);
	io_uring_prep_cancel_fd(sqe, cancel_answer == CANCEL_NONE_FOUND ? 0 : fd, flags);
	/* What Linux before 5.19 answers to flags that it does not know. */
	if (cancel_answer == CANCEL_REFUSED)
		sqe->cancel_flags |= 1u << 30;
}

#define io_uring_prep_cancel_fd stub_cancel_fd
#include "common/host/burst.c"
#undef io_uring_prep_cancel_fd

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME 40u

static int ends[2];
static struct burst burst;
static uint8_t mem[BURST_MAX][FRAME];
static struct iovec iov[BURST_MAX][3];
static ssize_t put[BURST_MAX];

static int setup(void **state)
{
	(void)state;
	cancel_answer = CANCEL_DONE;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	burst_init(&burst, ends[0]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	burst_exit(&burst);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

/* Adds frame i, in three runs: two are adjacent, one is apart. */
static void add(unsigned int i)
{
	for (unsigned int k = 0; k < FRAME; k++)
		mem[i][k] = (uint8_t)(i * 7 + k);
	iov[i][0] = (struct iovec){ mem[i], 10 };
	iov[i][1] = (struct iovec){ mem[i] + 10, 8 };
	iov[i][2] = (struct iovec){ mem[i] + 20, 20 };
	put[i] = 4711;
	burst_add(&burst, iov[i], 3, &put[i]);
}

/* Checks that the next frame at the other end is frame i. */
static void expect(unsigned int i)
{
	uint8_t want[FRAME], got[FRAME + 1];

	memcpy(want, mem[i], 18);
	memcpy(want + 18, mem[i] + 20, 20);
	assert_int_equal(recv(ends[1], got, sizeof(got), MSG_DONTWAIT), 38);
	assert_memory_equal(got, want, 38);
}

static void expect_nothing(void)
{
	uint8_t got;

	assert_int_equal(recv(ends[1], &got, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static void whole_and_in_order(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		assert_true(burst_has_room(&burst));
		add(i);
	}
	expect_nothing();
	burst_write(&burst);
	assert_int_equal(burst.n, 0);
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(put[i], 38);
		expect(i);
	}
	expect_nothing();
}

static void together(void **state)
{
	(void)state;
	if (!burst.ring)
		print_message("no io_uring on this machine: frames went one by one\n");
	burst_write(&burst);
	for (unsigned int n = 1; n <= BURST_MAX; n++)
		whole_and_in_order(n);
}

static void one_by_one(void **state)
{
	(void)state;
	burst_exit(&burst);
	for (unsigned int n = 1; n <= BURST_MAX; n++)
		whole_and_in_order(n);
	assert_null(burst.ring);
}

static void no_more_than_fit(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < BURST_MAX; i++)
		add(i);
	assert_false(burst_has_room(&burst));
	expect_assert_failure(burst_add(&burst, iov[0], 3, &put[0]));
}

/* The device takes only some frames. The rest is refused at once, and is not
 * written later, when their memory may hold other bytes. */
static void some_refused(bool plain)
{
	unsigned int taken = 0;
	int size = 1;

	if (plain)
		burst_exit(&burst);
	assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	for (unsigned int i = 0; i < BURST_MAX; i++)
		add(i);
	burst_write(&burst);
	while (taken < BURST_MAX && put[taken] == 38)
		taken++;
	assert_in_range(taken, 1, BURST_MAX - 1);
	for (unsigned int i = taken; i < BURST_MAX; i++)
		assert_int_equal(put[i], -EAGAIN);
	for (unsigned int i = 0; i < taken; i++)
		expect(i);
	expect_nothing();
	whole_and_in_order(1);
	whole_and_in_order(2);
}

static void full_device_together(void **state)
{
	(void)state;
	some_refused(false);
}

static void full_device_one_by_one(void **state)
{
	(void)state;
	some_refused(true);
}

static void no_ring_without_cancel(void **state)
{
	(void)state;
	for (cancel_answer = CANCEL_REFUSED; cancel_answer <= CANCEL_NONE_FOUND; cancel_answer++) {
		burst_exit(&burst);
		cancels = 0;
		burst_init(&burst, ends[0]);
		assert_null(burst.ring);
		for (unsigned int n = 1; n <= BURST_MAX; n++)
			whole_and_in_order(n);
	}
}

static bool returned;

/* Waits until the kernel has refused to cancel the waiting frames, then reads, so that there is room
 * for them. They may come in any order. Returns what is wrong, or NULL. */
static const char *room_made(void)
{
	const char *wrong = NULL;
	uint8_t got[FRAME];

	while (__atomic_load_n(&cancels, __ATOMIC_RELAXED) < 5)
		sched_yield();
	if (__atomic_load_n(&returned, __ATOMIC_RELAXED))
		wrong = "burst_write() returned while the kernel had frames";
	for (unsigned int i = 0; i < BURST_MAX; i++) {
		if (recv(ends[1], got, sizeof(got), 0) != 38)
			wrong = "a frame is missing";
		for (unsigned int k = 0; k < 18; k++)
			if (got[0] % 7 || got[k] != got[0] + k)
				wrong = "a frame has other bytes";
	}
	return wrong;
}

static void *make_room(void *failed)
{
	*(const char **)failed = room_made();
	return NULL;
}

/* A frame that the kernel does not cancel belongs to the kernel until it is written. */
static void not_taken_back(void **state)
{
	int size = 1, flags = fcntl(ends[1], F_GETFL);
	pthread_t thread;
	const char *failed;

	(void)state;
	if (!burst.ring)
		SKIP("there is no io_uring here");
	assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	assert_int_equal(fcntl(ends[1], F_SETFL, flags & ~O_NONBLOCK), 0);
	for (cancel_answer = CANCEL_REFUSED; cancel_answer <= CANCEL_NONE_FOUND; cancel_answer++) {
		cancels = 0;
		returned = false;
		assert_int_equal(pthread_create(&thread, NULL, make_room, &failed), 0);
		for (unsigned int i = 0; i < BURST_MAX; i++)
			add(i);
		burst_write(&burst);
		__atomic_store_n(&returned, true, __ATOMIC_RELAXED);
		/* Now their memory is the caller's again. */
		memset(mem, 0xee, sizeof(mem));
		for (unsigned int i = 0; i < BURST_MAX; i++)
			assert_int_equal(put[i], 38);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_null(failed);
	}
}

/* Each frame has a result of its own: one frame has an address without memory. */
static void bad_one_among_good(void **state)
{
	struct iovec nowhere = { NULL, 8 };

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		if (i != 2) {
			add(i);
			continue;
		}
		burst_add(&burst, &nowhere, 1, &put[2]);
	}
	burst_write(&burst);
	assert_int_equal(put[2], -EFAULT);
	for (unsigned int i = 0; i < 5; i++) {
		if (i == 2)
			continue;
		assert_int_equal(put[i], 38);
		expect(i);
	}
	expect_nothing();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(together, setup, teardown),
		cmocka_unit_test_setup_teardown(one_by_one, setup, teardown),
		cmocka_unit_test_setup_teardown(no_more_than_fit, setup, teardown),
		cmocka_unit_test_setup_teardown(full_device_together, setup, teardown),
		cmocka_unit_test_setup_teardown(full_device_one_by_one, setup, teardown),
		cmocka_unit_test_setup_teardown(no_ring_without_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(not_taken_back, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_one_among_good, setup, teardown),
	};

	return RUN_TESTS(tests);
}
