/* SPDX-License-Identifier: MIT */
/* virtq.c - the driver's side of a split virtqueue, for virtq.h */
#include <errno.h>
#include <string.h>

#include "common/base/shm.h"
#include "virtq.h"

/* Words of the two rings: flags, index, entries, and the index at which the other end is to signal. */
#define VIRTQ_FLAGS 0u
#define VIRTQ_INDEX 1u
#define VIRTQ_RING 2u
#define VIRTQ_USED_EVENT (VIRTQ_RING + VIRTQ_SIZE)
#define VIRTQ_AVAIL_EVENT (VIRTQ_RING + VIRTQ_SIZE * (sizeof(struct vring_used_elem) / sizeof(uint16_t)))

static_assert(offsetof(struct vring_avail, idx) == 2 && offsetof(struct vring_avail, ring) == 4, "words of the ring");
static_assert(offsetof(struct vring_used, idx) == 2 && offsetof(struct vring_used, ring) == 4, "words of the ring");

static uint16_t *virtq_avail(const struct virtq *q)
{
	return (uint16_t *)(void *)(q->mem + VIRTQ_AVAIL_AT);
}

static const uint16_t *virtq_used(const struct virtq *q)
{
	return (const uint16_t *)(const void *)(q->mem + VIRTQ_USED_AT);
}

static struct vring_desc *virtq_desc(const struct virtq *q, uint16_t id)
{
	return (struct vring_desc *)(void *)(q->mem + VIRTQ_DESC_AT) + id;
}

void virtq_init(struct virtq *q, uint8_t *mem, uint64_t addr, bool event_idx)
{
	*q = (struct virtq){ .addr = addr, .event_idx = event_idx, .nfree = VIRTQ_SIZE };
	q->mem = mem;
	for (uint16_t i = 0; i < VIRTQ_SIZE; i++)
		q->free[i] = (uint16_t)(VIRTQ_SIZE - 1 - i);
	/* No signal is wanted until virtq_rearm(). */
	shm_store16(virtq_avail(q) + VIRTQ_FLAGS, VRING_AVAIL_F_NO_INTERRUPT);
	shm_store16(virtq_avail(q) + VIRTQ_USED_EVENT, (uint16_t)-1);
}

static void virtq_describe(struct virtq *q, uint16_t id, uint32_t len, uint16_t flags, uint16_t next)
{
	struct vring_desc *d = virtq_desc(q, id);

	d->addr = q->addr + VIRTQ_BUFFERS_AT + (uint64_t)id * VIRTQ_PAGE;
	d->len = len;
	d->flags = flags;
	d->next = next;
}

static void virtq_stage(struct virtq *q, uint16_t id)
{
	shm_store16(virtq_avail(q) + VIRTQ_RING + q->avail % VIRTQ_SIZE, id);
	q->avail++;
	q->in_flight++;
}

void virtq_post(struct virtq *q)
{
	uint16_t id;

	virtq_reserve(q, &id, 1);
	q->chain[id] = 1;
	virtq_describe(q, id, VIRTQ_PAGE, VRING_DESC_F_WRITE, 0);
	virtq_stage(q, id);
}

void virtq_reserve(struct virtq *q, uint16_t *ids, unsigned int n)
{
	assert(n <= q->nfree);
	for (unsigned int i = 0; i < n; i++)
		ids[i] = q->free[--q->nfree];
}

void virtq_send(struct virtq *q, const uint16_t *ids, unsigned int n, uint32_t len)
{
	assert(n >= 1 && len > (n - 1) * VIRTQ_PAGE && len <= n * VIRTQ_PAGE);
	for (unsigned int i = 0; i < n; i++) {
		bool last = i + 1 == n;

		q->next[ids[i]] = last ? 0 : ids[i + 1];
		virtq_describe(q, ids[i], last ? len - i * VIRTQ_PAGE : VIRTQ_PAGE, last ? 0 : VRING_DESC_F_NEXT, q->next[ids[i]]);
	}
	q->chain[ids[0]] = (uint16_t)n;
	virtq_stage(q, ids[0]);
}

bool virtq_publish(struct virtq *q)
{
	uint16_t old = q->published, event;

	if (q->avail == old)
		return false;
	shm_store16_release(virtq_avail(q) + VIRTQ_INDEX, q->avail);
	q->published = q->avail;
	shm_fence();
	if (!q->event_idx)
		return !(shm_load16(virtq_used(q) + VIRTQ_FLAGS) & VRING_USED_F_NO_NOTIFY);
	event = shm_load16(virtq_used(q) + VIRTQ_AVAIL_EVENT);
	return vring_need_event(event, q->avail, old);
}

int virtq_begin(const struct virtq *q)
{
	uint16_t n = (uint16_t)(shm_load16_acquire(virtq_used(q) + VIRTQ_INDEX) - q->used);

	return n > q->in_flight ? -EPROTO : n;
}

int virtq_take(struct virtq *q, uint16_t *id, uint32_t *len)
{
	const uint32_t *at = (const uint32_t *)(const void *)(q->mem + VIRTQ_USED_AT + 4) + q->used % VIRTQ_SIZE * 2u;
	uint32_t said_id = shm_load(at), said_len = shm_load(at + 1);
	unsigned int n = said_id < VIRTQ_SIZE ? q->chain[said_id] : 0;

	if (n == 0 || said_len > n * VIRTQ_PAGE)
		return -EPROTO;
	*id = (uint16_t)said_id;
	*len = said_len;
	q->chain[said_id] = 0;
	q->used++;
	q->in_flight--;
	for (uint16_t i = *id; n > 0; n--) {
		q->free[q->nfree++] = i;
		i = q->next[i];
	}
	return 0;
}

bool virtq_rearm(const struct virtq *q)
{
	shm_store16(virtq_avail(q) + VIRTQ_USED_EVENT, q->used);
	shm_store16(virtq_avail(q) + VIRTQ_FLAGS, 0);
	shm_fence();
	return shm_load16(virtq_used(q) + VIRTQ_INDEX) != q->used;
}
