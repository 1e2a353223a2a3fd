/* SPDX-License-Identifier: MIT */
/* gnttab.c - maps grants, as Linux's gntdev behind libxengnttab
 *
 * A call with one bad reference maps nothing and fails with EINVAL.  An unmap
 * takes exactly what one call has mapped.
 */
#include "gnttab.h"

#include "fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xengnttab.h>

struct peer *gnttab_peer(struct xengntdev_handle *h, uint32_t domid)
{
	struct xsim_req req = { .op = XSIM_PEER, .domid = domid };
	struct xsim_rep rep;
	int fds[CLIENT_FDS];
	struct peer *p;

	for (p = h->peers; p; p = p->next)
		if (p->domid == domid)
			return p;
	if (client_call(&h->c, &req, sizeof(req), &rep, sizeof(rep), fds) < 0)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->domid = domid;
	p->gnt = client_map(fds[0], XSIM_GNT_BYTES, PROT_READ);
	p->pages = client_map(fds[1], (size_t)XSIM_NR_PAGES * XSIM_PAGE, PROT_READ | PROT_WRITE);
	p->pages_fd = fds[1];
	close(fds[0]);
	p->next = h->peers;
	h->peers = p;
	if (p->gnt && p->pages)
		return p;
	errno = ENOMEM;
	return NULL;
}

struct area **gnttab_area(struct xengntdev_handle *h, const void *addr)
{
	struct area **p;

	for (p = &h->areas; *p; p = &(*p)->next)
		if ((*p)->addr == addr)
			return p;
	return NULL;
}

void gnttab_free(struct xengntdev_handle *h)
{
	struct peer *p;
	struct area *a;

	while ((a = h->areas)) {
		h->areas = a->next;
		munmap(a->addr, (size_t)a->count * XSIM_PAGE);
		free(a);
	}
	while ((p = h->peers)) {
		h->peers = p->next;
		if (p->gnt)
			munmap((void *)(uintptr_t)p->gnt, XSIM_GNT_BYTES);
		if (p->pages)
			munmap(p->pages, (size_t)XSIM_NR_PAGES * XSIM_PAGE);
		close(p->pages_fd);
		free(p);
	}
	if (h->own_pages >= 0)
		close(h->own_pages);
	client_close(&h->c);
	free(h);
}

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned open_flags)
{
	struct xengntdev_handle *h;
	int fds[CLIENT_FDS];

	(void)open_flags;
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	h->own_pages = -1;
	if (client_open(&h->c, XSIM_GNTTAB, logger, fds, "gnttab open") == 0)
		return h;
	free(h);
	return NULL;
}

int xengnttab_close(xengnttab_handle *xgt)
{
	if (xgt)
		gnttab_free(xgt);
	return 0;
}

int xengnttab_fd(xengnttab_handle *xgt)
{
	return xgt->c.sock;
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t nr_grants)
{
	(void)xgt;
	(void)nr_grants;
	return 0; /* as Linux: no limit is set */
}

/* Maps the granted pages side by side. Returns NULL, with nothing mapped, on failure. */
static void *gnttab_place(struct xengntdev_handle *h, uint32_t count, const uint32_t *pairs, const uint32_t *pages, int prot)
{
	uint8_t *base = mmap(NULL, (size_t)count * XSIM_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t i;
	uint32_t n;

	if (base == MAP_FAILED)
		return NULL;
	for (i = 0; i < count; i += n) {
		struct peer *p = gnttab_peer(h, pairs[2 * i]);

		for (n = 1; i + n < count && pairs[2 * (i + n)] == pairs[2 * i]; n++)
			if (pages[i + n] != pages[i] + n)
				break;
		if (!p || mmap(base + (size_t)i * XSIM_PAGE, (size_t)n * XSIM_PAGE, prot, MAP_SHARED | MAP_FIXED, p->pages_fd, (off_t)pages[i] * XSIM_PAGE) == MAP_FAILED) {
			munmap(base, (size_t)count * XSIM_PAGE);
			return NULL;
		}
	}
	return base;
}

static int gnttab_map_faults(struct xengntdev_handle *h, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		int err = client_fault_errno(&h->c, XSIM_ON_MAP, i, count, EINVAL);

		if (!err)
			continue;
		errno = err;
		return -1;
	}
	return 0;
}

static void gnttab_unmap_id(struct xengntdev_handle *h, uint32_t id)
{
	struct xsim_req req = { .op = XSIM_UNMAP, .arg = { id, 0 } };
	struct xsim_rep rep;

	client_call(&h->c, &req, sizeof(req), &rep, sizeof(rep), NULL);
}

