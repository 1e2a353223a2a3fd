/* SPDX-License-Identifier: MIT */
/* pkt.c - ring slots to checked packets and back
 *
 * Theory of operation. On gtx the first slot tells the size of the whole
 * packet, so its own part is what the others leave; on grx each response tells
 * its own part. Extras follow the first slot on both, each in a slot of its
 * own. Whether there is a further slot is decided by more_data of the data
 * slot before, extras passed over.
 *
 * A packet is walked to its end before it is judged: so a drop consumes all
 * of its slots and the next packet starts where it should. The first rule
 * broken gives the cause.
 */
#include <string.h>

#include "pkt.h"

static enum pkt_verdict fault(struct pkt *p, const char *why)
{
	p->why = why;
	return PKT_FAULT;
}

/* Keeps the first cause. */
static void spoil(struct pkt *p, enum stat cause)
{
	if (p->cause == STAT_MAX)
		p->cause = cause;
}

static void gso_apply(struct pkt *p, const struct netif_extra_info *extra, enum stat bad)
{
	if (extra->u.gso.size < PKT_GSO_SIZE_MIN || extra->u.gso.features != 0 ||
	    (extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 && extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6)) {
		spoil(p, bad);
		return;
	}
	p->gso_type = extra->u.gso.type;
	p->gso_size = extra->u.gso.size;
}

/* netif.h: the value's least significant octet comes first. */
static void hash_apply(struct pkt *p, const struct netif_extra_info *extra)
{
	const uint8_t *v = extra->u.hash.value;

	p->hashed = true;
	p->hash_type = extra->u.hash.type;
	p->hash_algorithm = extra->u.hash.algorithm;
	p->hash_value = (uint32_t)v[3] << 24 | (uint32_t)v[2] << 16 | (uint32_t)v[1] << 8 | v[0];
}

/* Judges an extra info that is legal on both rings; the drop causes differ. */
static void extra_apply(struct pkt *p, const struct netif_extra_info *extra,
			enum stat bad_extra, enum stat bad_gso)
{
	if (extra->flags & ~XEN_NETIF_EXTRA_FLAG_MORE)
		spoil(p, bad_extra);
	else if (extra->type == XEN_NETIF_EXTRA_TYPE_GSO)
		gso_apply(p, extra, bad_gso);
	else if (extra->type == XEN_NETIF_EXTRA_TYPE_HASH)
		hash_apply(p, extra);
	else
		spoil(p, bad_extra);
}

/* One change a request: what two would mean nobody says. */
static void mcast_apply(struct pkt *p, const struct netif_extra_info *extra)
{
	if (p->mcast || (extra->flags & ~XEN_NETIF_EXTRA_FLAG_MORE)) {
		spoil(p, STAT_GTX_DROP_EXTRA);
		return;
	}
	p->mcast = extra->type;
	memcpy(p->addr, extra->u.mcast.addr, sizeof(p->addr));
}

static bool is_mcast(const struct netif_extra_info *extra)
{
	return extra->type == XEN_NETIF_EXTRA_TYPE_MCAST_ADD || extra->type == XEN_NETIF_EXTRA_TYPE_MCAST_DEL;
}

static bool gtx_extras(struct gtx_back *ring, struct pkt *p)
{
	struct netif_extra_info extra;

	do {
		if (!gtx_back_take_extra(ring, &extra))
			return false;
		p->slots++;
		if (is_mcast(&extra))
			mcast_apply(p, &extra);
		else
			extra_apply(p, &extra, STAT_GTX_DROP_EXTRA, STAT_GTX_DROP_GSO);
	} while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return true;
}

/* Adds a slot's bytes; a slot without any is legal and passed over (XSA-448). */
static void gtx_piece(struct pkt *p, const struct gtx_slot *s, uint32_t len)
{
	if ((uint32_t)s->offset + len > XEN_PAGE) {
		spoil(p, STAT_GTX_DROP_BOUNDS);
		return;
	}
	if (len == 0)
		return;
	p->piece[p->pieces++] = (struct pkt_piece){ .gref = s->gref, .offset = s->offset,
						    .len = (uint16_t)len };
}

/* The slots after the first. False: the chain leaves the ring or the limit. */
static bool gtx_tail(struct gtx_back *ring, struct pkt *p, uint32_t *sum, unsigned int *data)
{
	struct gtx_slot s;

	do {
		if (!gtx_back_take(ring, &s))
			return false;
		p->slots++;
		*sum += s.size;
		if (++*data > PKT_SLOTS_FATAL)
			return false;
		gtx_piece(p, &s, s.size);
	} while (s.flags & NETTXF_more_data);
	return true;
}

enum pkt_verdict pkt_from_gtx(struct gtx_back *ring, struct pkt *p)
{
	unsigned int data = 1;
	struct gtx_slot first;
	uint32_t sum = 0;

