/* SPDX-License-Identifier: MIT */
/* cases-rx.c - a guest that gives bad buffers, or none: groups 15, 16
 *
 * The host's frames are its answers to ARP; large ones and floods come from
 * the hook: "send N SIZE" before the case, "flood" all through it.
 */
#include <string.h>

#include "front.h"

static void want_frames(struct front *f, unsigned int n)
{
	unsigned int got = grx_wait(f, n, WAIT_MS);

	if (got != n)
		trouble(&f->t, "%u slots of grx were answered, not %u", got, n);
}

/* No event tells that nothing comes. */
static void want_none_within(struct front *f, unsigned int ms, unsigned int had)
{
	unsigned int got = grx_wait(f, had + 1, ms);

	if (got > had)
		trouble(&f->t, "%u slots of grx were answered, not %u", got, had);
}

static netif_rx_response_t response(const struct front *f, unsigned int at)
{
	return f->grx->ring[at].rsp;
}

static void want_status(struct front *f, unsigned int n, bool good)
{
	for (unsigned int i = 0; i < n; i++) {
		netif_rx_response_t rsp = response(f, i);

		if (rsp.id != i || (good ? rsp.status < 14 : rsp.status != NETIF_RSP_ERROR))
			trouble(&f->t, "grx slot %u was answered id %u status %d", i, rsp.id, rsp.status);
	}
}

static void answered(struct front *f, unsigned int n, bool good)
{
	arp(f, n);
	want_frames(f, n);
	want_status(f, n, good);
}

/* The same, for buffers that are posted and come after the first ones. */
static void answered_more(struct front *f, unsigned int first, unsigned int n)
{
	arp(f, n);
	want_frames(f, first + n);
}

static void host_sends(struct front *f, const char *what)
{
	front_wait_host(f);
	if (!hook("send", what))
		trouble(&f->t, "the host cannot send");
}

static void never_posts(struct front *f)
{
	arp(f, 20);
	want_none_within(f, 60, 0);
	/* The frames waited for buffers. */
	bufs_post(f, 0, 20);
	want_frames(f, 20);
}

/* Frames that waited when a frontend closed must not reach the next one. */
static void leaves_frames(struct front *f)
{
	arp(f, 20);
	front_disconnect(f, true);
	if (!front_connect(f))
		return;
	log_mark(&f->log);	/* count from the second connection on */
	bufs_post(f, 0, 20);
	want_none_within(f, 60, 0);
	answered(f, 4, true);
}

static void posts_three(struct front *f)
{
	bufs_post(f, 0, 3);
	arp(f, 20);
	want_frames(f, 3);
	want_none_within(f, 60, 3);
	want_status(f, 3, true);
	bufs_post(f, 3, 17);
	want_frames(f, 20);
}

static void posts_one_by_one(struct front *f)
{
	arp(f, 10);
	for (unsigned int i = 0; i < 10; i++) {
		bufs_post(f, i, 1);
		want_frames(f, i + 1);
	}
	want_status(f, 10, true);
}

static void posts_same(struct front *f, uint32_t gref, int page, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		buf_put(f, gref, page);
	grx_push(f);
}

static void bad_refs(struct front *f)
{
	for (uint32_t i = 0; i < SLOTS; i++)
		buf_put(f, i * 77777u + 40000u, -1);
	grx_push(f);
	answered(f, 8, false);
}

static void same_buf(struct front *f)
{
	posts_same(f, f->buf_ref[5], 5, SLOTS);
	answered(f, 8, true);
}

static void read_only(struct front *f)
{
	posts_same(f, f->data_ref[3], -1, 16);
	answered(f, 8, false);
}

static void foreign(struct front *f)
{
	posts_same(f, f->foreign_ref, -1, 16);
	answered(f, 8, false);
}

static void taken_back(struct front *f)
{
	posts_same(f, f->ended_ref, -1, 16);
	answered(f, 8, false);
}

static void good_after_bad(struct front *f)
{
	buf_put(f, UINT32_MAX, -1);
	bufs_post(f, 1, 3);
	arp(f, 4);
	want_frames(f, 4);
	for (uint16_t i = 0; i < 4; i++)
		if ((response(f, i).status < 0) != (i == 0))
			trouble(&f->t, "grx slot %u has status %d", i, response(f, i).status);
}

