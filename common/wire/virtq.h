/* SPDX-License-Identifier: MIT */
/* virtq.h - the driver's side of a split virtqueue (virtio 1.1, section 2.6)
 *
 * Theory of operation. The device at the other end is not trusted. It can write all of the memory that both share,
 * so what the driver must remember is private: the descriptors that are free or in flight, and how long each chain
 * is. Of the shared memory only the used ring is read, each word once. Descriptors and the ring of available ones are
 * written and never read.
 *
 * Descriptor i always means page i of the queue's buffers. A queue of the device's frames posts single pages; a queue
 * of ours adds chains, one page after the other.
 *
 * Order, as in shm.h: the available index is a release, the used index an acquire; a signal is asked for, or looked
 * up, behind a full fence (pairs C and D of shm.h, with the device in the place of the peer).
 */
#ifndef NETPAIR_VIRTQ_H
#define NETPAIR_VIRTQ_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/virtio_ring.h>

#include "common/base/util.h"

#define VIRTQ_SIZE 256u
#define VIRTQ_PAGE 4096u

/* Bytes of shared memory: a page for each of the three parts, then a page for each descriptor. */
#define VIRTQ_DESC_AT 0u
#define VIRTQ_AVAIL_AT VIRTQ_PAGE
#define VIRTQ_USED_AT (2u * VIRTQ_PAGE)
#define VIRTQ_BUFFERS_AT (3u * VIRTQ_PAGE)
#define VIRTQ_BYTES ((3u + VIRTQ_SIZE) * VIRTQ_PAGE)

static_assert(sizeof(struct vring_desc) == 16 && sizeof(struct vring_used_elem) == 8, "of the specification");
static_assert(VIRTQ_SIZE * sizeof(struct vring_desc) <= VIRTQ_PAGE, "the descriptors fit");
static_assert(4 + VIRTQ_SIZE * sizeof(struct vring_used_elem) + 2 <= VIRTQ_PAGE, "the used ring fits");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "VIRTIO_F_VERSION_1 is little endian");

struct virtq {
	uint8_t *mem;			/* VIRTQ_BYTES; shared; borrowed */
	uint64_t addr;			/* where that is for the device */
	bool event_idx;			/* VIRTIO_RING_F_EVENT_IDX was agreed */
	uint16_t avail;			/* index of the next one; staged ones are before it */
	uint16_t published;		/* that the device knows */
	uint16_t used;			/* index of the next one that is taken */
	uint16_t in_flight;		/* chains that the device has */
	uint16_t nfree;
	uint16_t free[VIRTQ_SIZE];	/* a stack of descriptors that are in no chain */
	uint16_t chain[VIRTQ_SIZE];	/* descriptors of the chain that starts here and is in flight; 0: none */
	uint16_t next[VIRTQ_SIZE];	/* of that chain */
};

/* Sets up an empty queue on memory of VIRTQ_BYTES zeros, which is at addr for the device. */
void virtq_init(struct virtq *q, uint8_t *mem, uint64_t addr, bool event_idx);

/* Returns the buffer of a descriptor: VIRTQ_PAGE bytes that the device may write at any time. */
static inline uint8_t *virtq_buffer(const struct virtq *q, uint16_t id)
{
	return q->mem + VIRTQ_BUFFERS_AT + (uint32_t)id * VIRTQ_PAGE;
}

/* Stages one free descriptor for a frame of the device. There must be one. */
void virtq_post(struct virtq *q);

/* Takes n free descriptors, in the order of their bytes. There must be so many. */
void virtq_reserve(struct virtq *q, uint16_t *ids, unsigned int n);

/* Stages a chain of reserved descriptors, whose buffers hold len bytes one after the other. */
void virtq_send(struct virtq *q, const uint16_t *ids, unsigned int n, uint32_t len);

/* Publishes what was staged. Returns whether the device must be kicked. */
MUST_CHECK bool virtq_publish(struct virtq *q);

/* Takes a snapshot of the device's used index. Returns the number of chains that can be taken; -EPROTO: it is out of range. */
MUST_CHECK int virtq_begin(const struct virtq *q);

/* Takes one used chain, whose descriptors are free then; *id gets its first one, and *len the bytes that the device says that
 * it wrote. Called as often as virtq_begin() said. Returns 0; -EPROTO: it is not in flight, or its buffers have not so many bytes. */
MUST_CHECK int virtq_take(struct virtq *q, uint16_t *id, uint32_t *len);

/* Asks the device to signal the next used chain. Returns whether there is one already. */
MUST_CHECK bool virtq_rearm(const struct virtq *q);

#endif
