/* SPDX-License-Identifier: MIT */
/* grants.c - shares, maps and revokes pages */
#include "grants.h"

#include "events.h"
#include "tools/xensim/base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

static void grants_empty_page(struct dom *d, uint32_t page)
{
	fallocate(d->pages_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)page * XSIM_PAGE, XSIM_PAGE);
}

static void grants_put_page(struct dom *d, uint32_t page)
{
	struct page *p = &d->pages[page];

	if (p->maps || p->shared)
		return;
	d->nr_pages--;
	grants_empty_page(d, page);
}

/* Returns the first of count adjacent free pages, searched in rotation; UINT32_MAX if there are none. */
static uint32_t grants_find_pages(struct dom *d, uint32_t count)
{
	uint32_t start = d->next_page;
	uint32_t seen = 0;
	uint32_t n = 0;

	for (; seen < 2 * XSIM_NR_PAGES; seen++) {
		uint32_t at = start + n;

		if (at >= XSIM_NR_PAGES) {
			start = n = 0;
			continue;
		}
		if (d->pages[at].maps || d->pages[at].shared) {
			start = at + 1;
			n = 0;
		} else if (++n == count) {
			d->next_page = start + count;
			return start;
		}
	}
	return UINT32_MAX;
}

static uint32_t grants_find_ref(struct dom *d)
{
	while (atomic_load_explicit(&d->gnt->entry[d->next_ref], memory_order_relaxed) || d->next_ref < DOM_FIRST_REF)
		d->next_ref = (d->next_ref + 1) % d->gnt->nr_refs;
	return d->next_ref;
}

static struct holding *grants_hold(struct handle *h, const struct xsim_req *req)
{
	struct holding *hd = xalloc(sizeof(*hd) + req->count * sizeof(hd->item[0]));

	hd->id = ++h->next_id;
	hd->count = req->count;
	hd->end = (struct ending){ .flags = req->flags, .offset = req->arg[0], .port = req->arg[1] };
	return hd;
}

/* Linux: only a channel of the domain itself can be signalled. */
static int grants_ending_allowed(const struct handle *h, const struct xsim_req *req)
{
	if ((req->flags & XSIM_F_CLEAR_BYTE) && (req->arg[0] >= XSIM_PAGE || req->count != 1))
		return 0;
	if (!(req->flags & XSIM_F_SEND_EVENT))
		return 1;
	return req->arg[1] < XSIM_NR_PORTS && h->dom->port[req->arg[1]].state != PORT_FREE;
}

static void grants_run_ending(struct handle *h, const struct holding *hd)
{
	struct dom *d = dom_find(hd->item[0].domid);

	if (d && (hd->end.flags & XSIM_F_CLEAR_BYTE))
		d->pages_map[(size_t)hd->item[0].page * XSIM_PAGE + hd->end.offset] = 0;
	if (hd->end.flags & XSIM_F_SEND_EVENT)
		events_notify(h->dom, hd->end.port);
}

int grants_share(struct handle *h, const struct xsim_req *req, struct xsim_rep *rep)
{
	struct dom *d = h->dom;
	struct holding *hd;
	uint32_t page;
	uint32_t i;

	if (!req->count || req->count > XSIM_MAX_COUNT || !grants_ending_allowed(h, req))
		return EINVAL;
	if (d->nr_pages + req->count > d->max_pages || d->nr_refs + req->count > d->gnt->nr_refs - DOM_FIRST_REF)
		return ENOSPC;
	page = grants_find_pages(d, req->count);
	if (page == UINT32_MAX)
		return ENOSPC;
	hd = grants_hold(h, req);
	for (i = 0; i < req->count; i++) {
		uint32_t ref = grants_find_ref(d);
		uint64_t e = (uint64_t)(page + i) << 32 | (uint64_t)(req->domid & 0xffffu) << 16 | XSIM_GE_VALID;

		if (req->flags & XSIM_F_WRITE)
			e |= XSIM_GE_WRITE;
		grants_empty_page(d, page + i);
		d->pages[page + i].shared = 1;
		atomic_store_explicit(&d->gnt->entry[ref], e, memory_order_release);
		hd->item[i] = (struct held){ .domid = d->id, .ref = ref, .page = page + i };
		rep->data[i] = ref;
		d->next_ref = (ref + 1) % d->gnt->nr_refs;
	}
	d->nr_pages += req->count;
	d->nr_refs += req->count;
	hd->next = h->held;
	h->held = hd;
	rep->count = req->count;
	rep->arg[0] = hd->id;
	rep->arg[1] = page;
	return 0;
}

