/* SPDX-License-Identifier: MIT */
/* pkt.c - ring slots to checked packets and back
 *
 * Theory of operation. On gtx the first slot has the size of the whole packet; its
 * own part is that size less the sizes of the others. On grx each response has the
 * size of its own part. On both rings extras follow the first slot, each in a slot
 * of its own. A data slot's more_data flag says whether another data slot follows,
 * after the extras.
 *
 * A packet is walked to its end before it is classified. So a drop consumes all of
 * its slots, and the next packet starts at the right slot. The first broken rule
 * is the reason of the drop.
 */
#include <string.h>

#include "pkt.h"

static enum pkt_verdict pkt_fault(struct pkt *p, const char *why)
{
	p->why = why;
	return PKT_FAULT;
}

/* Makes the packet a drop; the first reason stays. */
static void pkt_set_drop(struct pkt *p, enum drop reason)
{
	if (p->drop == DROP_NONE)
		p->drop = reason;
}

static void pkt_gso_apply(struct pkt *p, const struct netif_extra_info *extra)
{
	if (extra->u.gso.size < PKT_GSO_SIZE_MIN || extra->u.gso.features != 0 ||
	    (extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 && extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6)) {
		pkt_set_drop(p, DROP_GSO);
		return;
	}
	p->gso_type = extra->u.gso.type;
	p->gso_size = extra->u.gso.size;
}

/* Sets the hash. In netif.h the value's least significant octet comes first. */
static void pkt_hash_apply(struct pkt *p, const struct netif_extra_info *extra)
{
	const uint8_t *v = extra->u.hash.value;

	p->hashed = true;
	p->hash_type = extra->u.hash.type;
	p->hash_algorithm = extra->u.hash.algorithm;
	p->hash_value = (uint32_t)v[3] << 24 | (uint32_t)v[2] << 16 | (uint32_t)v[1] << 8 | v[0];
}

/* Applies an extra that is legal on both rings. */
static void pkt_extra_apply(struct pkt *p, const struct netif_extra_info *extra)
{
	if (extra->flags & ~XEN_NETIF_EXTRA_FLAG_MORE)
		pkt_set_drop(p, DROP_EXTRA);
	else if (extra->type == XEN_NETIF_EXTRA_TYPE_GSO && !p->header)
		pkt_gso_apply(p, extra);
	else if (extra->type == XEN_NETIF_EXTRA_TYPE_HASH)
		pkt_hash_apply(p, extra);
	else
		pkt_set_drop(p, DROP_EXTRA);
}

/* Applies a change of the multicast list. A second one in a request is a drop, as
 * netif.h does not define it. */
static void pkt_mcast_apply(struct pkt *p, const struct netif_extra_info *extra)
{
	if (p->mcast || (extra->flags & ~XEN_NETIF_EXTRA_FLAG_MORE)) {
		pkt_set_drop(p, DROP_EXTRA);
		return;
	}
	p->mcast = extra->type;
	memcpy(p->addr, extra->u.mcast.addr, sizeof(p->addr));
}

static bool pkt_is_mcast(const struct netif_extra_info *extra)
{
	return extra->type == XEN_NETIF_EXTRA_TYPE_MCAST_ADD || extra->type == XEN_NETIF_EXTRA_TYPE_MCAST_DEL;
}

static bool pkt_gtx_extras(struct gtx_back *ring, struct pkt *p)
{
	struct netif_extra_info extra;

	do {
		if (!gtx_back_take_extra(ring, &extra))
			return false;
		p->slots++;
		if (pkt_is_mcast(&extra))
			pkt_mcast_apply(p, &extra);
		else
			pkt_extra_apply(p, &extra);
	} while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return true;
}

/* Adds a slot's bytes; an empty slot is legal and skipped (XSA-448). */
static void pkt_gtx_piece(struct pkt *p, const struct gtx_slot *s, uint32_t len)
{
	if ((uint32_t)s->offset + len > XEN_PAGE) {
		pkt_set_drop(p, DROP_BOUNDS);
		return;
	}
	if (len == 0)
		return;
	p->piece[p->pieces++] = (struct pkt_piece){ .gref = s->gref, .offset = s->offset,
						    .len = (uint16_t)len };
}

/* Takes the slots after the first. Returns false if the chain exceeds the snapshot or
 * PKT_SLOTS_FATAL. */
