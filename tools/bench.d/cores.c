/* SPDX-License-Identifier: MIT */
/* cores.c - measures how far the first two processors are from each other: the time that a cache line
 * takes from one to the other, in ns
 *
 * A virtual machine's processors move between the host's core complexes. While they are apart, access
 * to memory that two processes share takes three to five times as long. Prints the best of five runs of
 * 20 ms, or "-" if there is only one processor. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 5, RUN_NS = 20 * 1000 * 1000, CHECK_EACH = 32, LINE = 64 };

static struct {
	_Alignas(LINE) atomic_uint turn;	/* even: this thread's, odd: the other's */
	_Alignas(LINE) atomic_bool stop;
} shared;

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0) {
		perror("cores: sched_setaffinity");
		exit(1);
	}
}

static void *other(void *arg)
{
	run_on(*(const int *)arg);
	while (!atomic_load_explicit(&shared.stop, memory_order_relaxed)) {
		unsigned int turn = atomic_load_explicit(&shared.turn, memory_order_acquire);

		if (turn & 1)
			atomic_store_explicit(&shared.turn, turn + 1, memory_order_release);
		else
			relax();
	}
	return NULL;
}

/* Returns the time of one way, as the mean of a run. */
static double one_way_ns(void)
{
	double start = now_ns(), end;
	unsigned long hits = 0;

	do {
		for (int i = 0; i < CHECK_EACH; i++) {
			unsigned int turn = atomic_load_explicit(&shared.turn, memory_order_relaxed) + 1;

			atomic_store_explicit(&shared.turn, turn, memory_order_release);
			while (atomic_load_explicit(&shared.turn, memory_order_acquire) == turn)
				relax();
		}
		hits += CHECK_EACH;
		end = now_ns();
	} while (end - start < RUN_NS);
	return (end - start) / (double)hits / 2;
}

int main(void)
{
	int cpu[2], n = 0;
	double best = 1e9;
	pthread_t t;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0) {
		perror("cores: sched_getaffinity");
		return 1;
	}
	for (int i = 0; i < CPU_SETSIZE && n < 2; i++)
		if (CPU_ISSET(i, &set))
			cpu[n++] = i;
	if (n < 2) {
		puts("-");
		return 0;
	}
	run_on(cpu[0]);
	if (pthread_create(&t, NULL, other, &cpu[1]) != 0) {
		fputs("cores: no second thread\n", stderr);
		return 1;
	}
	for (int i = 0; i < RUNS; i++) {
		double ns = one_way_ns();

		if (ns < best)
			best = ns;
	}
	atomic_store(&shared.stop, true);
	pthread_join(t, NULL);
	printf("%.0f\n", best);
	return 0;
}