	/* All but the pieces, which ->pieces guards. */
	memset(p, 0, offsetof(struct pkt, piece));
	p->cause = STAT_MAX;
	if (!gtx_back_take(ring, &first))
		return PKT_NONE;
	p->slots = 1;
	p->len = first.size;
	p->csum_blank = first.flags & NETTXF_csum_blank;
	p->csum_valid = first.flags & (NETTXF_csum_blank | NETTXF_data_validated);
	if ((first.flags & NETTXF_extra_info) && !gtx_extras(ring, p))
		return fault(p, "extra info without end");

	/* The first piece leads, but its size is known only at the end. */
	p->piece[0].gref = first.gref;
	p->pieces = 1;
	if ((first.flags & NETTXF_more_data) && !gtx_tail(ring, p, &sum, &data))
		return fault(p, data > PKT_SLOTS_FATAL ? "packet of too many slots" : "packet without end");
	if (p->mcast) {
		/* A dummy request (netif.h) that carries no packet besides. */
		if (data > 1 || p->gso_type)
			spoil(p, STAT_GTX_DROP_EXTRA);
		return p->cause == STAT_MAX ? PKT_MCAST : PKT_DROP;
	}
	if (data > PKT_SLOTS_MAX)
		spoil(p, STAT_GTX_DROP_SLOTS);
	if (p->len < PKT_LEN_MIN)
		spoil(p, STAT_GTX_DROP_SHORT);
	if (sum > p->len)
		spoil(p, STAT_GTX_DROP_LENGTH);
	else if (first.offset + (p->len - sum) > XEN_PAGE)
		spoil(p, STAT_GTX_DROP_BOUNDS);
	if (p->cause != STAT_MAX)
		return PKT_DROP;

	p->piece[0].offset = first.offset;
	p->piece[0].len = (uint16_t)(p->len - sum);
	if (p->piece[0].len == 0) {
		p->pieces--;
		memmove(&p->piece[0], &p->piece[1], p->pieces * sizeof(p->piece[0]));
	}
	return PKT_OK;
}

static bool grx_extras(struct grx_front *ring, struct pkt *p)
{
	struct netif_extra_info extra;

	do {
		if (!grx_front_take_extra(ring, &extra))
			return false;
		p->slots++;
		extra_apply(p, &extra, STAT_GRX_DROP_EXTRA, STAT_GRX_DROP_GSO);
	} while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return true;
}

static void grx_piece(struct pkt *p, const struct grx_slot *s)
{
	if (s->status < 0 || s->id != s->index) {
		spoil(p, STAT_GRX_DROP_PEER);
		return;
	}
	if ((uint32_t)s->offset + (uint32_t)s->status > XEN_PAGE) {
		spoil(p, STAT_GRX_DROP_BOUNDS);
		return;
	}
	if (p->pieces == PKT_SLOTS_MAX) {
		spoil(p, STAT_GRX_DROP_SLOTS);
		return;
	}
	if (s->status == 0)
		return;
	p->len += (uint32_t)s->status;
	p->piece[p->pieces++] = (struct pkt_piece){ .index = s->index, .offset = s->offset,
						    .len = (uint16_t)s->status };
}

enum pkt_verdict pkt_from_grx(struct grx_front *ring, struct pkt *p, uint16_t *first)
{
	struct grx_slot s;

	memset(p, 0, offsetof(struct pkt, piece));
	p->cause = STAT_MAX;
	if (!grx_front_take(ring, &s))
		return PKT_NONE;
	*first = s.index;
	p->slots = 1;
	p->csum_blank = s.flags & NETRXF_csum_blank;
	p->csum_valid = s.flags & (NETRXF_csum_blank | NETRXF_data_validated);
	grx_piece(p, &s);
	if ((s.flags & NETRXF_extra_info) && !grx_extras(ring, p))
		spoil(p, STAT_GRX_DROP_EXTRA);
	while (s.flags & NETRXF_more_data) {
		if (!grx_front_take(ring, &s)) {
			spoil(p, STAT_GRX_DROP_PEER);
			break;
		}
		p->slots++;
		grx_piece(p, &s);
	}
	if (p->len < PKT_LEN_MIN)
		spoil(p, STAT_GRX_DROP_SHORT);
	if (p->len > PKT_LEN_MAX)
		spoil(p, STAT_GRX_DROP_BOUNDS);
	return p->cause == STAT_MAX ? PKT_OK : PKT_DROP;
}

struct netif_extra_info pkt_gso_extra(uint8_t type, uint16_t size)
{
	struct netif_extra_info extra;

	memset(&extra, 0, sizeof(extra));
	extra.type = XEN_NETIF_EXTRA_TYPE_GSO;
	extra.u.gso.size = size;
	extra.u.gso.type = type;
	return extra;
}

