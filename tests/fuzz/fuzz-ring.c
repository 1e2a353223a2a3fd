/* SPDX-License-Identifier: MIT */
/* fuzz-ring.c - the four ring ends against a hostile peer, which writes any index and event at any time
 *
 * Input: one command a byte; its low three bits say what, the others how much. Some commands take four
 * bytes more. After -EPROTO the ring cannot be used any more, and the end is attached anew.
 */
#include <errno.h>

#include "common/wire/pkt.h"
#include "fuzz.h"

static _Alignas(XEN_PAGE) uint8_t page[XEN_PAGE];

static void write_word(unsigned int word, uint32_t v)
{
	memcpy(page + 4 * (size_t)word, &v, 4);
}

static uint32_t read_word(unsigned int word)
{
	uint32_t v;

	memcpy(&v, page + 4 * (size_t)word, 4);
	return v;
}

/* Checks what must hold of a backend's end, whatever its peer does. */
static void check_back(const struct ring_back *r)
{
	PROMISE(r->req_snap - r->req_cons <= RING_SLOTS);
	PROMISE(r->req_cons - r->rsp_pvt <= RING_SLOTS);
	PROMISE(r->req_snap - r->rsp_pvt <= RING_SLOTS);
	PROMISE(r->rsp_pvt - r->rsp_pub <= RING_SLOTS);
}

static void check_front(const struct ring_front *r)
{
	PROMISE(r->req_pvt - r->rsp_cons <= RING_SLOTS);
	PROMISE(r->rsp_snap - r->rsp_cons <= r->req_pub - r->rsp_cons);
}

static void back_session(const uint8_t *data, size_t size)
{
	struct gtx_back b;

	if (gtx_back_attach(&b, page) < 0)
		return;
	while (size) {
		uint8_t c = eat8(&data, &size);
		unsigned int n = c >> 3;
		uint32_t before = b.r.rsp_pub;

		switch (c & 7) {
		case 0: write_word(0, read_word(0) + n); break;
		case 1: write_word(0, eat32(&data, &size)); break;
		case 2: write_word(3, before + n - 8); break;
		case 3: eat(page + 64 + n * 96u, 96, &data, &size); break;
		case 4:
			if (gtx_back_begin(&b) < 0) {
				write_word(0, b.r.req_cons);
				write_word(2, b.r.rsp_pub);
				if (gtx_back_attach(&b, page) < 0)
					return;
			}
			break;
		case 5: {
			struct pkt p;

			(void)!pkt_from_gtx(&b, PKT_PLAIN, &p);
			break;
		}
		case 6:
			gtx_back_reply(&b, (unsigned int)min_size(n, b.r.req_cons - b.r.rsp_pvt), NETIF_RSP_OKAY);
			break;
		case 7: {
			uint32_t event = read_word(3), staged = b.r.rsp_pvt - before;
			bool want = event - before - 1 < staged;	/* event in (before, before + staged] */

			PROMISE(gtx_back_push(&b) == want);
			PROMISE(read_word(2) == b.r.rsp_pub && b.r.rsp_pub == b.r.rsp_pvt);
			if (n & 1)
				(void)!gtx_back_rearm(&b);
			break;
		}
		}
		check_back(&b.r);
	}
}

static void front_session(const uint8_t *data, size_t size)
{
	unsigned int pending = 0;
	struct gtx_front f;

	gtx_front_init(&f, page);
	while (size) {
		uint8_t c = eat8(&data, &size);
		unsigned int n = c >> 3;

		switch (c & 7) {
		case 0: write_word(2, read_word(2) + n); break;
		case 1: write_word(2, eat32(&data, &size)); break;
		case 2: eat(page + 64 + n * 96u, 96, &data, &size); break;
		case 3: {
			struct gtx_slot s = { .id = (uint16_t)(n * 8), .size = 60 };

			for (; s.id < RING_SLOTS && f.pending[s.id]; s.id++)
				;
			if (gtx_front_free(&f) && s.id < RING_SLOTS) {
				gtx_front_post(&f, &s);
				pending++;
			}
			break;
		}
		case 4: {
			struct netif_extra_info e = { .type = n & 7 };

			if (gtx_front_free(&f))
				gtx_front_post_extra(&f, &e);
			break;
		}
		case 5: (void)!gtx_front_push(&f); break;
		case 6:
			if (gtx_front_begin(&f) < 0)
				return;	/* the ring cannot be used, so the connection ends */
			break;
		case 7: {
			uint16_t id = 0xffff;
			int16_t status;
			int got = gtx_front_take(&f, &id, &status);

			PROMISE(got == 1 || got == 0 || got == -EPROTO);
			if (got < 0)
				return;
			if (got) {
				PROMISE(id < RING_SLOTS && !f.pending[id] && pending > 0);
				pending--;
			}
			break;
		}
		}
		check_front(&f.r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t how = eat8(&data, &size);
	uint32_t start = eat32(&data, &size);

	memset(page, 0, sizeof(page));
	if (how & 1) {
		front_session(data, size);
		return 0;
	}
	write_word(0, start);
	write_word(2, start);
	back_session(data, size);
	return 0;
}
