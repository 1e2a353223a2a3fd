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
	if (cancel_answer == CANCEL_NONE_FOUND)
		io_uring_prep_cancel64(sqe, UINT64_MAX - 1, IORING_ASYNC_CANCEL_ALL);
	else
		io_uring_prep_cancel_fd(sqe, fd, flags);
	/* What Linux before 5.19 answers to flags that it does not know. */
	if (cancel_answer == CANCEL_REFUSED)
		sqe->cancel_flags |= 1u << 30;
}

#define io_uring_prep_cancel_fd stub_cancel_fd
#include "common/host/burst.c"
#undef io_uring_prep_cancel_fd

#include <limits.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nettest.h"

#define FRAME 40u

static int ends[2];
static struct burst burst;
static uint8_t mem[BURST_MAX][FRAME];
static struct iovec iov[BURST_MAX][3];
static ssize_t put[BURST_MAX];

/* The kind of ring that the burst has: one that it makes, or a restricted one that was made before. */
static enum { RING_OWN, RING_GIVEN } kind;

static void start(void)
{
	struct burst_ring *ring = NULL;

	burst_init(&burst, ends[0]);
	if (kind == RING_GIVEN) {
		if (burst_ring_probe() == 0)
			assert_int_equal(burst_ring_new(&ring), 0);
		burst_give(&burst, ring);
	}
	burst_start(&burst);
}

static int setup(void **state)
{
	(void)state;
	cancel_answer = CANCEL_DONE;
	kind = RING_OWN;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	start();
	return 0;
}

/* Sets up a case with a restricted ring. Each case runs with both kinds. */
static int setup_given(void **state)
{
	if (setup(state) < 0)
		return -1;
	burst_exit(&burst);
	kind = RING_GIVEN;
	start();
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
		start();
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

/* --- a real TAP ------------------------------------------------------------------------------ */

/* Opens a TAP as ends[0], in a bridge whose other port is a veth device. Returns false if that is not allowed. */
static bool tap_is_open(void)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI, .ifr_name = "t0" };

	if (!nettest_enter())
		return false;
	close(ends[0]);
	ends[0] = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (ends[0] < 0 || ioctl(ends[0], TUNSETIFF, &ifr) < 0)
		return false;
	return nettest_run(0, "ip link add b0 up type bridge") == 0 && nettest_run(0, "ip link add v0 type veth peer name v1") == 0 &&
	       nettest_run(0, "ip link set v1 up") == 0 && nettest_run(0, "ip link set v0 master b0 up") == 0 &&
	       nettest_run(0, "ip link set t0 master b0 up") == 0;
}

/* Adds frame i, to another address than the kernel's. The bridge then forwards the frame's own buffer,
 * which counts against the TAP's limit until it is freed. */
static void add_ethernet(unsigned int i)
{
	add(i);
	memset(mem[i], 0x02, 6);
	memset(mem[i] + 6, 0x06, 6);
	mem[i][12] = 0x88;
	mem[i][13] = 0xb5;
}

/* Returns the number of frames that the kernel has received from the TAP. */
static unsigned int taken_by_kernel(void)
{
	FILE *f = fopen("/proc/self/net/dev", "r");
	unsigned int n = UINT_MAX;
	char line[300];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " t0: %*u %u", &n) == 1)
			break;
	fclose(f);
	return n;
}

