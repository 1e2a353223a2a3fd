/* SPDX-License-Identifier: MIT */
/* cases-gref.c - a guest's bad static grants: group 25, docs/static-grants.md */
#include <string.h>

#include "front.h"

#define GET XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE
#define ADD XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING
#define DEL XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING
#define OKAY XEN_NETIF_CTRL_STATUS_SUCCESS
#define INVALID XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER
#define READONLY XEN_NETIF_CTRLF_GREF_readonly
#define LIST_MAX (PAGE / sizeof(struct xen_netif_gref))
/* More than netbackd maps for a VIF. */
#define MANY 1040u

static void entry(struct front *f, unsigned int at, uint32_t ref, uint16_t flags)
{
	f->list[at] = (struct xen_netif_gref){ .ref = ref, .flags = flags, .status = 0xaaaa };
}

static void list_bufs(struct front *f, unsigned int first, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		entry(f, i, f->buf_ref[first + i], 0);
}

static void add(struct front *f, const char *what, uint32_t status, uint32_t n)
{
	msg_want(f, what, status, ADD, 0, f->list_ref, n);
}

static void want_entry(struct front *f, unsigned int at, uint16_t status)
{
	if (f->list[at].status != status)
		trouble(&f->t, "entry %u has status %u, not %u", at, f->list[at].status, status);
}

static void want_deleted(struct front *f, uint32_t n, uint32_t deleted)
{
	struct answer a = msg_call(f, DEL, 0, f->list_ref, n);

	if (a.status != OKAY || a.data != deleted)
		trouble(&f->t, "DEL has status %u and data %u, not %u", a.status, a.data, deleted);
}

static void bad_counts(struct front *f)
{
	static const uint32_t n[] = { 0, LIST_MAX + 1, 1024, 0x20000001, 0x20000010, 4000000000u, UINT32_MAX };

	list_bufs(f, 0, 16);
	for (unsigned int i = 0; i < sizeof(n) / sizeof(n[0]); i++) {
		msg_want(f, "ADD of so many", INVALID, ADD, 0, f->list_ref, n[i]);
		msg_want(f, "DEL of so many", INVALID, DEL, 0, f->list_ref, n[i]);
	}
	add(f, "none were added", OKAY, 16);
}

static void bad_queue(struct front *f)
{
	static const uint32_t queues[] = { 1, 255, 0x10000, UINT32_MAX };

	list_bufs(f, 0, 4);
	for (unsigned int i = 0; i < 4; i++) {
		msg_want(f, "GET of a queue", INVALID, GET, queues[i], 0, 0);
		msg_want(f, "ADD to a queue", INVALID, ADD, queues[i], f->list_ref, 4);
		msg_want(f, "DEL from a queue", INVALID, DEL, queues[i], f->list_ref, 4);
	}
}

static void duplicates(struct front *f)
{
	list_bufs(f, 0, 8);
	entry(f, 7, f->buf_ref[0], 0);
	add(f, "a ref twice in a list", INVALID, 8);
	entry(f, 7, f->buf_ref[0], READONLY);
	add(f, "a ref twice, with other flags", INVALID, 8);
	list_bufs(f, 0, 8);
	add(f, "none were added", OKAY, 8);
	add(f, "a list twice", INVALID, 8);
	list_bufs(f, 7, 8);
	add(f, "lists that overlap", INVALID, 8);
	list_bufs(f, 8, 8);
	add(f, "a fresh list", OKAY, 8);
}

static void bad_flags(struct front *f)
{
	for (int bit = 1; bit < 16; bit++) {
		list_bufs(f, 0, 4);
		entry(f, 2, f->buf_ref[2], (uint16_t)(1u << bit));
		add(f, "an unknown flag", INVALID, 4);
	}
	list_bufs(f, 0, 4);
	add(f, "none were added", OKAY, 4);
}

static void bad_ref_in_the_middle(struct front *f)
{
	const uint32_t bad[] = { 0, UINT32_MAX, 1u << 20, f->foreign_ref, f->ended_ref };

	for (unsigned int i = 0; i < 5; i++) {
		list_bufs(f, 0, 16);
		for (unsigned int j = 0; j < 4; j++)
			entry(f, j, f->buf_ref[j], READONLY);
		entry(f, i % 2 ? 2 : 9, bad[i], i % 2 ? READONLY : 0);
		add(f, "a bad ref in the middle", INVALID, 16);
	}
	list_bufs(f, 0, 16);
	add(f, "none were added", OKAY, 16);
}