static bool pkt_gtx_tail(struct gtx_back *ring, struct pkt *p, uint32_t *sum, unsigned int *data)
{
	struct gtx_slot s;

	do {
		if (!gtx_back_take(ring, &s))
			return false;
		p->slots++;
		*sum += s.size;
		if (++*data > PKT_SLOTS_FATAL)
			return false;
		pkt_gtx_piece(p, &s, s.size);
	} while (s.flags & NETTXF_more_data);
	return true;
}

/* Sets what the flags of the first slot say of checksums; with a header they must say nothing. */
static void pkt_csum_apply(struct pkt *p, bool blank, bool valid)
{
	if (p->header && (blank || valid))
		pkt_set_drop(p, DROP_HEADER);
	p->csum_blank = blank;
	p->csum_valid = blank || valid;
}

/* Fills in the first piece, which may be empty. A header lies before it in the same page. */
static void pkt_gtx_first_piece(struct pkt *p, uint16_t offset, uint32_t len)
{
	uint16_t before = p->header ? VNET_HDR_LEN : 0;

	len += before;
	p->piece[0].offset = (uint16_t)(offset - before);
	p->piece[0].len = (uint16_t)len;
	if (len == 0) {
		p->pieces--;
		memmove(&p->piece[0], &p->piece[1], p->pieces * sizeof(p->piece[0]));
	}
}

/* Finds out whether a packet of data slots, the first of which is *first and the others sum bytes, is one
 * to deliver, and fills in its first piece. */
static void pkt_gtx_finish(struct pkt *p, const struct gtx_slot *first, uint32_t sum, unsigned int data)
{
	if (p->header && first->offset < VNET_HDR_LEN)
		pkt_set_drop(p, DROP_HEADER);
	if (data > PKT_SLOTS_MAX)
		pkt_set_drop(p, DROP_SLOTS);
	if (p->len < PKT_LEN_MIN)
		pkt_set_drop(p, DROP_SHORT);
	if (sum > p->len)
		pkt_set_drop(p, DROP_LENGTH);
	else if (first->offset + (p->len - sum) > XEN_PAGE)
		pkt_set_drop(p, DROP_BOUNDS);
	if (p->drop == DROP_NONE)
		pkt_gtx_first_piece(p, first->offset, p->len - sum);
}

enum pkt_verdict pkt_from_gtx(struct gtx_back *ring, enum pkt_layout layout, struct pkt *p)
{
	unsigned int data = 1;
	struct gtx_slot first;
	uint32_t sum = 0;

	/* The pieces need no clearing: only ->pieces of them are read. */
	memset(p, 0, offsetof(struct pkt, piece));
	if (!gtx_back_take(ring, &first))
		return PKT_NONE;
	p->slots = 1;
	p->len = first.size;
	p->header = layout == PKT_HEADED;
	pkt_csum_apply(p, first.flags & NETTXF_csum_blank, first.flags & NETTXF_data_validated);
	if ((first.flags & NETTXF_extra_info) && !pkt_gtx_extras(ring, p))
		return pkt_fault(p, "extra info without end");

	/* Reserve the first piece; its size is known only at the end. */
	p->piece[0].gref = first.gref;
	p->pieces = 1;
	if ((first.flags & NETTXF_more_data) && !pkt_gtx_tail(ring, p, &sum, &data))
		return pkt_fault(p, data > PKT_SLOTS_FATAL ? "packet of too many slots" : "packet without end");
	if (p->mcast) {
		/* netif.h: such a request is a dummy, which carries no packet. */
		if (data > 1 || p->gso_type)
			pkt_set_drop(p, DROP_EXTRA);
		return PKT_TAKEN;
	}
	pkt_gtx_finish(p, &first, sum, data);
	return PKT_TAKEN;
}

static bool pkt_grx_extras(struct grx_front *ring, struct pkt *p)
{
	struct netif_extra_info extra;

	do {
		if (!grx_front_take_extra(ring, &extra))
			return false;
		p->slots++;
		pkt_extra_apply(p, &extra);
	} while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return true;
}