/* A TAP takes as many frames as it has room for. The others are refused at once and are not written later. */
static void full_tap(void **state)
{
	const int few = 4096, much = INT_MAX;
	unsigned int sum = 0;

	(void)state;
	burst_exit(&burst);
	if (!tap_is_open() || nettest_run(0, "tc qdisc replace dev v0 root tbf rate 8bit burst 100 latency 9999s") != 0)
		SKIP("no TAP, no bridge or no tbf here");
	start();
	for (unsigned int round = 0; round < 3; round++) {
		unsigned int taken = 0;

		assert_int_equal(ioctl(ends[0], TUNSETSNDBUF, &few), 0);
		for (unsigned int i = 0; i < BURST_MAX; i++)
			add_ethernet(i);
		burst_write(&burst);
		while (taken < BURST_MAX && put[taken] == 38)
			taken++;
		assert_in_range(taken, 1, BURST_MAX - 1);
		for (unsigned int i = taken; i < BURST_MAX; i++)
			assert_int_equal(put[i], -EAGAIN);
		assert_int_equal(taken_by_kernel(), sum += taken);
		/* The frames that wait at the other port are freed, so the TAP has room again. */
		assert_int_equal(nettest_run(0, "tc qdisc del dev v0 root"), 0);
		assert_int_equal(ioctl(ends[0], TUNSETSNDBUF, &much), 0);
		assert_int_equal(taken_by_kernel(), sum);
		for (unsigned int i = 0; i < BURST_MAX; i++)
			add_ethernet(i);
		burst_write(&burst);
		for (unsigned int i = 0; i < BURST_MAX; i++)
			assert_int_equal(put[i], 38);
		assert_int_equal(taken_by_kernel(), sum += BURST_MAX);
		assert_int_equal(nettest_run(0, "tc qdisc replace dev v0 root tbf rate 8bit burst 100 latency 9999s"), 0);
	}
}

/* --- what a restricted ring refuses, if an attacker controls the process --------------------- */

/* Submits the request. Returns the kernel's answer to it. */
static int answer(struct burst_ring *r, const struct io_uring_sqe *request)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);
	struct io_uring_cqe *cqe;
	int res, err;

	assert_non_null(sqe);
	*sqe = *request;
	sqe->user_data = 99;
	err = io_uring_submit_and_wait(&r->uring, 1);
	if (err < 0)
		return err;
	assert_int_equal(io_uring_peek_cqe(&r->uring, &cqe), 0);
	res = cqe->res;
	io_uring_cqe_seen(&r->uring, cqe);
	return res;
}

static struct burst_ring *need_restricted(void)
{
	if (kind != RING_GIVEN || !burst.ring)
		SKIP("there is no io_uring with restrictions here");
	return burst.ring;
}

static void takes_nothing_else(void **state)
{
	struct iovec bytes = { mem[0], 4 };
	const struct io_uring_sqe refused[] = {
		{ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uintptr_t)"/etc/passwd" },
		{ .opcode = IORING_OP_OPENAT, .flags = IOSQE_FIXED_FILE, .addr = (uintptr_t)"/etc/passwd" },
		{ .opcode = IORING_OP_CONNECT, .fd = ends[0] },
		{ .opcode = IORING_OP_SOCKET, .fd = AF_UNIX, .off = SOCK_STREAM },
		{ .opcode = IORING_OP_READV, .fd = ends[0], .addr = (uintptr_t)&bytes, .len = 1 },
		{ .opcode = IORING_OP_POLL_ADD, .fd = ends[0], .poll32_events = POLLOUT },
		{ .opcode = IORING_OP_NOP },
		/* Allowed operations with a flag. */
		{ .opcode = IORING_OP_WRITEV, .flags = IOSQE_FIXED_FILE, .addr = (uintptr_t)&bytes, .len = 1 },
		{ .opcode = IORING_OP_WRITEV, .flags = IOSQE_ASYNC, .fd = ends[0], .addr = (uintptr_t)&bytes, .len = 1 },
	};
	struct burst_ring *r = need_restricted();

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(refused); i++)
		if (answer(r, &refused[i]) != -EACCES)
			fail_msg("request %u is not refused", i);
	expect_nothing();
	whole_and_in_order(2);
}

static void cannot_be_changed(void **state)
{
	struct io_uring_files_update update = { .fds = (uintptr_t)&ends[1] };
	struct burst_ring *r = need_restricted();
	struct iovec bytes = { mem[0], 4 };
	int fd = ends[1];

	(void)state;
	assert_int_equal(burst_register(r, IORING_REGISTER_FILES_UPDATE, &update, 1), -EACCES);
	assert_int_equal(burst_register(r, IORING_UNREGISTER_FILES, NULL, 0), -EACCES);
	assert_int_equal(burst_register(r, IORING_REGISTER_FILES, &fd, 1), -EACCES);
	assert_int_equal(burst_register(r, IORING_REGISTER_BUFFERS, &bytes, 1), -EACCES);
	assert_int_equal(burst_register(r, IORING_REGISTER_RESTRICTIONS, restrictions, RESTRICTIONS_OF_PROBE), -EACCES);
	assert_int_equal(burst_register(r, IORING_REGISTER_ENABLE_RINGS, NULL, 0), -EBADFD);
	whole_and_in_order(2);
}

