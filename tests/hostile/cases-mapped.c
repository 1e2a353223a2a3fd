/* SPDX-License-Identifier: MIT */
/* cases-mapped.c - bad packets in pages that stay mapped (static grants): group 25 */
#include "front.h"

static void send_mapped(struct front *f, const struct slot *s)
{
	map_all(f);
	chain_put(f, s);
	gtx_push(f);
}

static void mapped_edge(struct front *f)
{
	static const struct slot s[] = { D(60, 4036, 0), { .kind = SLOT_END } };

	send_mapped(f, s);
}

static void mapped_bounds(struct front *f)
{
	static const struct slot s[] = { D(60, 4090, 0), { .kind = SLOT_END } };

	send_mapped(f, s);
}

static void mapped_and_bad(struct front *f)
{
	static const struct slot s[] = { D(300, 0, MORE), DREF(REF_HUGE, 100, MORE), D(100, 0, 0), { .kind = SLOT_END } };

	send_mapped(f, s);
}

static void mapped_and_copied(struct front *f)
{
	static const struct slot s[] = { D(300, 0, MORE), DREF(REF_BUF, 100, MORE), D(100, 0, 0), { .kind = SLOT_END } };

	send_mapped(f, s);
}

static void mapped_bytes(struct front *f)
{
	static const struct slot s[] = { D(2054, 0, MORE | EXTRA | BLANK), GSO(1000, 1, 0), DN(16, 1, 1, 1, MORE),
					 D(2037, 17, 0), { .kind = SLOT_END } };

	send_mapped(f, s);
}

static void mapped_grx(struct front *f)
{
	map_all(f);
	bufs_post(f, 0, NPOST);
	arp(f, 40);
	if (grx_wait(f, 40, WAIT_MS) != 40)
		trouble(&f->t, "the host's frames do not arrive");
	/* Only the first ones have responses, and only those were written. */
	f->r.rsp += 40;
}

/* Of the buffers that the backend took ahead of frames, it uses only the first before they are
 * mapped: only that frame and the request for it are copied. */
static void mapped_late(struct front *f)
{
	bufs_post(f, 0, NPOST);
	arp(f, 1);
	if (grx_wait(f, 1, WAIT_MS) != 1)
		trouble(&f->t, "the host's frame does not arrive");
	map_all(f);
	arp(f, 40);
	if (grx_wait(f, 41, WAIT_MS) != 41)
		trouble(&f->t, "the host's frames do not arrive");
	f->r.rsp += 41;
}

static void mapped_grx_read_only(struct front *f)
{
	map_all(f);
	for (int i = 0; i < 32; i++)
		buf_put(f, f->data_ref[3], -1);
	grx_push(f);
	arp(f, 8);
	if (grx_wait(f, 8, WAIT_MS) != 8)
		trouble(&f->t, "the buffers are not answered");
}

static void mapped_grx_same(struct front *f)
{
	map_all(f);
	for (unsigned int i = 0; i < SLOTS; i++)
		buf_put(f, f->buf_ref[5], 5);
	grx_push(f);
	front_wait_host(f);
	if (!hook("send", "2 9000"))
		trouble(&f->t, "the host cannot send");
	if (grx_wait(f, 6, WAIT_MS) != 6)
		trouble(&f->t, "the host's frames do not arrive");
}

static void rewrite_frame(void *arg)
{
	struct front *f = arg;

	for (unsigned int i = 12; i < 60; i++)
		f->data[i] = (uint8_t)(surprise(&f->seed) & 1 ? f->guard[i] : surprise(&f->seed));
}

static void put_large(struct front *f)
{
	static const uint8_t gso[8] = { XEN_NETIF_EXTRA_TYPE_GSO, 0, 100, 0, 1 };

	slot_put(f, f->data_ref[0], 0, EXTRA | BLANK, f->next_id++, 2054);
	extra_put(f, gso);
}

static void mapped_headers_change(struct front *f)
{
	gtx_put_rewritten(f, rewrite_frame, put_large);
}

static const struct fcase cases[] = {
	{ 25, "mapped page, offset + size 4096", V_PASS, .ok = 1, .run = mapped_edge, .ctrl = true },
	{ 25, "mapped page, offset + size 4150", V_DROP, "gtx_drop_bounds=1", .run = mapped_bounds, .ctrl = true },
	{ 25, "mapped pages and a bad gref", V_DROP, "gtx_drop_grant=1", .run = mapped_and_bad, .ctrl = true },
	{ 25, "mapped pages and one that is not", V_PASS, .ok = 1, .run = mapped_and_copied, .ctrl = true },
	{ 25, "mapped headers in slots of a byte", V_PASS, .ok = 1, .frame = FRAME_TCP4, .run = mapped_bytes, .ctrl = true },
	{ 25, "mapped headers change", V_ANY, .frame = FRAME_TCP4, .run = mapped_headers_change, .ctrl = true, .wild = true },
	{ 25, "mapped buffers", V_PASS, "grx_packets=40", .run = mapped_grx, .ctrl = true },
	{ 25, "buffers mapped once taken", V_PASS, "grx_packets=41 grant_ops=2", .run = mapped_late, .ctrl = true },
	{ 25, "mapped read-only buffers", V_PASS, "grx_drop_grant=8", .run = mapped_grx_read_only, .ctrl = true },
	{ 25, "one mapped buffer in all slots", V_PASS, "grx_packets=2", .run = mapped_grx_same, .ctrl = true, .host = "-" },
};

const struct table table_mapped = { cases, sizeof(cases) / sizeof(cases[0]) };