static void writable_claim(struct front *f)
{
	entry(f, 0, f->data_ref[0], 0);
	add(f, "a read-only grant as writable", INVALID, 1);
	entry(f, 0, f->data_ref[0], READONLY);
	add(f, "and as what it is", OKAY, 1);
}

static void list_page_bad(struct front *f)
{
	const uint32_t bad[] = { 0, UINT32_MAX, f->foreign_ref, f->ended_ref };

	for (unsigned int i = 0; i < 4; i++) {
		msg_want(f, "ADD of a list in no page", INVALID, ADD, 0, bad[i], 4);
		msg_want(f, "DEL of a list in no page", INVALID, DEL, 0, bad[i], 4);
	}
	/* Its statuses cannot be written, and its refs are invalid. */
	msg_want(f, "DEL of a read-only list", INVALID, DEL, 0, f->data_ref[3], 4);
	msg_want(f, "ADD of the gtx ring as a list", INVALID, ADD, 0, f->gtx_ref, 4);
}

static void deletes(struct front *f)
{
	list_bufs(f, 0, 8);
	add(f, "ADD", OKAY, 8);
	list_bufs(f, 4, 8);
	want_deleted(f, 8, 4);
	for (unsigned int i = 0; i < 8; i++)
		want_entry(f, i, i < 4 ? OKAY : INVALID);
	want_deleted(f, 8, 0);
	entry(f, 0, f->buf_ref[0], 0);
	entry(f, 1, f->buf_ref[0], 0);
	want_deleted(f, 2, 1);
	want_entry(f, 0, OKAY);
	want_entry(f, 1, INVALID);
	list_bufs(f, 0, 8);
	want_deleted(f, 8, 3);
}

/* Deletes one by one from the middle of a long list: each makes the backend map anew. */
static void deletes_one_by_one(struct front *f)
{
	list_bufs(f, 0, 256);
	add(f, "ADD", OKAY, 256);
	for (unsigned int i = 0; i < 64; i++) {
		entry(f, 0, f->buf_ref[(i * 37) % 256], 0);
		want_deleted(f, 1, 1);
	}
	bufs_post(f, 0, NPOST);
	arp(f, 8);
	if (grx_wait(f, 8, WAIT_MS) != 8)
		trouble(&f->t, "the host's frames do not arrive");
}

static void delete_in_flight(struct front *f)
{
	list_bufs(f, 0, NPOST);
	add(f, "ADD", OKAY, NPOST);
	bufs_post(f, 0, NPOST);
	arp(f, 1);
	if (grx_wait(f, 1, WAIT_MS) != 1)
		trouble(&f->t, "the host's frame does not arrive");
	/* The backend has mapped the next one and keeps it; it has not mapped the last. */
	list_bufs(f, 1, 1);
	want_deleted(f, 1, 0);
	want_entry(f, 0, INVALID);
	list_bufs(f, NPOST - 1, 1);
	want_deleted(f, 1, 1);
	arp(f, 20);
	if (grx_wait(f, 21, WAIT_MS) != 21)
		trouble(&f->t, "the host's frames do not arrive");
}

/* Checks that a page which we take back while it is mapped does not change. */
static void revoke_mapped(struct front *f)
{
	uint32_t ref;
	uint8_t *page = xengntshr_share_pages(f->shr, f->back, 1, &ref, 1);

	if (!page) {
		trouble(&f->t, "no page left to grant");
		return;
	}
	frame_make(page, FRAME_RAW);
	entry(f, 0, ref, 0);
	add(f, "ADD", OKAY, 1);
	xengntshr_unshare(f->shr, page, 1);
	slot_put(f, ref, 0, 0, f->next_id++, 60);
	gtx_push(f);
	gtx_settle(f, WAIT_MS);
	buf_put(f, ref, -1);
	grx_push(f);
	arp(f, 1);
	entry(f, 0, ref, 0);
	msg_call(f, DEL, 0, f->list_ref, 1);
}