unsigned int pkt_extras(const struct pkt *p)
{
	return (p->gso_type != XEN_NETIF_GSO_TYPE_NONE) + p->hashed + (p->headroom != 0);
}

uint32_t pkt_grx_part(const struct pkt *p)
{
	return XEN_PAGE - p->headroom;
}

unsigned int pkt_grx_slots(const struct pkt *p)
{
	return (p->len + pkt_grx_part(p) - 1) / pkt_grx_part(p) + pkt_extras(p);
}

static struct netif_extra_info hash_extra(const struct pkt *p)
{
	struct netif_extra_info extra;

	memset(&extra, 0, sizeof(extra));
	extra.type = XEN_NETIF_EXTRA_TYPE_HASH;
	extra.u.hash.type = p->hash_type;
	extra.u.hash.algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ;
	for (unsigned int i = 0; i < 4; i++)
		extra.u.hash.value[i] = (uint8_t)(p->hash_value >> 8 * i);
	return extra;
}

/* The tail of a chain is told by who is not followed by the next. */
static uint8_t more(bool follows)
{
	return follows ? XEN_NETIF_EXTRA_FLAG_MORE : 0;
}

static void reply_extras(struct grx_back *ring, const struct pkt *p)
{
	struct netif_extra_info extra;

	if (p->gso_type != XEN_NETIF_GSO_TYPE_NONE) {
		extra = pkt_gso_extra(p->gso_type, p->gso_size);
		extra.flags = more(p->hashed || p->headroom);
		grx_back_reply_extra(ring, &extra);
	}
	if (p->hashed) {
		extra = hash_extra(p);
		extra.flags = more(p->headroom);
		grx_back_reply_extra(ring, &extra);
	}
	if (p->headroom) {
		memset(&extra, 0, sizeof(extra));
		extra.type = PKT_EXTRA_XDP;
		extra.u.pad[0] = p->headroom;
		grx_back_reply_extra(ring, &extra);
	}
}

void pkt_to_grx(struct grx_back *ring, const struct pkt *p)
{
	uint16_t flags = 0;
	uint32_t left = p->len;

	if (p->csum_blank)
		flags |= NETRXF_csum_blank | NETRXF_data_validated;
	if (p->csum_valid)
		flags |= NETRXF_data_validated;
	if (pkt_extras(p))
		flags |= NETRXF_extra_info;
	do {
		uint32_t part = (uint32_t)min_size(left, pkt_grx_part(p));

		left -= part;
		/* Linux's netback tells offset 0 and counts the headroom as data; its
		 * netfront takes the extra's word for the first slot, so this is right too. */
		grx_back_reply(ring, p->headroom, (uint16_t)(flags | (left ? NETRXF_more_data : 0)), (int16_t)part);
		if (flags & NETRXF_extra_info)
			reply_extras(ring, p);
		flags = 0;	/* of the first slot only */
	} while (left);
}

void pkt_to_gtx(struct gtx_front *ring, const struct pkt *p, const uint16_t *ids)
{
	struct netif_extra_info extra;
	uint16_t flags = 0;

	if (p->csum_blank)
		flags |= NETTXF_csum_blank | NETTXF_data_validated;
	if (p->csum_valid)
		flags |= NETTXF_data_validated;
	if (p->gso_type != XEN_NETIF_GSO_TYPE_NONE)
		flags |= NETTXF_extra_info;
	for (unsigned int i = 0; i < p->pieces; i++) {
		const struct pkt_piece *piece = &p->piece[i];
		struct gtx_slot slot = {
			.gref = piece->gref, .offset = piece->offset, .id = ids[i],
			.flags = (uint16_t)(flags | (i + 1u < p->pieces ? NETTXF_more_data : 0)),
			/* netif.h: the first slot tells of the whole packet. */
			.size = (uint16_t)(i == 0 ? p->len : piece->len),
		};

		gtx_front_post(ring, &slot);
		if (flags & NETTXF_extra_info) {
			extra = pkt_gso_extra(p->gso_type, p->gso_size);
			gtx_front_post_extra(ring, &extra);
		}
		flags = 0;
	}
}

void pkt_mcast_to_gtx(struct gtx_front *ring, uint16_t id, struct gref gref, uint8_t type, const uint8_t *addr)
{
	/* Size 0: nothing is to be sent. */
	struct gtx_slot slot = { .gref = gref, .id = id, .flags = NETTXF_extra_info };
	struct netif_extra_info extra;

	memset(&extra, 0, sizeof(extra));
	extra.type = type;
	memcpy(extra.u.mcast.addr, addr, sizeof(extra.u.mcast.addr));
	gtx_front_post(ring, &slot);
	gtx_front_post_extra(ring, &extra);
}
