/* SPDX-License-Identifier: MIT */
/* counters.c - the block of counters.h */
#include <assert.h>
#include <sys/mman.h>

#include "counters.h"

/* #syscalls munmap */
/* #syscalls-some mmap */

static size_t counters_len(const struct vif_counters *c)
{
	return (c->queues + c->workers) * sizeof(*c->set);
}

void vif_counters_new(struct vif_counters *c, unsigned int queues, unsigned int workers)
{
	void *map;

	vif_counters_free(c);
	c->queues = queues;
	c->workers = workers;
	map = mmap(NULL, counters_len(c), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	c->set = map == MAP_FAILED ? NULL : map;
}

void vif_counters_free(struct vif_counters *c)
{
	if (c->set)
		munmap(c->set, counters_len(c));
	c->set = NULL;
}

struct stats *vif_counters_queue(const struct vif_counters *c, unsigned int i)
{
	assert(i < c->queues);
	return &c->set[i].stats;
}

struct stats *vif_counters_worker(const struct vif_counters *c, unsigned int i)
{
	assert(i < c->workers);
	return &c->set[c->queues + i].stats;
}

void vif_counters_sum(const struct vif_counters *c, struct stats *sum)
{
	*sum = (struct stats){ { 0 } };
	for (unsigned int i = 0; c->set && i < c->queues + c->workers; i++)
		stats_sum(sum, &c->set[i].stats);
}
