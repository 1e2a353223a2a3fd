/* SPDX-License-Identifier: MIT */
/* capring.c - both ends of the rings of capring.h */
#include <errno.h>
#include <string.h>

#include "capring.h"

static_assert(sizeof(struct capring_record) == 32, "no padding");
static_assert(sizeof(struct capring_shared) * CAPRING_WORKERS_MAX <= XEN_PAGE, "the first page has those of all workers");
static_assert(CAPRING_BYTES / CAPRING_WORKERS_MAX >= 4 * (CAPRING_SNAP_MAX + sizeof(struct capring_record)), "room for some frames");

/* Bytes of a record's fields up to drop, which each record has. */
#define CAPRING_HEAD 8u

uint32_t capring_size(unsigned int workers)
{
	uint32_t size = CAPRING_BYTES;

	while (size * workers > CAPRING_BYTES)
		size /= 2;
	return size;
}

size_t capring_block(unsigned int workers)
{
	return XEN_PAGE + (size_t)capring_size(workers) * workers;
}

static struct capring_shared *capring_shared_of(void *block, unsigned int i)
{
	return (struct capring_shared *)block + i;
}

static uint8_t *capring_data_of(void *block, unsigned int workers, unsigned int i)
{
	return (uint8_t *)block + XEN_PAGE + (size_t)capring_size(workers) * i;
}

void capring_write_at(struct capring_writer *w, void *block, unsigned int workers, unsigned int i, const struct capring_wish *wish)
{
	*w = (struct capring_writer){ .shared = capring_shared_of(block, i), .data = capring_data_of(block, workers, i),
				      .size = capring_size(workers), .wish = *wish };
}

void capring_read_at(struct capring_reader *r, void *block, unsigned int workers, unsigned int i)
{
	*r = (struct capring_reader){ .shared = capring_shared_of(block, i), .data = capring_data_of(block, workers, i),
				      .size = capring_size(workers) };
}

/* --- the worker's end ------------------------------------------------------------- */

bool capring_wants(const struct capring_writer *w, const struct capring_record *rec)
{
	return (w->wish.flags & (rec->to_guest ? CAPRING_TO_GUEST : CAPRING_FROM_GUEST)) &&
	       (rec->drop || !(w->wish.flags & CAPRING_DROPPED));
}

static void capring_count_lost(struct capring_writer *w)
{
	/* The only word that is read back: it is shown, and decides nothing. */
	uint64_t lost = __atomic_load_n(&w->shared->lost, __ATOMIC_RELAXED);

	__atomic_store_n(&w->shared->lost, lost + 1, __ATOMIC_RELAXED);
}

/* Makes room for size bytes in one run. Returns where they go; NULL: the ring is full. */
static uint8_t *capring_room(struct capring_writer *w, uint32_t size)
{
	uint32_t used = w->prod - __atomic_load_n(&w->shared->cons, __ATOMIC_ACQUIRE), at = w->prod & (w->size - 1), pad = 0;
	struct capring_record fill = { .kind = CAPRING_PAD };

	if (size > w->size - at)
		pad = w->size - at;
	/* An index out of range is more than the ring has, too. */
	if (used > w->size || size + pad > w->size - used)
		return NULL;
	if (pad) {
		fill.size = pad;
		memcpy(w->data + at, &fill, CAPRING_HEAD);
		w->prod += pad;
		at = 0;
	}
	return w->data + at;
}

/* Returns the bytes of n runs behind the first skip ones. */
static size_t capring_there(const struct iovec *iov, unsigned int n, size_t skip)
{
	size_t all = 0;

	while (n--)
		all += iov[n].iov_len;
	return all - min_size(skip, all);
}

static void capring_copy(uint8_t *to, const struct iovec *iov, size_t skip, size_t left)
{
	for (; left; iov++) {
		size_t from = min_size(skip, iov->iov_len), part = min_size(left, iov->iov_len - from);

		if (part)
			memcpy(to, (const uint8_t *)iov->iov_base + from, part);
		skip -= from;
		to += part;
		left -= part;
	}
}