/* Has the host check the references and pin the pages, then maps them. */
static void *gnttab_map_locked(struct xengntdev_handle *h, struct xsim_req *req, int prot)
{
	size_t replen = sizeof(struct xsim_rep) + req->count * sizeof(uint32_t);
	struct xsim_rep *rep = calloc(1, replen);
	struct area *a = calloc(1, sizeof(*a));
	int err;

	if (!rep || !a || gnttab_map_faults(h, req->count) < 0)
		goto fail;
	if (client_call(&h->c, req, sizeof(*req) + req->count * 2 * sizeof(uint32_t), rep, replen, NULL) < 0)
		goto fail;
	a->addr = gnttab_place(h, req->count, req->data, rep->data, prot);
	a->count = req->count;
	a->id = rep->arg[0];
	free(rep);
	rep = NULL;
	if (!a->addr) {
		gnttab_unmap_id(h, a->id);
		goto fail;
	}
	a->next = h->areas;
	h->areas = a;
	return a->addr;
fail:
	err = errno;
	free(rep);
	free(a);
	errno = err;
	return NULL;
}

struct gnttab_notify {
	uint32_t flags;
	uint32_t offset;
	uint32_t port;
};

static void *gnttab_map(struct xengntdev_handle *h, uint32_t count, const uint32_t *domids, int same, const uint32_t *refs, int prot, struct gnttab_notify nt)
{
	struct xsim_req *req;
	void *addr;
	uint32_t i;

	if (!count || count > XSIM_MAX_COUNT || nt.offset >= XSIM_PAGE) {
		errno = EINVAL;
		return NULL;
	}
	req = calloc(1, sizeof(*req) + count * 2 * sizeof(uint32_t));
	if (!req)
		return NULL;
	req->op = XSIM_MAP;
	req->count = count;
	req->flags = nt.flags | (prot & PROT_WRITE ? XSIM_F_WRITE : 0);
	req->arg[0] = nt.offset;
	req->arg[1] = nt.port;
	for (i = 0; i < count; i++) {
		req->data[2 * i] = domids[same ? 0 : i];
		req->data[2 * i + 1] = refs[i];
	}
	pthread_mutex_lock(&h->c.lock);
	addr = gnttab_map_locked(h, req, prot);
	if (!addr)
		client_error(&h->c, "mapping grants failed");
	pthread_mutex_unlock(&h->c.lock);
	free(req);
	return addr;
}

void *xengnttab_map_grant_refs(xengnttab_handle *xgt, uint32_t count, uint32_t *domids, uint32_t *refs, int prot)
{
	return gnttab_map(xgt, count, domids, 0, refs, prot, (struct gnttab_notify){ 0 });
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *xgt, uint32_t count, uint32_t domid, uint32_t *refs, int prot)
{
	return gnttab_map(xgt, count, &domid, 1, refs, prot, (struct gnttab_notify){ 0 });
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid, uint32_t ref, int prot)
{
	return gnttab_map(xgt, 1, &domid, 1, &ref, prot, (struct gnttab_notify){ 0 });
}

void *xengnttab_map_grant_ref_notify(xengnttab_handle *xgt, uint32_t domid, uint32_t ref, int prot, uint32_t notify_offset, evtchn_port_t notify_port)
{
	struct gnttab_notify nt = { 0 };

	if (notify_offset != UINT32_MAX) {
		nt.flags |= XSIM_F_CLEAR_BYTE;
		nt.offset = notify_offset;
	}
	if (notify_port != UINT32_MAX) {
		nt.flags |= XSIM_F_SEND_EVENT;
		nt.port = notify_port;
	}
	return gnttab_map(xgt, 1, &domid, 1, &ref, prot, nt);
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
	struct area **link;
	struct area *a;

	pthread_mutex_lock(&xgt->c.lock);
	link = gnttab_area(xgt, start_address);
	a = link ? *link : NULL;
	if (!a || a->count != count) {
		pthread_mutex_unlock(&xgt->c.lock);
		errno = EINVAL;
		return -1;
	}
	client_fault(&xgt->c, XSIM_ON_UNMAP, 0, 1);
	*link = a->next;
	munmap(a->addr, (size_t)count * XSIM_PAGE);
	gnttab_unmap_id(xgt, a->id);
	pthread_mutex_unlock(&xgt->c.lock);
	free(a);
	return 0;
}