static void grants_unmap_items(const struct holding *hd, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		struct dom *d = dom_find(hd->item[i].domid);

		if (!d)
			continue;
		d->pages[hd->item[i].page].maps--;
		grants_put_page(d, hd->item[i].page);
	}
}

static int grants_map_item(struct handle *h, struct held *it, uint32_t flags)
{
	struct dom *d = dom_find(it->domid);
	uint64_t e;

	if (!d || it->ref >= d->gnt->nr_refs)
		return -1;
	e = atomic_load_explicit(&d->gnt->entry[it->ref], memory_order_relaxed);
	if (!(e & XSIM_GE_VALID) || XSIM_GE_DOM(e) != h->dom->id)
		return -1;
	if ((flags & XSIM_F_WRITE) && !(e & XSIM_GE_WRITE))
		return -1;
	it->page = XSIM_GE_PAGE(e);
	if (d->pages[it->page].maps == UINT16_MAX)
		return -1;
	d->pages[it->page].maps++;
	return 0;
}

int grants_map(struct handle *h, const struct xsim_req *req, struct xsim_rep *rep)
{
	struct holding *hd;
	uint32_t i;

	if (!req->count || req->count > XSIM_MAX_COUNT || !grants_ending_allowed(h, req))
		return EINVAL;
	hd = grants_hold(h, req);
	for (i = 0; i < req->count; i++) {
		hd->item[i].domid = req->data[2 * i];
		hd->item[i].ref = req->data[2 * i + 1];
		if (grants_map_item(h, &hd->item[i], req->flags) < 0) {
			grants_unmap_items(hd, i);
			free(hd);
			return EINVAL; /* gntdev says so for each of Xen's reasons */
		}
		rep->data[i] = hd->item[i].page;
	}
	hd->next = h->held;
	h->held = hd;
	rep->count = req->count;
	rep->arg[0] = hd->id;
	return 0;
}

static void grants_revoke_items(struct dom *d, struct holding *hd)
{
	uint32_t i;

	for (i = 0; i < hd->count; i++) {
		if (!hd->item[i].ref)
			continue;
		atomic_store_explicit(&d->gnt->entry[hd->item[i].ref], 0, memory_order_release);
		hd->item[i].ref = 0;
		d->nr_refs--;
	}
}

static void grants_unshare_items(struct dom *d, struct holding *hd)
{
	uint32_t i;

	grants_revoke_items(d, hd);
	for (i = 0; i < hd->count; i++) {
		d->pages[hd->item[i].page].shared = 0;
		grants_put_page(d, hd->item[i].page);
	}
}

static void grants_release_holding(struct handle *h, struct holding **link)
{
	struct holding *hd = *link;

	*link = hd->next;
	grants_run_ending(h, hd);
	if (h->kind == XSIM_GNTSHR)
		grants_unshare_items(h->dom, hd);
	else
		grants_unmap_items(hd, hd->count);
	free(hd);
}

int grants_release(struct handle *h, uint32_t id)
{
	struct holding **p;

	for (p = &h->held; *p; p = &(*p)->next) {
		if ((*p)->id == id) {
			grants_release_holding(h, p);
			return 0;
		}
	}
	return EINVAL;
}

void grants_release_all(struct handle *h)
{
	while (h->held)
		grants_release_holding(h, &h->held);
}

void grants_forget(struct handle *h)
{
	struct holding *hd;

	if (h->kind != XSIM_GNTSHR) {
		grants_release_all(h);
		return;
	}
	for (hd = h->held; hd; hd = hd->next) {
		grants_revoke_items(h->dom, hd);
		hd->end.flags = 0; /* its port is gone, too */
	}
}

void grants_follow(uint32_t from, uint32_t to)
{
	const struct handle *h;
	const struct dom *d;
	struct holding *hd;
	uint32_t i;

	for (d = doms; d; d = d->next)
		for (h = d->handles; h; h = h->next)
			for (hd = h->held; hd; hd = hd->next)
				for (i = 0; i < hd->count; i++)
					if (hd->item[i].domid == from)
						hd->item[i].domid = to;
}

int grants_any(const struct dom *granter, uint32_t to)
{
	uint32_t i;

	for (i = DOM_FIRST_REF; i < granter->gnt->nr_refs; i++) {
		uint64_t e = atomic_load_explicit(&granter->gnt->entry[i], memory_order_relaxed);

		if ((e & XSIM_GE_VALID) && XSIM_GE_DOM(e) == to)
			return 1;
	}
	return 0;
}
