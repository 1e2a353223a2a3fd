/* SPDX-License-Identifier: MIT */
/* run-counters.c - a connection's counters: one shared block with a set for each thread that
 * counts, whose sum is reported */
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#include <sys/mman.h>

static bool no_memory;

static void *stub_mmap(void *at, size_t len, int prot, int flags, int fd, off_t from)
{
	return no_memory ? MAP_FAILED : mmap(at, len, prot, flags, fd, from);
}
#define mmap stub_mmap
#include "backend/data/counters.c"
#undef mmap

static struct vif_counters c;

static int teardown(void **state)
{
	(void)state;
	no_memory = false;
	vif_counters_free(&c);
	return 0;
}

/* No two sets share a cache line, and all are within the block. */
static void sets_are_apart(void **state)
{
	(void)state;
	vif_counters_new(&c, 3, 2);
	for (unsigned int i = 0; i < 5; i++) {
		struct stats *s = i < 3 ? vif_counters_queue(&c, i) : vif_counters_worker(&c, i - 3);

		assert_int_equal((uintptr_t)s % 64, 0);
		assert_ptr_equal(s, &c.set[i].stats);
		for (unsigned int id = 0; id < STAT_MAX; id++) {
			assert_int_equal(stats_get(s, (enum counter)id), 0);
			stats_add(s, (enum counter)id, i + 1);
		}
	}
	assert_true(sizeof(*c.set) >= sizeof(struct stats) && sizeof(*c.set) % 64 == 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(stats_get(vif_counters_queue(&c, i), STAT_SLEEPS), i + 1);
}

static void sum_has_all(void **state)
{
	struct stats sum = { { 7 } };

	(void)state;
	vif_counters_sum(&c, &sum);
	assert_int_equal(sum.v[0], 0);
	vif_counters_new(&c, 2, 1);
	stats_add(vif_counters_queue(&c, 0), STAT_GTX_BYTES, UINT64_C(1) << 40);
	stats_add(vif_counters_queue(&c, 1), STAT_GTX_BYTES, 2);
	stats_inc(vif_counters_worker(&c, 0), STAT_MASK_UNKNOWN);
	vif_counters_sum(&c, &sum);
	assert_int_equal(sum.v[STAT_GTX_BYTES], (UINT64_C(1) << 40) + 2);
	assert_int_equal(sum.v[STAT_MASK_UNKNOWN], 1);
	/* The next connection starts with zeroes. */
	vif_counters_new(&c, 1, 1);
	vif_counters_sum(&c, &sum);
	for (unsigned int id = 0; id < STAT_MAX; id++)
		assert_int_equal(sum.v[id], 0);
}

/* This process reads what another process counted. */
static void shared_by_processes(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	vif_counters_new(&c, 1, 1);
	pid = fork();
	if (pid == 0) {
		stats_inc(vif_counters_queue(&c, 0), STAT_GTX_PACKETS);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(stats_get(vif_counters_queue(&c, 0), STAT_GTX_PACKETS), 1);
}

static void without_memory(void **state)
{
	(void)state;
	vif_counters_new(&c, 1, 1);
	no_memory = true;
	vif_counters_new(&c, 16, 16);
	assert_null(c.set);
	vif_counters_free(&c);
}

/* A second map of the block, as another process has it: each reads what the other counts, and unmaps only its own. */
static void by_descriptor(void **state)
{
	struct vif_counters theirs;

	(void)state;
	vif_counters_new(&c, 3, 2);
	assert_non_null(c.set);
	assert_int_equal(fcntl(c.fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(vif_counters_map(&theirs, dup(c.fd), 3, 2), 0);
	/* It stays open, for a third process, until it is closed; the memory stays then. */
	assert_int_equal(fcntl(theirs.fd, F_GETFD), 0);
	vif_counters_close_fd(&theirs);
	assert_int_equal(theirs.fd, -1);
	vif_counters_close_fd(&(struct vif_counters){ 0 });
	assert_int_not_equal(fcntl(0, F_GETFD), -1);
	stats_add(vif_counters_worker(&theirs, 1), STAT_GTX_PACKETS, 7);
	assert_int_equal(stats_get(vif_counters_worker(&c, 1), STAT_GTX_PACKETS), 7);
	vif_counters_free(&theirs);
	assert_null(theirs.set);
	assert_int_equal(stats_get(vif_counters_worker(&c, 1), STAT_GTX_PACKETS), 7);
}

/* A process that has the descriptor cannot shrink the memory that another one reads. */
static void size_is_sealed(void **state)
{
	(void)state;
	vif_counters_new(&c, 2, 1);
	assert_int_equal(ftruncate(c.fd, 0), -1);
	assert_int_equal(ftruncate(c.fd, 1 << 20), -1);
	assert_int_equal(fcntl(c.fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	stats_inc(vif_counters_queue(&c, 1), STAT_SLEEPS);
}

static int memfd_of(size_t len, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)len), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

/* Checks that a descriptor is refused, and closed. */
static void refused(int fd)
{
	struct vif_counters theirs;

	assert_true(fd >= 0);
	assert_int_equal(vif_counters_map(&theirs, fd, 3, 2), -EINVAL);
	assert_null(theirs.set);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	vif_counters_free(&theirs);
}

static void what_is_no_block_is_refused(void **state)
{
	const size_t len = 5 * sizeof(struct vif_counters_set);
	struct vif_counters theirs;
	int pair[2];

	(void)state;
	assert_int_equal(vif_counters_map(&theirs, memfd_of(len, COUNTERS_SEALS), 3, 2), 0);
	vif_counters_free(&theirs);
	refused(memfd_of(len - 1, COUNTERS_SEALS));
	refused(memfd_of(len + 1, COUNTERS_SEALS));
	refused(memfd_of(0, COUNTERS_SEALS));
	refused(memfd_of(len, F_SEAL_GROW | F_SEAL_SEAL));
	refused(memfd_of(len, F_SEAL_SHRINK | F_SEAL_SEAL));
	refused(memfd_of(len, F_SEAL_SHRINK | F_SEAL_GROW));
	refused(open("/dev/null", O_RDWR | O_CLOEXEC));
	refused(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
	assert_int_equal(pipe(pair), 0);
	refused(pair[0]);
	close(pair[1]);
	assert_int_equal(vif_counters_map(&theirs, -1, 3, 2), -EINVAL);
}

static void without_a_descriptor(void **state)
{
	struct rlimit was, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = (struct rlimit){ 0, was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	vif_counters_new(&c, 1, 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_null(c.set);
	vif_counters_new(&c, 1, 1);
	assert_non_null(c.set);
}

/* Each queue's positions come with those of the worker that serves it. */
static void positions_of_a_queue(void **state)
{
	static const unsigned int worker_of[] = { 0, 0, 1, 1, 1 };
	struct positions at;

	(void)state;
	assert_false(vif_counters_positions(&(struct vif_counters){ .queues = 1, .workers = 1, .fd = -1 }, 0, &at));
	vif_counters_new(&c, 5, 2);
	assert_int_equal(vif_counters_first_queue(&c, 2), 5);
	positions_put_mask(&vif_counters_all_of_worker(&c, 1)->at, 1ull << 63, 6);
	for (unsigned int i = 0; i < 3; i++)
		positions_turn(&vif_counters_all_of_worker(&c, 1)->at);
	for (unsigned int i = 0; i < 5; i++) {
		positions_put_ring(&vif_counters_all_of_queue(&c, i)->at.gtx, 10 * i + 3, 10 * i + 1, 10 * i + 2);
		positions_put_ring(&vif_counters_all_of_queue(&c, i)->at.grx, i, i, i);
	}
	for (unsigned int i = 0; i < 5; i++) {
		assert_true(vif_counters_positions(&c, i, &at));
		assert_int_equal(at.worker_index, worker_of[i]);
		assert_int_equal(at.queue.gtx.req_prod, 10 * i + 3);
		assert_int_equal(at.queue.gtx.rsp_prod, 10 * i + 1);
		assert_int_equal(at.queue.gtx.cons, 10 * i + 2);
		assert_int_equal(at.queue.grx.cons, i);
		assert_int_equal(at.sleeps, worker_of[i] ? 2 : 0);
		assert_true(at.asleep == (worker_of[i] == 1));
		assert_true(at.worker.mask_ours == (worker_of[i] ? 1ull << 63 : 0) && at.worker.mask_theirs == (worker_of[i] ? 6 : 0));
	}
	assert_false(vif_counters_positions(&c, 5, &at));
}

/* The text has room for the largest numbers. */
static void positions_are_printed(void **state)
{
	char text[POSITIONS_TEXT_MAX], whole[2 * POSITIONS_TEXT_MAX];
	struct positions at = { .asleep = true };

	(void)state;
	memset(&at.queue, 0xff, sizeof(at.queue));
	memset(&at.worker, 0xff, sizeof(at.worker));
	at.sleeps = UINT64_MAX;
	positions_print(&at, text, sizeof(text));
	positions_print(&at, whole, sizeof(whole));
	assert_string_equal(text, whole);
	assert_string_equal(text, "gtx_req_prod=4294967295 gtx_rsp_prod=4294967295 gtx_cons=4294967295 grx_req_prod=4294967295 "
			    "grx_rsp_prod=4294967295 grx_cons=4294967295 mask=0xffffffffffffffff mask_theirs=0xffffffffffffffff "
			    "sleeps=18446744073709551615 asleep=1");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(sets_are_apart, teardown), cmocka_unit_test_teardown(sum_has_all, teardown),
		cmocka_unit_test_teardown(shared_by_processes, teardown), cmocka_unit_test_teardown(without_memory, teardown),
		cmocka_unit_test_teardown(by_descriptor, teardown), cmocka_unit_test_teardown(size_is_sealed, teardown),
		cmocka_unit_test_teardown(what_is_no_block_is_refused, teardown),
		cmocka_unit_test_teardown(without_a_descriptor, teardown),
		cmocka_unit_test_teardown(positions_of_a_queue, teardown), cmocka_unit_test(positions_are_printed),
	};

	return RUN_TESTS(tests);
}