/* A ring that is not enabled yet accepts no request, so the restrictions hold at any time. */
static void takes_nothing_before(void **state)
{
	struct iovec bytes = { mem[0], 4 };
	const struct io_uring_sqe request = { .opcode = IORING_OP_WRITEV, .fd = ends[0], .addr = (uintptr_t)&bytes, .len = 1 };
	struct burst_ring *r;

	(void)state;
	need_restricted();
	assert_int_equal(burst_ring_new(&r), 0);
	assert_int_equal(answer(r, &request), -EBADFD);
	assert_int_equal(burst_register(r, IORING_REGISTER_RESTRICTIONS, restrictions, RESTRICTIONS_OF_PROBE), -EBUSY);
	burst_ring_free(r);
	burst_ring_free(NULL);
}

static void *start_there(void *failed)
{
	burst_start(&burst);
	for (unsigned int i = 0; i < BURST_MAX; i++)
		add(i);
	burst_write(&burst);
	*(bool *)failed = !burst.ring;
	return NULL;
}

/* A ring is made by one thread, enabled and used by another, and freed by the first. */
static void made_by_another_thread(void **state)
{
	struct burst_ring *ring;
	pthread_t thread;
	bool failed;

	(void)state;
	need_restricted();
	burst_exit(&burst);
	assert_int_equal(burst_ring_new(&ring), 0);
	burst_init(&burst, ends[0]);
	burst_give(&burst, ring);
	assert_int_equal(pthread_create(&thread, NULL, start_there, &failed), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(failed);
	for (unsigned int i = 0; i < BURST_MAX; i++) {
		assert_int_equal(put[i], 38);
		expect(i);
	}
}

/* If there was no ring to give, burst_start() makes none: that call would end a process in a sandbox. */
static void none_is_given(void **state)
{
	(void)state;
	burst_exit(&burst);
	burst_init(&burst, ends[0]);
	burst_give(&burst, NULL);
	burst_start(&burst);
	assert_null(burst.ring);
	whole_and_in_order(BURST_MAX);
}

/* A ring that cannot be enabled is not used. */
static void not_enabled(void **state)
{
	struct burst_ring *ring;

	(void)state;
	need_restricted();
	burst_exit(&burst);
	assert_int_equal(burst_ring_new(&ring), 0);
	assert_int_equal(burst_ring_enable(ring), 0);
	ring->disabled = true;		/* enabling it once more fails */
	burst_init(&burst, ends[0]);
	burst_give(&burst, ring);
	burst_start(&burst);
	assert_null(burst.ring);
}

#define WITH(case_, setup_) cmocka_unit_test_setup_teardown(case_, setup_, teardown)
#define GIVEN(case_) { #case_ ".given", case_, setup_given, teardown, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(together, setup), WITH(one_by_one, setup), WITH(no_more_than_fit, setup), WITH(full_device_together, setup),
		WITH(full_device_one_by_one, setup), WITH(no_ring_without_cancel, setup), WITH(not_taken_back, setup),
		WITH(bad_one_among_good, setup), WITH(full_tap, setup), GIVEN(full_tap),
		GIVEN(together), GIVEN(full_device_together), GIVEN(no_ring_without_cancel), GIVEN(not_taken_back), GIVEN(bad_one_among_good),
		WITH(takes_nothing_else, setup_given), WITH(cannot_be_changed, setup_given), WITH(takes_nothing_before, setup_given),
		WITH(made_by_another_thread, setup_given), WITH(none_is_given, setup_given), WITH(not_enabled, setup_given),
	};

	return RUN_TESTS(tests);
}
