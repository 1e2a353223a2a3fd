/* SPDX-License-Identifier: MIT */
/* cases-tx.c - bad packets from a guest: groups 5, 6, 7, 8, 11, 12, 13, 14 */
#include <string.h>

#include "front.h"

static void good_bad_good(struct front *f)
{
	static const struct slot bad[] = { D(60, 4090, 0), { .kind = SLOT_END } };

	good_put(f);
	chain_put(f, bad);
	good_put(f);
	gtx_push(f);
}

/* Sends n packets of one slot, all with the same id. */
static void same_id(struct front *f)
{
	for (int i = 0; i < 16; i++)
		slot_put(f, f->data_ref[1], 0, 0, 0xfff7, 60);
	gtx_push(f);
}

static void full_of_bad_refs(struct front *f)
{
	for (uint16_t i = 0; i < SLOTS; i++)
		slot_put(f, (uint32_t)i * 77777u + 40000u, 0, 0, i, 60);
	gtx_push(f);
	gtx_check(f, NETIF_RSP_ERROR);
}

/* Takes grants back while the backend may be copying from them. */
static void revoke_in_flight(struct front *f)
{
	for (uint16_t i = 0; i < 200; i++) {
		uint32_t ref;
		void *page = xengntshr_share_pages(f->shr, f->back, 1, &ref, 0);

		if (!page) {
			trouble(&f->t, "no page left to grant");
			return;
		}
		if (f->g.req - f->gtx->rsp_prod < SLOTS)
			slot_put(f, ref, 0, 0, i, 1500);
		gtx_push(f);
		xengntshr_unshare(f->shr, page, 1);
	}
}

/* The backend has the page mapped and may read it; then the ring starts anew in another page. */
static void ring_taken_back(struct front *f)
{
	probe(f);
	if (!front_new_gtx_page(f))
		trouble(&f->t, "no page left to grant");
	xenevtchn_notify(f->evt, f->port);
	front_disconnect(f, false);
	if (front_connect(f))
		probe(f);
}

static void mcast_adds(struct front *f, uint8_t from, uint8_t to)
{
	for (uint8_t i = from; i < to; i++) {
		const uint8_t add[8] = { XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 0, 0x01, 0, 0x5e, 0, 0, i };

		slot_put(f, f->data_ref[0], 0, EXTRA, i, 60);
		extra_put(f, add);
	}
	gtx_push(f);
}

/* netback's list has room for 64. */
static void mcast_flood(struct front *f)
{
	mcast_adds(f, 0, 64);
	gtx_check(f, NETIF_RSP_OKAY);
	mcast_adds(f, 64, 70);
}