/* We send from the buffer that also receives the host's reply. */
static void shared_with_gtx(struct front *f)
{
	bufs_post(f, NPOST - 4, 4);
	arp(f, 2);
	slot_put(f, f->buf_ref[NPOST - 4], 0, 0, 1, 60);
	f->sent++;
	gtx_push(f);
	want_frames(f, 2);
}

static void ring_as_buffer(struct front *f)
{
	posts_same(f, f->grx_ref, -1, 16);
	arp_put(f, 4);
	pass_time(20);
}

static void gtx_ring_as_buffer(struct front *f)
{
	posts_same(f, f->gtx_ref, -1, 16);
	/* The response may overwrite the request that was taken. */
	arp_put(f, 1);
	pass_time(20);
}

/* The hook has sent a frame of 9000 bytes, three slots. */
static void big_and_late(struct front *f)
{
	bufs_post(f, 0, 2);
	host_sends(f, "1 9000");
	want_none_within(f, 60, 0);
	bufs_post(f, 2, 1);
	want_frames(f, 3);
	want_status(f, 3, true);
	if (response(f, 0).status != 4096 || response(f, 2).status != 9000 - 8192)
		trouble(&f->t, "a frame in pieces of another size");
}

static void big_and_never(struct front *f)
{
	bufs_post(f, 0, 2);
	host_sends(f, "1 9000");
	want_none_within(f, 150, 0);
	/* The large frame was dropped, and small ones pass. */
	answered(f, 2, true);
}

/* Does as iPXE: four buffers, and four more when they are full. Its keys accept large
 * segments, but four buffers never hold one: so they come in segments of 1000 bytes. */
static void posts_four(struct front *f)
{
	bufs_post(f, 0, 4);
	host_sends(f, "1 20054 gso");
	for (unsigned int n = 4; n <= 20; n += 4) {
		want_frames(f, n);
		bufs_post(f, n, 4);
	}
	want_status(f, 20, true);
	for (uint16_t i = 0; i < 20; i++)
		if (response(f, i).status != 1054 || response(f, i).flags & (NETRXF_extra_info | NETRXF_csum_blank))
			trouble(&f->t, "grx slot %u is no small segment: status %d flags %#x", i,
				response(f, i).status, response(f, i).flags);
	answered_more(f, 20, 4);
}

/* Does the same with small frames, four of which wait before each four buffers. */
static void posts_four_at_a_time(struct front *f)
{
	for (unsigned int n = 0; n < 24; n += 4) {
		arp(f, 4);
		bufs_post(f, n, 4);
		want_frames(f, n + 4);
	}
	want_status(f, 24, true);
}

static void big_without_sg(struct front *f)
{
	bufs_post(f, 0, 8);
	host_sends(f, "1 9000");
	answered(f, 2, true);
}

/* A good buffer, a bad one, a good one: the frame is dropped as a whole. */
static void big_with_a_hole(struct front *f)
{
	buf_put(f, f->buf_ref[0], 0);
	buf_put(f, 0, -1);
	buf_put(f, f->buf_ref[1], 1);
	grx_push(f);
	host_sends(f, "1 9000");
	want_frames(f, 3);
	want_status(f, 3, false);
}

static void one_answer(struct front *f)
{
	bufs_post(f, 0, 8);
	arp(f, 1);
	want_frames(f, 1);
}

/* --- under a flood that the hook keeps up ------------------------------------ */

static void flooded(struct front *f)
{
	pass_time(400);
	for (int i = 0; i < 20; i++)
		probe(f);
}

static void flooded_then_posts(struct front *f)
{
	pass_time(200);
	bufs_post(f, 0, NPOST);
	want_frames(f, NPOST);
	want_status(f, NPOST, true);
}

static void flooded_trickling(struct front *f)
{
	for (unsigned int i = 0; i < 100; i++) {
		bufs_post(f, i, 1);
		want_frames(f, i + 1);
	}
}