/* Adds a slot's bytes, and as many before them. */
static void pkt_grx_piece(struct pkt *p, const struct grx_slot *s, uint16_t before)
{
	if (s->status < 0 || s->id != s->index) {
		pkt_set_drop(p, DROP_PEER);
		return;
	}
	if (s->offset < before) {
		pkt_set_drop(p, DROP_HEADER);
		return;
	}
	if ((uint32_t)s->offset + (uint32_t)s->status > XEN_PAGE) {
		pkt_set_drop(p, DROP_BOUNDS);
		return;
	}
	if (p->pieces == PKT_SLOTS_MAX) {
		pkt_set_drop(p, DROP_SLOTS);
		return;
	}
	if (s->status + before == 0)
		return;
	p->len += (uint32_t)s->status;
	p->piece[p->pieces++] = (struct pkt_piece){ .index = s->index, .offset = (uint16_t)(s->offset - before),
						    .len = (uint16_t)(s->status + before) };
}

enum pkt_verdict pkt_from_grx(struct grx_front *ring, enum pkt_layout layout, struct pkt *p, uint16_t *first)
{
	struct grx_slot s;

	memset(p, 0, offsetof(struct pkt, piece));
	if (!grx_front_take(ring, &s))
		return PKT_NONE;
	*first = s.index;
	p->slots = 1;
	p->header = layout == PKT_HEADED;
	pkt_csum_apply(p, s.flags & NETRXF_csum_blank, s.flags & NETRXF_data_validated);
	pkt_grx_piece(p, &s, p->header ? VNET_HDR_LEN : 0);
	if ((s.flags & NETRXF_extra_info) && !pkt_grx_extras(ring, p))
		pkt_set_drop(p, DROP_EXTRA);
	while (s.flags & NETRXF_more_data) {
		if (!grx_front_take(ring, &s)) {
			pkt_set_drop(p, DROP_PEER);
			break;
		}
		p->slots++;
		pkt_grx_piece(p, &s, 0);
	}
	if (p->len < PKT_LEN_MIN)
		pkt_set_drop(p, DROP_SHORT);
	if (p->len > PKT_LEN_MAX)
		pkt_set_drop(p, DROP_BOUNDS);
	return PKT_TAKEN;
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

static struct netif_extra_info pkt_hash_extra(const struct pkt *p)
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

/* Returns an extra's flags. The last extra of a chain clears XEN_NETIF_EXTRA_FLAG_MORE. */
static uint8_t pkt_more(bool follows)
{
	return follows ? XEN_NETIF_EXTRA_FLAG_MORE : 0;
}

static void pkt_reply_extras(struct grx_back *ring, const struct pkt *p)
{
	struct netif_extra_info extra;

	if (p->gso_type != XEN_NETIF_GSO_TYPE_NONE) {
		extra = pkt_gso_extra(p->gso_type, p->gso_size);
		extra.flags = pkt_more(p->hashed || p->headroom);
		grx_back_reply_extra(ring, &extra);
	}
	if (p->hashed) {
		extra = pkt_hash_extra(p);
		extra.flags = pkt_more(p->headroom);
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
	uint16_t flags = 0, offset = pkt_first(p);
	uint32_t left = p->len;

	if (p->csum_blank)
		flags |= NETRXF_csum_blank | NETRXF_data_validated;
	if (p->csum_valid)
		flags |= NETRXF_data_validated;
	if (pkt_extras(p))
		flags |= NETRXF_extra_info;
	do {
		uint32_t part = (uint32_t)min_size(left, XEN_PAGE - offset);

		left -= part;
		/* Linux's netback sends offset 0 and counts the headroom as data. Its
		 * netfront uses the extra for the first slot, so this works too. */
		grx_back_reply(ring, offset, (uint16_t)(flags | (left ? NETRXF_more_data : 0)), (int16_t)part);
		if (flags & NETRXF_extra_info)
			pkt_reply_extras(ring, p);
		flags = 0;	/* only the first slot has them, and a header */
		offset = p->headroom;
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
			/* netif.h: the first slot has the size of the whole packet. */
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
	/* Size 0: there is no frame to send. */
	struct gtx_slot slot = { .gref = gref, .id = id, .flags = NETTXF_extra_info };
	struct netif_extra_info extra;

	memset(&extra, 0, sizeof(extra));
	extra.type = type;
	memcpy(extra.u.mcast.addr, addr, sizeof(extra.u.mcast.addr));
	gtx_front_post(ring, &slot);
	gtx_front_post_extra(ring, &extra);
}
