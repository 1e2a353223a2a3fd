/* SPDX-License-Identifier: MIT */
/* run-counters.c - a connection's counters: one block, a set for each writer */
#include <stdbool.h>
#include <stdint.h>
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

/* Each writer has lines of its own, and all of it is within the block. */
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
	/* The next connection starts with none. */
	vif_counters_new(&c, 1, 1);
	vif_counters_sum(&c, &sum);
	for (unsigned int id = 0; id < STAT_MAX; id++)
		assert_int_equal(sum.v[id], 0);
}

/* What another process counts is read here. */
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(sets_are_apart, teardown), cmocka_unit_test_teardown(sum_has_all, teardown),
		cmocka_unit_test_teardown(shared_by_processes, teardown), cmocka_unit_test_teardown(without_memory, teardown),
	};

	return RUN_TESTS(tests);
}