static void flooded_to_bad_refs(struct front *f)
{
	for (uint32_t n = 0; n < 4000; n++) {
		grx_wait(f, f->r.req - f->r.rsp > SLOTS - 1 ? f->r.req - f->r.rsp - SLOTS + 1 : 0, WAIT_MS);
		buf_put(f, n * 77777u + 40000u, -1);
		if (n % 64 == 63)
			grx_push(f);
	}
	grx_push(f);
	want_frames(f, 4000);
}

static void flooded_fault(struct front *f)
{
	bufs_post(f, 0, 8);
	want_frames(f, 8);
	f->r.req += 4711;
	grx_push(f);
}

static const struct key no_notify[] = { { "feature-rx-notify", "0" }, { NULL, NULL } };
static const struct key no_sg[] = { { "feature-sg", "0" }, { NULL, NULL } };

static const struct fcase cases[] = {
	{ 15, "never posts, then does", V_PASS, "grx_packets=20", .run = never_posts },
	{ 15, "never posts, goes and comes", V_PASS, "grx_packets=4", .run = leaves_frames },
	{ 15, "posts three and stops, then goes on", V_PASS, "grx_packets=20", .run = posts_three },
	{ 15, "posts one by one", V_PASS, "grx_packets=10", .run = posts_one_by_one },
	{ 15, "posts four at a time", V_PASS, "grx_packets=24", .run = posts_four_at_a_time, .telling = true },
	{ 15, "256 bad grefs", V_PASS, "grx_drop_grant=8", .run = bad_refs },
	{ 15, "the same gref 256 times", V_PASS, "grx_packets=8", .run = same_buf },
	{ 15, "read-only gref", V_PASS, "grx_drop_grant=8", .run = read_only, .telling = true },
	{ 15, "gref for another domain", V_PASS, "grx_drop_grant=8", .run = foreign },
	{ 15, "gref taken back", V_PASS, "grx_drop_grant=8", .run = taken_back },
	{ 15, "a bad gref among good ones", V_PASS, "grx_drop_grant=1 grx_packets=3", .run = good_after_bad },
	{ 15, "buffer shared with gtx", V_PASS, "grx_packets=2", .run = shared_with_gtx },
	{ 15, "grx ring page as buffer", V_ANY, .run = ring_as_buffer, .wild = true },
	{ 15, "gtx ring page as buffer", V_ANY, .run = gtx_ring_as_buffer, .wild = true },
	{ 15, "fewer than the frame needs, then enough", V_PASS, "grx_packets=1", .run = big_and_late, .host = "-" },
	{ 15, "fewer than the frame needs, no notify", V_PASS, "grx_drop_timeout=1 grx_packets=2", .run = big_and_never,
	  .keys = no_notify, .host = "-" },
	{ 15, "four buffers and large segments", V_PASS, "grx_packets=24", .run = posts_four, .host = "-" },
	{ 15, "large frame without sg", V_PASS, "grx_drop_slots=1 grx_packets=2", .run = big_without_sg,
	  .keys = no_sg, .host = "-" },
	{ 15, "large frame, a bad gref in the middle", V_PASS, "grx_drop_grant=1", .run = big_with_a_hole, .host = "-" },

	{ 14, "copy to the guest fails", V_PASS, "grx_drop_grant=1", .run = one_answer,
	  .host = "fault copy fail all after=1 times=1" },
	{ 14, "batch to the guest ends early", V_PASS, "grx_drop_grant=1", .run = one_answer,
	  .host = "fault copy partial all after=1 times=1 status=14" },

	{ 16, "flood, never posts", V_PASS, .run = flooded, .host = "flood" },
	{ 16, "flood, never posts, no notify", V_PASS, "grx_drop_timeout", .run = flooded, .keys = no_notify, .host = "flood" },
	{ 16, "flood, posts late", V_PASS, .run = flooded_then_posts, .host = "flood" },
	{ 16, "flood, posts one by one", V_PASS, .run = flooded_trickling, .host = "flood" },
	{ 16, "flood, only bad grefs", V_PASS, "grx_drop_grant=4000", .run = flooded_to_bad_refs, .host = "flood" },
	{ 16, "flood, then a fault", V_FAULT, "grx producer out of range", .run = flooded_fault, .wild = true,
	  .host = "flood" },
};

const struct table table_rx = { cases, sizeof(cases) / sizeof(cases[0]) };
