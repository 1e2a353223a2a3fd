/* SPDX-License-Identifier: MIT */
/* capring.h - the ring by which a worker hands copies of frames to the tool that captures them
 *
 * Theory of operation. One block of memory has a ring for each worker of a connection. The worker
 * writes records, the tool netpair reads them in another process; neither waits for the other. Each end
 * keeps its own index in private memory and only publishes it:
 *
 * - The worker never reads back what it wrote. Of the reader it believes nothing: an index out of
 *   range counts as a full ring. Where there is no room a frame is lost and counted.
 * - The reader copies a record once, and checks the copy (capring_take()): a guest may control
 *   the process that writes.
 *
 * A record lies in one run; a record of the kind CAPRING_PAD fills the ring up to its end. Indices are
 * free-running and count bytes. The writer releases prod behind the record, the reader releases
 * cons behind its copy.
 */
#ifndef NETPAIR_CAPRING_H
#define NETPAIR_CAPRING_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/base/drop.h"
#include "common/base/util.h"
#include "pkt.h"

#define CAPRING_WORKERS_MAX 16u

/* Bytes of all rings of a block; each ring has an equal part, a power of two. */
#define CAPRING_BYTES (8u << 20)

/* The most bytes of a frame that a record has. */
#define CAPRING_SNAP_MAX 65536u

/* What is wanted of the frames. */
enum {
	CAPRING_FROM_GUEST = 1,
	CAPRING_TO_GUEST = 2,
	CAPRING_DROPPED = 4,	/* only those that were dropped */
	CAPRING_FLAGS = 7,	/* all of them */
};

struct capring_wish {
	uint32_t flags;		/* CAPRING_*; at least one direction */
	uint32_t snap;		/* bytes of each frame; at most CAPRING_SNAP_MAX */
};

/* What the two ends publish; each writes a cache line of its own. */
struct capring_shared {
	alignas(64) uint32_t prod;
	uint32_t started;	/* 1: the worker captures */
	uint64_t lost;		/* frames that had no room */
	alignas(64) uint32_t cons;
};

enum capring_kind {
	CAPRING_PAD = 1,
	CAPRING_FRAME,
	CAPRING_WAKE,		/* the worker saw the doorbell (capture.h) */
};

enum { CAPRING_CSUM_BLANK = 1, CAPRING_CSUM_VALID = 2 };

/* A record; the frame's first caplen bytes follow. The tool reads it in another process: no padding. */
struct capring_record {
	uint32_t size;		/* bytes of the record with its frame, a multiple of 8 */
	uint16_t kind;		/* enum capring_kind */
	uint8_t to_guest;	/* 0: the frame is from the guest */
	uint8_t drop;		/* enum drop */
	uint64_t time;		/* monotonic nanoseconds */
	uint32_t len;		/* bytes of the frame */
	uint32_t caplen;	/* bytes that are here; 0 also where a frame was dropped before it could be read */
	uint16_t queue;
	uint16_t slots;		/* of the ring; 0: not known */
	uint16_t gso_size;	/* 0: it is no large segment */
	uint8_t csum;		/* CAPRING_CSUM_* */
	uint8_t zero;
};

/* A worker's end. */
struct capring_writer {
	struct capring_shared *shared;
	uint8_t *data;
	uint32_t size, prod;
	struct capring_wish wish;
};

/* The tool's end. */
struct capring_reader {
	struct capring_shared *shared;
	const uint8_t *data;
	uint32_t size, cons;
};

/* Returns the bytes of the ring of each of so many workers (1..CAPRING_WORKERS_MAX), and of the block. */
uint32_t capring_size(unsigned int workers);
size_t capring_block(unsigned int workers);

/* Set up the ends of the ring of worker i in a block, whose bytes were 0. */
void capring_write_at(struct capring_writer *w, void *block, unsigned int workers, unsigned int i, const struct capring_wish *wish);
void capring_read_at(struct capring_reader *r, void *block, unsigned int workers, unsigned int i);

/* Returns whether the wish has a frame of this direction and fate. */
bool capring_wants(const struct capring_writer *w, const struct capring_record *rec);

/* Writes a record: rec, whose size and caplen are set here, and the first bytes of the frame, which is in the n
 * runs of iov behind skip bytes, as far as it is there. A record that has no room is counted as lost. */
void capring_put(struct capring_writer *w, const struct capring_record *rec, const struct iovec *iov, unsigned int n, size_t skip);

/* Describes a packet for a record. vh is its header in private memory, or NULL; it counts where the packet has an offload
 * header. */
struct capring_record capring_of_pkt(const struct pkt *p, enum drop drop, const struct virtio_net_hdr *vh);

/* Takes the next record. Its frame goes to frame, which has CAPRING_SNAP_MAX bytes. Returns 1; 0: there is
 * none; -EPROTO: what is there is no record, and the ring is lost. */
MUST_CHECK int capring_take(struct capring_reader *r, struct capring_record *rec, uint8_t *frame);

/* Return what the worker says: whether it captures, and how many frames had no room. */
bool capring_started(const struct capring_reader *r);
uint64_t capring_lost(const struct capring_reader *r);

#endif