void capring_put(struct capring_writer *w, const struct capring_record *rec, const struct iovec *iov, unsigned int n, size_t skip)
{
	struct capring_record r = *rec;
	uint8_t *to;

	r.caplen = (uint32_t)min_size(min_size(r.len, w->wish.snap), capring_there(iov, n, skip));
	r.size = (uint32_t)(sizeof(r) + ((r.caplen + 7u) & ~7u));
	to = capring_room(w, r.size);
	if (!to) {
		capring_count_lost(w);
		return;
	}
	memcpy(to, &r, sizeof(r));
	capring_copy(to + sizeof(r), iov, skip, r.caplen);
	w->prod += r.size;
	__atomic_store_n(&w->shared->prod, w->prod, __ATOMIC_RELEASE);
}

struct capring_record capring_of_pkt(const struct pkt *p, enum drop drop, const struct virtio_net_hdr *vh)
{
	bool headed = p->header && vh, blank = headed ? vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM : p->csum_blank;
	bool valid = headed ? vh->flags & VIRTIO_NET_HDR_F_DATA_VALID : p->csum_valid;

	return (struct capring_record){
		.kind = CAPRING_FRAME, .drop = (uint8_t)drop, .len = p->len, .slots = p->slots,
		.gso_size = headed && vh->gso_type ? vh->gso_size : p->gso_size,
		.csum = (uint8_t)((blank ? CAPRING_CSUM_BLANK : 0) | (valid ? CAPRING_CSUM_VALID : 0)),
	};
}

/* --- the tool's end --------------------------------------------------------------- */

/* Copies the next record's fields. Returns 1; 0: there is none; -EPROTO. */
static int capring_peek(const struct capring_reader *r, struct capring_record *rec)
{
	uint32_t ready = __atomic_load_n(&r->shared->prod, __ATOMIC_ACQUIRE) - r->cons, at = r->cons & (r->size - 1);

	if (ready == 0)
		return 0;
	if (ready > r->size || ready < CAPRING_HEAD)
		return -EPROTO;
	*rec = (struct capring_record){ .size = 0 };
	memcpy(rec, r->data + at, min_size(sizeof(*rec), min_size(ready, r->size - at)));
	if (rec->size < CAPRING_HEAD || rec->size % 8 || rec->size > ready || rec->size > r->size - at)
		return -EPROTO;
	return 1;
}

static bool capring_record_ok(const struct capring_record *rec)
{
	return rec->size >= sizeof(*rec) && (rec->kind == CAPRING_FRAME || rec->kind == CAPRING_WAKE) && rec->to_guest <= 1 &&
	       rec->drop < DROP_MAX && rec->caplen <= CAPRING_SNAP_MAX && rec->caplen <= rec->size - sizeof(*rec) &&
	       rec->caplen <= rec->len;
}

int capring_take(struct capring_reader *r, struct capring_record *rec, uint8_t *frame)
{
	int got;

	/* The padding, and what follows it. */
	for (unsigned int i = 0; i < 2; i++) {
		got = capring_peek(r, rec);
		if (got <= 0)
			return got;
		if (rec->kind == CAPRING_PAD) {
			r->cons += rec->size;
			continue;
		}
		if (!capring_record_ok(rec))
			return -EPROTO;
		memcpy(frame, r->data + (r->cons & (r->size - 1)) + sizeof(*rec), rec->caplen);
		r->cons += rec->size;
		__atomic_store_n(&r->shared->cons, r->cons, __ATOMIC_RELEASE);
		return 1;
	}
	return -EPROTO;
}

bool capring_started(const struct capring_reader *r)
{
	return __atomic_load_n(&r->shared->started, __ATOMIC_ACQUIRE) != 0;
}

uint64_t capring_lost(const struct capring_reader *r)
{
	return __atomic_load_n(&r->shared->lost, __ATOMIC_RELAXED);
}
