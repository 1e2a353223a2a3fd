/* SPDX-License-Identifier: MIT */
/* fuzz-grx.c - any answers of a hostile backend on a guest receive ring, which the frontend turns into
 * packets
 *
 * Input: the number of requests made before (4 bytes), the number of answers (1), then the answers, 8
 * bytes each. If the lowest bit of the last byte is set, the ids are made right: with wrong ids every
 * packet is refused at once. If bit 1 of it is set, packets have an offload header.
 */
#include "common/wire/pkt.h"
#include "fuzz.h"

static void check_pkt(const struct pkt *p, uint16_t first)
{
	uint32_t sum = 0;

	PROMISE(p->pieces >= 1 && p->pieces <= PKT_SLOTS_MAX && p->slots >= p->pieces);
	for (unsigned int i = 0; i < p->pieces; i++) {
		PROMISE(p->piece[i].len > 0);
		PROMISE((uint32_t)p->piece[i].offset + p->piece[i].len <= XEN_PAGE);
		/* Each piece is in a buffer that the caller owns again, each buffer once and in order. */
		PROMISE((uint8_t)(p->piece[i].index - first) < p->slots || p->slots == RING_SLOTS);
		if (i)
			PROMISE((uint8_t)(p->piece[i].index - first) > (uint8_t)(p->piece[i - 1].index - first));
		sum += p->piece[i].len;
	}
	if (p->header) {
		PROMISE(p->piece[0].len >= VNET_HDR_LEN && !p->csum_valid && !p->gso_type);
		sum -= VNET_HDR_LEN;
	}
	PROMISE(sum == p->len && p->len >= PKT_LEN_MIN && p->len <= PKT_LEN_MAX);
	PROMISE((p->gso_type != XEN_NETIF_GSO_TYPE_NONE) == (p->gso_size >= PKT_GSO_SIZE_MIN));
	PROMISE(p->gso_size == 0 || p->gso_size >= PKT_GSO_SIZE_MIN);
	PROMISE(pkt_segments(p) <= 65535u / PKT_GSO_SIZE_MIN + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(XEN_PAGE) uint8_t page[XEN_PAGE];
	bool right_ids = size && data[size - 1] & 1;
	enum pkt_layout layout = size && data[size - 1] & 2 ? PKT_HEADED : PKT_PLAIN;
	uint32_t start = eat32(&data, &size), prod;
	unsigned int answered = eat8(&data, &size) + 1u, taken = 0;
	enum pkt_verdict v = PKT_TAKEN;
	struct grx_front f;

	memset(page, 0, sizeof(page));
	grx_front_init(&f, page);
	f.r.req_pvt = f.r.req_pub = f.r.rsp_cons = f.r.rsp_snap = start;
	for (unsigned int i = 0; i < RING_SLOTS; i++)
		PROMISE(grx_front_post(&f, gref_of(i)) == (start + i) % RING_SLOTS);
	(void)!grx_front_push(&f);
	for (unsigned int i = 0; i < answered && size; i++) {
		uint8_t *slot = page + 64 + (start + i) % RING_SLOTS * 8;
		uint16_t id = (uint16_t)((start + i) % RING_SLOTS);

		eat(slot, 8, &data, &size);
		if (right_ids)
			memcpy(slot, &id, sizeof(id));
	}
	prod = start + answered;
	memcpy(page + 8, &prod, sizeof(prod));
	PROMISE(grx_front_begin(&f) == (int)answered);
	while (v != PKT_NONE) {
		uint32_t before = f.r.rsp_cons;
		uint16_t first = 0xffff;
		struct pkt p;

		memset(&p, 0xa5, sizeof(p));
		v = pkt_from_grx(&f, layout, &p, &first);
		if (v == PKT_NONE)
			break;
		PROMISE(v == PKT_TAKEN && !p.mcast);
		PROMISE(first == before % RING_SLOTS && p.slots > 0 && f.r.rsp_cons - before == p.slots);
		taken += p.slots;
		if (pkt_has_frame(&p))
			check_pkt(&p, first);
		else
			PROMISE(p.drop != DROP_NONE && p.drop <= DROP_PEER);
	}
	PROMISE(taken == answered);
	return 0;
}
