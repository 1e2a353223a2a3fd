/* SPDX-License-Identifier: MIT */
/* run-capture.c - a capture begins and ends while workers run: nothing is unmapped that one of them may use */
#include "unit.h"
#include "common/host/capture.c"

#include <poll.h>

#define WORKERS 2u

static struct capture worker[WORKERS], *const all[] = { &worker[0], &worker[1] };
static struct capture_owner owner;
static int epoll_fd[2];
static const struct capring_wish wish = { CAPRING_FROM_GUEST, 100 };

static int setup(void **state)
{
	(void)state;
	memset(worker, 0, sizeof(worker));
	for (unsigned int i = 0; i < 2; i++)
		assert_true((epoll_fd[i] = epoll_create1(0)) >= 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	capture_exit(&owner);
	close(epoll_fd[0]);
	close(epoll_fd[1]);
	return 0;
}

static void turn(unsigned int i)
{
	capture_turn(&worker[i], epoll_fd[0], epoll_fd[1]);
}

/* Begins; the descriptors are duplicates, as the tool has them, too. */
static int begin(struct capture_fds *tools, unsigned int workers)
{
	struct capture_fds mine;

	assert_int_equal(capture_fds_new(tools, workers), 0);
	assert_int_equal(capture_fds_dup(&mine, tools), 0);
	return capture_begin(&owner, all, WORKERS, &wish, &mine);
}

static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void begins_and_ends(void **state)
{
	struct capture_fds tools, second;
	int before = open_fds();

	(void)state;
	assert_null(capture_on(&worker[0]));
	assert_int_equal(begin(&tools, WORKERS), 0);
	assert_null(capture_on(&worker[0]));
	turn(0);
	turn(1);
	assert_non_null(capture_on(&worker[0]));
	assert_true(worker[0].now->ring.shared->started);
	assert_ptr_not_equal(worker[0].now, worker[1].now);
	/* One at a time. */
	assert_int_equal(begin(&second, WORKERS), -EBUSY);
	capture_fds_close(&second);
	capture_stop(&owner, all, WORKERS);
	turn(0);
	assert_null(capture_on(&worker[0]));
	capture_reap(&owner, all, WORKERS);
	/* The other worker may still write to it. */
	assert_non_null(owner.old);
	capture_put(worker[1].now, &(struct capring_record){ .kind = CAPRING_FRAME, .len = 9 }, NULL, 0, 0);
	assert_int_equal(begin(&second, WORKERS), -EBUSY);
	capture_fds_close(&second);
	turn(1);
	assert_int_equal(begin(&second, WORKERS), 0);
	capture_fds_close(&second);
	capture_fds_close(&tools);
	capture_stop(&owner, all, WORKERS);
	assert_null(owner.old);		/* no worker has seen it: nothing to wait for */
	turn(0);
	turn(1);
	assert_int_equal(open_fds(), before);
}

static void blocks_that_are_none(void **state)
{
	struct capture_fds tools;
	int before = open_fds();

	(void)state;
	assert_int_equal(begin(&tools, WORKERS + 1), -EINVAL);
	capture_fds_close(&tools);
	/* Its size is not sealed: who has it could end us by making it shorter. */
	tools.block = memfd_create("block", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	tools.doorbell = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(ftruncate(tools.block, (off_t)capring_block(WORKERS)), 0);
	assert_int_equal(capture_begin(&owner, all, WORKERS, &wish, &tools), -EINVAL);
	tools.block = dup(1);
	tools.doorbell = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(capture_begin(&owner, all, WORKERS, &wish, &tools), -EINVAL);
	assert_int_equal(open_fds(), before);
	assert_null(owner.set);
}

/* The doorbell wakes each epoll set that waits, once for each ring. */
static void the_doorbell(void **state)
{
	struct capture_fds tools;
	struct capring_reader r;
	struct capring_record rec;
	struct epoll_event ev;
	static uint8_t frame[CAPRING_SNAP_MAX];
	uint64_t one = 1, before;
	void *block;

	(void)state;
	assert_int_equal(begin(&tools, WORKERS), 0);
	block = mmap(NULL, capring_block(WORKERS), PROT_READ | PROT_WRITE, MAP_SHARED, tools.block, 0);
	capring_read_at(&r, block, WORKERS, 0);
	assert_false(capring_started(&r));
	turn(0);
	assert_true(capring_started(&r));
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(epoll_wait(epoll_fd[0], &ev, 1, 0), 0);
		before = now_ns();
		assert_int_equal(write(tools.doorbell, &one, sizeof(one)), sizeof(one));
		assert_int_equal(epoll_wait(epoll_fd[0], &ev, 1, 0), 1);
		assert_false(capture_take_doorbell(&worker[0], epoll_fd[1]));
		assert_true(capture_take_doorbell(&worker[0], ev.data.fd));
		assert_int_equal(capring_take(&r, &rec, frame), 1);
		assert_int_equal(rec.kind, CAPRING_WAKE);
		assert_true(rec.time >= before && rec.time <= now_ns());
	}
	capture_stop(&owner, all, WORKERS);
	turn(0);
	assert_int_equal(write(tools.doorbell, &one, sizeof(one)), sizeof(one));
	assert_int_equal(epoll_wait(epoll_fd[0], &ev, 1, 0), 0);
	munmap(block, capring_block(WORKERS));
	capture_fds_close(&tools);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(begins_and_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(blocks_that_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(the_doorbell, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