static void ring_pages(struct front *f)
{
	entry(f, 0, f->gtx_ref, 0);
	entry(f, 1, f->grx_ref, 0);
	entry(f, 2, f->ctrl_ref, 0);
	entry(f, 3, f->list_ref, 0);
	add(f, "ADD of the rings", OKAY, 4);
	slot_put(f, f->gtx_ref, 0, 0, f->next_id++, 4096);
	slot_put(f, f->ctrl_ref, 0, 0, f->next_id++, 4096);
	gtx_push(f);
	gtx_settle(f, WAIT_MS);
	buf_put(f, f->grx_ref, -1);
	buf_put(f, f->gtx_ref, -1);
	grx_push(f);
	/* Whether these get a response depends on what the first does to the ring. */
	arp_put(f, 2);
	pass_time(20);
}

static void too_many(struct front *f)
{
	static uint32_t refs[MANY];
	void *pages = xengntshr_share_pages(f->shr, f->back, MANY, refs, 1);
	struct answer size = msg_call(f, GET, 0, 0, 0);

	if (!pages || size.status != OKAY || size.data == 0 || size.data > 1024) {
		trouble(&f->t, "%s; GET says %u", pages ? "" : "no pages", size.data);
		return;
	}
	for (uint32_t done = 0; done < MANY; done += LIST_MAX) {
		uint32_t n = MANY - done < LIST_MAX ? MANY - done : LIST_MAX;

		for (uint32_t i = 0; i < n; i++)
			entry(f, i, refs[done + i], (uint16_t)(i & 1));
		add(f, "ADD up to the limit", done + n > size.data ? INVALID : OKAY, n);
	}
	list_bufs(f, 0, 1);
	add(f, "ADD to what room is left", size.data % LIST_MAX ? OKAY : INVALID, 1);
	xengntshr_unshare(f->shr, pages, MANY);
}

static void rewrite_list(void *arg)
{
	struct front *f = arg;

	for (unsigned int i = 0; i < 64; i++) {
		uint32_t v = surprise(&f->seed);

		f->list[i].ref = v & 1 ? f->buf_ref[v % NBUF] : f->buf_ref[i];
		f->list[i].flags = v & 0xf0 ? (uint16_t)(v >> 31) : (uint16_t)v;
	}
}

static void list_changes(struct front *f)
{
	struct again *a = again_start(rewrite_list, f);

	bufs_post(f, 0, 64);
	for (int i = 0; i < 300; i++) {
		msg_call(f, i & 1 ? DEL : ADD, 0, f->list_ref, 1 + (uint32_t)i % 60);
		if (i % 10 == 0)
			arp(f, 1);
	}
	again_stop(a);
}

static const struct fcase cases[] = {
	{ 25, "bad numbers of entries", V_PASS, .run = bad_counts, .ctrl = true, .telling = true },
	{ 25, "queues out of range", V_PASS, .run = bad_queue, .ctrl = true },
	{ 25, "duplicates", V_PASS, .run = duplicates, .ctrl = true },
	{ 25, "unknown flags", V_PASS, .run = bad_flags, .ctrl = true },
	{ 25, "a bad ref in the middle", V_PASS, .run = bad_ref_in_the_middle, .ctrl = true },
	{ 25, "read-only grant said to be writable", V_PASS, .run = writable_claim, .ctrl = true },
	{ 25, "bad list page", V_PASS, .run = list_page_bad, .ctrl = true },
	{ 25, "DEL twice, of strangers, of duplicates", V_PASS, .run = deletes, .ctrl = true },
	{ 25, "DEL out of the middle 64 times", V_PASS, "grx_packets=8", .run = deletes_one_by_one, .ctrl = true },
	{ 25, "DEL of a ref in flight", V_PASS, "grx_packets=21", .run = delete_in_flight, .ctrl = true },
	{ 25, "mapped ref taken back", V_ANY, .run = revoke_mapped, .ctrl = true },
	{ 25, "ring pages mapped and used", V_ANY, .run = ring_pages, .ctrl = true, .wild = true },
	{ 25, "more than the limit", V_PASS, .run = too_many, .ctrl = true },
	{ 25, "list changes while it is read", V_ANY, .run = list_changes, .ctrl = true },
};

const struct table table_gref = { cases, sizeof(cases) / sizeof(cases[0]) };
