/* SPDX-License-Identifier: MIT */
/* fuzz-pkt.c - turns any slots of a guest transmit ring into packets, with the real ring code
 *
 * Input: the ring's index (4 bytes), the number of published slots (1), then the slots, 12 bytes each. If
 * bit 1 of the last byte is set, packets have an offload header.
 * Every packet is taken and answered, and checked against what pkt.h says of a struct pkt.
 */
#include "common/wire/pkt.h"
#include "fuzz.h"

/* Checks what must hold of every packet. */
static void check_pkt(const struct pkt *p)
{
	uint32_t sum = 0;

	PROMISE(p->pieces >= 1 && p->pieces <= PKT_SLOTS_MAX);
	PROMISE(p->slots >= p->pieces && p->slots <= RING_SLOTS);
	for (unsigned int i = 0; i < p->pieces; i++) {
		PROMISE(p->piece[i].len > 0);
		PROMISE((uint32_t)p->piece[i].offset + p->piece[i].len <= XEN_PAGE);
		sum += p->piece[i].len;
	}
	if (p->header) {
		PROMISE(p->piece[0].len >= VNET_HDR_LEN && !p->csum_valid && !p->gso_type);
		sum -= VNET_HDR_LEN;
	}
	PROMISE(sum == p->len && p->len >= PKT_LEN_MIN && p->len <= PKT_LEN_MAX);
	PROMISE(!p->csum_blank || p->csum_valid);
	PROMISE(p->gso_type <= XEN_NETIF_GSO_TYPE_TCPV6);
	PROMISE((p->gso_type != XEN_NETIF_GSO_TYPE_NONE) == (p->gso_size >= PKT_GSO_SIZE_MIN));
	PROMISE(p->gso_size == 0 || p->gso_size >= PKT_GSO_SIZE_MIN);
	PROMISE(pkt_segments(p) <= 65535u / PKT_GSO_SIZE_MIN + 1);
}

/* Answers every slot that was taken, and checks that each has its own id, or is NULL. */
static void answer(struct gtx_back *b, uint8_t *page, unsigned int n)
{
	uint32_t at = b->r.rsp_pvt;

	gtx_back_reply(b, n, NETIF_RSP_ERROR);
	PROMISE(b->r.rsp_pvt == at + n);
	for (unsigned int i = 0; i < n; i++) {
		struct netif_tx_response rsp;

		memcpy(&rsp, page + 64 + (at + i) % RING_SLOTS * 12, sizeof(rsp));
		PROMISE(rsp.id == b->id[(at + i) % RING_SLOTS]);
		PROMISE(rsp.status == (b->extra[(at + i) % RING_SLOTS] ? NETIF_RSP_NULL : NETIF_RSP_ERROR));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(XEN_PAGE) uint8_t page[XEN_PAGE];
	enum pkt_layout layout = size && data[size - 1] & 2 ? PKT_HEADED : PKT_PLAIN;
	uint32_t start = eat32(&data, &size), words[4];
	unsigned int published = eat8(&data, &size) + 1u, taken = 0;
	enum pkt_verdict v = PKT_TAKEN;
	struct gtx_back b;

	memset(page, 0, sizeof(page));
	for (unsigned int i = 0; i < published && size; i++)
		eat(page + 64 + (start + i) % RING_SLOTS * 12, 12, &data, &size);
	words[0] = start + published;
	words[1] = words[3] = start + 1;
	words[2] = start;
	memcpy(page, words, sizeof(words));
	PROMISE(gtx_back_attach(&b, page) == 0);
	PROMISE(gtx_back_begin(&b) == (int)published);
	while (v != PKT_NONE && v != PKT_FAULT) {
		struct pkt p;
		uint32_t before = b.r.req_cons;

		memset(&p, 0xa5, sizeof(p));
		v = pkt_from_gtx(&b, layout, &p);
		if (v == PKT_NONE) {
			PROMISE(taken == published);
			break;
		}
		PROMISE(b.r.req_cons - before == p.slots && p.slots > 0);
		taken += p.slots;
		if (v == PKT_FAULT)
			PROMISE(p.why != NULL);
		else if (pkt_has_frame(&p))
			check_pkt(&p);
		else if (p.drop != DROP_NONE)
			PROMISE(p.drop >= DROP_SHORT && (p.drop <= DROP_GSO || (p.drop == DROP_HEADER && layout == PKT_HEADED)));
		else
			PROMISE(p.slots >= 2 && (p.mcast == 2 || p.mcast == 3));
		answer(&b, page, p.slots);
	}
	PROMISE(taken <= published);
	(void)!gtx_back_push(&b);
	return 0;
}
