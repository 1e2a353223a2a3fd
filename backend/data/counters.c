/* SPDX-License-Identifier: MIT */
/* counters.c - the block of counters.h */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "counters.h"

/* #syscalls munmap lseek close */
/* #syscalls-some mmap fcntl */
/* #syscalls-before memfd_create ftruncate */

#define COUNTERS_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static size_t counters_len(const struct vif_counters *c)
{
	return (c->queues + c->workers) * sizeof(*c->set);
}

/* Maps the memory of c->fd. Returns 0 or -errno. */
static int counters_map(struct vif_counters *c)
{
	void *map = mmap(NULL, counters_len(c), PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);

	if (map == MAP_FAILED)
		return -errno;
	c->set = map;
	return 0;
}

static void counters_close(struct vif_counters *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

void vif_counters_close_fd(struct vif_counters *c)
{
	if (c->set)
		counters_close(c);
}

void vif_counters_new(struct vif_counters *c, unsigned int queues, unsigned int workers)
{
	vif_counters_free(c);
	c->queues = queues;
	c->workers = workers;
	c->fd = memfd_create("netbackd-counters", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (c->fd < 0)
		return;
	if (ftruncate(c->fd, (off_t)counters_len(c)) < 0 || fcntl(c->fd, F_ADD_SEALS, COUNTERS_SEALS) < 0 || counters_map(c))
		counters_close(c);
}

/* Checks c->fd. It does not use fstat(2), which newer C libraries make newfstatat(2), the lookup of a name. */
static int counters_check(const struct vif_counters *c)
{
	int seals = fcntl(c->fd, F_GET_SEALS);

	if (seals < 0 || (seals & COUNTERS_SEALS) != COUNTERS_SEALS)
		return -EINVAL;
	return lseek(c->fd, 0, SEEK_END) == (off_t)counters_len(c) ? 0 : -EINVAL;
}

int vif_counters_map(struct vif_counters *c, int fd, unsigned int queues, unsigned int workers)
{
	int err;

	*c = (struct vif_counters){ .queues = queues, .workers = workers, .fd = fd };
	err = counters_check(c);
	if (!err)
		err = counters_map(c);
	if (err)
		counters_close(c);
	return err;
}

void vif_counters_free(struct vif_counters *c)
{
	if (!c->set)
		return;
	munmap(c->set, counters_len(c));
	c->set = NULL;
	counters_close(c);
}


struct queue_counters *vif_counters_all_of_queue(const struct vif_counters *c, unsigned int i)
{
	assert(i < c->queues);
	return &c->set[i].queue;
}

struct worker_counters *vif_counters_all_of_worker(const struct vif_counters *c, unsigned int i)
{
	assert(i < c->workers);
	return &c->set[c->queues + i].worker;
}

struct stats *vif_counters_queue(const struct vif_counters *c, unsigned int i)
{
	return &vif_counters_all_of_queue(c, i)->stats;
}

struct stats *vif_counters_worker(const struct vif_counters *c, unsigned int i)
{
	return &vif_counters_all_of_worker(c, i)->stats;
}

bool vif_counters_queue_stats(const struct vif_counters *c, unsigned int i, struct stats *out)
{
	if (!c->set || c->queues < 2 || i >= c->queues)
		return false;
	*out = (struct stats){ { 0 } };
	stats_sum(out, vif_counters_queue(c, i));
	return true;
}

unsigned int vif_counters_first_queue(const struct vif_counters *c, unsigned int i)
{
	return i * c->queues / c->workers;
}

bool vif_counters_positions(const struct vif_counters *c, unsigned int i, struct positions *out)
{
	unsigned int worker = 0;

	if (!c->set || i >= c->queues)
		return false;
	while (worker + 1 < c->workers && vif_counters_first_queue(c, worker + 1) <= i)
		worker++;
	positions_get(out, &vif_counters_all_of_queue(c, i)->at, &vif_counters_all_of_worker(c, worker)->at, worker);
	return true;
}

enum stuck_verdict vif_counters_look(const struct vif_counters *c, unsigned int i, struct stuck *s)
{
	const struct worker_counters *w = vif_counters_all_of_worker(c, i);
	uint64_t activity = stuck_mix_worker(0, &w->stats, &w->at);

	for (unsigned int q = vif_counters_first_queue(c, i); q < vif_counters_first_queue(c, i + 1); q++)
		activity = stuck_mix_queue(activity, &c->set[q].queue.stats, &c->set[q].queue.at);
	return stuck_look(s, activity, &w->at);
}

void vif_counters_sum(const struct vif_counters *c, struct stats *sum)
{
	*sum = (struct stats){ { 0 } };
	for (unsigned int i = 0; c->set && i < c->queues + c->workers; i++)
		stats_sum(sum, &c->set[i].stats);
}