static const struct fcase cases[] = {
	{ 5, "size 0", V_DROP, "gtx_drop_short=1", CHAIN(D(0, 0, 0)) },
	{ 5, "size 1", V_DROP, "gtx_drop_short=1", CHAIN(D(1, 0, 0)) },
	{ 5, "size 13", V_DROP, "gtx_drop_short=1", CHAIN(D(13, 0, 0)) },
	{ 5, "size 14", V_PASS, .ok = 1, CHAIN(D(14, 0, 0)) },
	{ 5, "size 13 in two slots", V_DROP, "gtx_drop_short=1", CHAIN(D(13, 0, MORE), D(6, 0, 0)) },
	{ 5, "size 65535 in one slot", V_DROP, "gtx_drop_bounds=1", CHAIN(D(65535, 0, 0)) },
	{ 5, "size 65535 in 16 slots", V_PASS, .ok = 1, CHAIN(D(65535, 0, MORE), DN(14, 4096, 0, 0, MORE), D(4096, 0, 0)) },
	{ 5, "first slot's part 0", V_PASS, .ok = 1, CHAIN(D(100, 0, MORE), D(100, 0, 0)) },
	{ 5, "first slot's part negative", V_DROP, "gtx_drop_length=1", CHAIN(D(50, 0, MORE), D(60, 0, 0)) },
	{ 5, "sum of the rest wraps 16 bits", V_DROP, "gtx_drop_length=1", CHAIN(D(4000, 0, MORE), DN(15, 4096, 0, 0, MORE), D(4096, 0, 0)) },
	{ 5, "sum of the rest wraps to less", V_DROP, "gtx_drop_length=1", CHAIN(D(5000, 0, MORE), DN(16, 4096, 0, 0, MORE), D(100, 0, 0)) },
	{ 5, "bad one between two good ones", V_PASS, "gtx_drop_bounds=1", .run = good_bad_good, .raced = true, .telling = true },

	{ 6, "offset + size 4096", V_PASS, .ok = 1, CHAIN(D(60, 4036, 0)) },
	{ 6, "offset + size 4097", V_DROP, "gtx_drop_bounds=1", CHAIN(D(60, 4037, 0)) },
	{ 6, "offset 65535, size 65535", V_DROP, "gtx_drop_bounds=1", CHAIN(D(65535, 65535, 0)) },
	{ 6, "offset 65535, size 60", V_DROP, "gtx_drop_bounds=1", CHAIN(D(60, 65535, 0)) },
	{ 6, "offset 4096", V_DROP, "gtx_drop_bounds=1", CHAIN(D(60, 4096, 0)) },
	{ 6, "second slot leaves its page", V_DROP, "gtx_drop_bounds=1", CHAIN(D(160, 0, MORE), D(60, 4037, 0)) },
	{ 6, "second slot wraps 16 bits", V_DROP, "gtx_drop_bounds=1", CHAIN(D(65535, 0, MORE), D(2, 65535, 0)) },
	{ 6, "empty first slot beyond its page", V_DROP, "gtx_drop_bounds=1", CHAIN(D(60, 4097, MORE), D(60, 0, 0)) },
	{ 6, "empty slot at 65535", V_DROP, "gtx_drop_bounds=1", CHAIN(D(60, 0, MORE), D(0, 65535, 0)) },
	{ 6, "empty middle slot", V_PASS, .ok = 1, CHAIN(D(160, 0, MORE), D(0, 0, MORE), D(60, 0, 0)) },
	{ 6, "empty last slot", V_PASS, .ok = 1, CHAIN(D(160, 0, MORE), D(60, 0, MORE), D(0, 4096, 0)) },
	{ 6, "all slots empty but the first", V_PASS, .ok = 1, CHAIN(D(60, 0, MORE), DN(16, 0, 0, 0, MORE), D(0, 0, 0)) },
	{ 6, "all slots empty, the first too", V_DROP, "gtx_drop_short=1", CHAIN(D(0, 0, MORE), DN(16, 0, 0, 0, MORE), D(0, 0, 0)) },

	{ 7, "18 slots", V_PASS, .ok = 1, CHAIN(D(1800, 0, MORE), DN(16, 100, 0, 100, MORE), D(100, 0, 0)) },
	{ 7, "19 slots", V_DROP, "gtx_drop_slots=1", CHAIN(D(1900, 0, MORE), DN(17, 100, 0, 100, MORE), D(100, 0, 0)) },
	{ 7, "20 slots", V_DROP, "gtx_drop_slots=1", CHAIN(D(2000, 0, MORE), DN(18, 100, 0, 100, MORE), D(100, 0, 0)) },
	{ 7, "21 slots", V_FAULT, "packet of too many slots", CHAIN(D(2100, 0, MORE), DN(19, 100, 0, 100, MORE), D(100, 0, 0)) },
	{ 7, "256 slots", V_FAULT, "packet of too many slots", CHAIN(DN(255, 100, 0, 0, MORE), D(100, 0, 0)) },
	{ 7, "more_data on the last slot there is", V_FAULT, "packet without end", CHAIN(D(60, 0, MORE)), .telling = true },
	{ 7, "more_data for ever", V_FAULT, "packet of too many slots", CHAIN(DN(256, 100, 0, 0, MORE)) },
	{ 7, "more_data after a good packet", V_FAULT, "packet without end", .ok = 1, CHAIN(D(60, 0, 0), D(60, 0, MORE)) },
	{ 7, "20 slots, more_data on the last", V_FAULT, "packet without end", CHAIN(DN(20, 100, 0, 0, MORE)) },

	{ 8, "extra_info without an extra", V_FAULT, "extra info without end", CHAIN(D(60, 0, EXTRA)) },
	{ 8, "a data slot where the extra should be", V_PASS, "gtx_drop_extra=1", .raced = true, CHAIN(D(60, 0, EXTRA), DREF(REF_ZERO, 60, 0)) },
	{ 8, "extras to the end of the ring", V_FAULT, "extra info without end", CHAIN(D(60, 0, EXTRA), XN(255, 1, 1, 100, 0, 1)) },
	{ 8, "254 extras, then an end", V_DROP, "gtx_drop_extra=1", CHAIN(D(60, 0, EXTRA), XN(254, 5, 1), X(5, 0)) },
	{ 8, "extra type 0", V_DROP, "gtx_drop_extra=1", CHAIN(D(60, 0, EXTRA), X(0, 0)) },
	{ 8, "extra type 5", V_DROP, "gtx_drop_extra=1", CHAIN(D(60, 0, EXTRA), X(5, 0, 0, 1)) },
	{ 8, "extra type 6", V_DROP, "gtx_drop_extra=1", CHAIN(D(60, 0, EXTRA), X(6, 0)) },
	{ 8, "extra type 255", V_DROP, "gtx_drop_extra=1", CHAIN(D(60, 0, EXTRA), X(255, 0)), .telling = true },
	{ 8, "hash", V_PASS, .ok = 1, CHAIN(D(60, 0, EXTRA), X(4, 0, 0, 1, 1, 2, 3, 4)) },
	{ 8, "unknown flag in an extra", V_DROP, "gtx_drop_extra=1", CHAIN(D(60, 0, EXTRA), X(1, 0x80, 100, 0, 1)) },
	{ 8, "every flag in an extra", V_FAULT, "extra info without end", CHAIN(D(60, 0, EXTRA), X(1, 0xff, 100, 0, 1)) },
	{ 8, "mcast together with gso", V_DROP, "gtx_drop_extra=1", .frame = FRAME_TCP4,
	  CHAIN(D(2054, 0, EXTRA | BLANK), X(2, 1, 1, 0, 0x5e), GSO(1000, 1, 0)) },
	{ 8, "the same extra twice", V_PASS, .ok = 1, .frame = FRAME_TCP4,
	  CHAIN(D(2054, 0, EXTRA | BLANK), X(1, 1, 100, 0, 1), GSO(1000, 1, 0)) },
	{ 8, "extra_info on a later slot", V_PASS, .ok = 1, CHAIN(D(160, 0, MORE), D(60, 0, EXTRA)) },
	{ 8, "all flags but the chaining ones", V_DROP, "gtx_drop_csum=1", CHAIN(D(60, 0, 0xffff & ~(MORE | EXTRA))) },

	{ 11, "headers in 17 slots of a byte", V_PASS, .ok = 1, .frame = FRAME_TCP4,
	  CHAIN(D(60, 0, MORE | BLANK), DN(16, 1, 43, 1, MORE), D(1, 59, 0)) },
	{ 11, "gso headers in slots of a byte", V_PASS, .ok = 1, .frame = FRAME_TCP4,
	  CHAIN(D(1017, 0, MORE | EXTRA | BLANK), GSO(500, 1, 0), DN(16, 1, 1, 1, MORE), D(1000, 17, 0)) },
	{ 11, "empty first slot, then headers", V_PASS, .ok = 1, .frame = FRAME_UDP4,
	  CHAIN(D(142, 0, MORE | BLANK), D(42, 0, MORE), D(100, 42, 0)) },

	{ 12, "gref 0", V_DROP, "gtx_drop_grant=1", CHAIN(DREF(REF_ZERO, 60, 0)) },
	{ 12, "gref 2^32 - 1", V_DROP, "gtx_drop_grant=1", CHAIN(DREF(REF_HUGE, 60, 0)) },
	{ 12, "gref beyond the table", V_DROP, "gtx_drop_grant=1", CHAIN(DREF(REF_BEYOND, 60, 0)) },
	{ 12, "gref for another domain", V_DROP, "gtx_drop_grant=1", CHAIN(DREF(REF_FOREIGN, 60, 0)) },
	{ 12, "gref taken back", V_DROP, "gtx_drop_grant=1", CHAIN(DREF(REF_ENDED, 60, 0)) },
	{ 12, "last gref of 18 bad", V_DROP, "gtx_drop_grant=1", CHAIN(D(1800, 0, MORE), DN(16, 100, 0, 0, MORE), DREF(REF_HUGE, 100, 0)) },
	{ 12, "256 bad grefs at once", V_DROP, "gtx_drop_grant=256", .run = full_of_bad_refs },
	{ 12, "read-only gref", V_PASS, .ok = 1, CHAIN(D(1500, 0, 0)) },
	{ 12, "writable gref", V_PASS, .ok = 1, CHAIN(DREF(REF_BUF, 1500, 0)) },
	{ 12, "ring page as data", V_PASS, .ok = 1, CHAIN(DREF(REF_RING, 4096, 0)) },
	{ 12, "same gref in all slots", V_PASS, .ok = 1, CHAIN(D(65535, 0, MORE), DN(14, 4096, 0, 0, MORE), D(4096, 0, 0)) },
	{ 12, "grefs taken back in flight", V_ANY, .run = revoke_in_flight, .telling = true },
	{ 12, "ring page taken back while connected", V_ANY, .run = ring_taken_back },

	{ 13, "the same id 16 times", V_PASS, .ok = 16, .run = same_id },
	{ 13, "70 mcast adds", V_DROP, "gtx_drop_mcast=6", .run = mcast_flood },
	{ 13, "mcast delete of an absent address", V_DROP, "gtx_drop_mcast=1", CHAIN(D(60, 0, EXTRA), X(3, 0, 1, 0, 0x5e, 0, 0, 1)) },
	{ 13, "mcast add of a station's address", V_DROP, "gtx_drop_mcast=1", CHAIN(D(60, 0, EXTRA), X(2, 0, 0, 0x16, 0x3e)) },

	{ 14, "copy fails at the first op", V_DROP, "gtx_drop_grant=1", .host = "fault copy fail first times=1",
	  CHAIN(D(500, 0, MORE), DN(3, 100, 0, 0, MORE), D(100, 0, 0)) },
	{ 14, "copy fails at the middle op", V_DROP, "gtx_drop_grant=1", .host = "fault copy fail middle times=1",
	  CHAIN(D(500, 0, MORE), DN(3, 100, 0, 0, MORE), D(100, 0, 0)) },
	{ 14, "copy fails at the last op", V_DROP, "gtx_drop_grant=1", .host = "fault copy fail last times=1",
	  CHAIN(D(500, 0, MORE), DN(3, 100, 0, 0, MORE), D(100, 0, 0)) },
	{ 14, "copy says eagain", V_DROP, "gtx_drop_grant=1", .host = "fault copy fail last times=1 status=-12",
	  CHAIN(D(500, 0, MORE), DN(3, 100, 0, 0, MORE), D(100, 0, 0)) },
	{ 14, "batch ends half-way", V_DROP, "gtx_drop_grant=1", .host = "fault copy partial middle times=1 status=14",
	  CHAIN(D(500, 0, MORE), DN(3, 100, 0, 0, MORE), D(100, 0, 0)) },
	{ 14, "first ring cannot be mapped", V_REFUSE, "cannot map tx-ring-ref", .host = "fault map fail all times=1" },
	{ 14, "second ring cannot be mapped", V_REFUSE, "cannot map rx-ring-ref", .host = "fault map fail all after=1" },
	{ 14, "channel cannot be bound", V_REFUSE, "cannot bind the event channel", .host = "fault bind fail all times=1" },
	{ 14, "signals cannot be sent", V_PASS, .ok = 1, .host = "fault notify fail all", CHAIN(D(60, 0, 0)) },
};

const struct table table_tx = { cases, sizeof(cases) / sizeof(cases[0]) };
