/* SPDX-License-Identifier: MIT */
/* gntshr.c - grants pages, as Linux's gntalloc behind libxengnttab
 *
 * The pages are zeroed.  Beyond the domain's limit a call fails with ENOSPC.  A
 * page that a peer still maps stays counted after unshare.
 */
#include "fault.h"
#include "gnttab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xengnttab.h>

xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger, unsigned open_flags)
{
	struct xengntdev_handle *h;
	int fds[CLIENT_FDS];

	(void)open_flags;
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	h->own_pages = -1;
	if (client_open(&h->c, XSIM_GNTSHR, logger, fds, "gntshr open") < 0) {
		free(h);
		return NULL;
	}
	h->own_pages = fds[1];
	return h;
}

int xengntshr_close(xengntshr_handle *xgs)
{
	if (xgs)
		gnttab_free(xgs);
	return 0;
}

int xengntshr_fd(xengntshr_handle *xgs)
{
	return xgs->c.sock;
}

static void gntshr_unshare_id(struct xengntdev_handle *h, uint32_t id)
{
	struct xsim_req req = { .op = XSIM_UNSHARE, .arg = { id, 0 } };
	struct xsim_rep rep;

	client_call(&h->c, &req, sizeof(req), &rep, sizeof(rep), NULL);
}

static void *gntshr_share_locked(struct xengntdev_handle *h, const struct xsim_req *req, uint32_t *refs)
{
	size_t replen = sizeof(struct xsim_rep) + req->count * sizeof(uint32_t);
	size_t bytes = (size_t)req->count * XSIM_PAGE;
	struct xsim_rep *rep = calloc(1, replen);
	struct area *a = calloc(1, sizeof(*a));
	int err = client_fault_errno(&h->c, XSIM_ON_SHARE, 0, 1, ENOSPC);

	if (err) {
		errno = err;
		goto fail;
	}
	if (!rep || !a || client_call(&h->c, req, sizeof(*req), rep, replen, NULL) < 0)
		goto fail;
	a->id = rep->arg[0];
	a->count = req->count;
	a->addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, h->own_pages, (off_t)rep->arg[1] * XSIM_PAGE);
	if (a->addr == MAP_FAILED) {
		gntshr_unshare_id(h, a->id);
		errno = ENOMEM;
		goto fail;
	}
	memcpy(refs, rep->data, req->count * sizeof(*refs));
	a->next = h->areas;
	h->areas = a;
	free(rep);
	return a->addr;
fail:
	err = errno;
	free(rep);
	free(a);
	errno = err;
	return NULL;
}

static void *gntshr_share(struct xengntdev_handle *h, const struct xsim_req *req, uint32_t *refs)
{
	void *addr = NULL;

	if (!req->count || req->count > XSIM_MAX_COUNT || req->arg[0] >= XSIM_PAGE)
		errno = EINVAL;
	else {
		pthread_mutex_lock(&h->c.lock);
		addr = gntshr_share_locked(h, req, refs);
		pthread_mutex_unlock(&h->c.lock);
	}
	if (!addr)
		client_error(&h->c, "granting pages failed");
	return addr;
}

void *xengntshr_share_pages(xengntshr_handle *xgs, uint32_t domid, int count, uint32_t *refs, int writable)
{
	struct xsim_req req = {
		.op = XSIM_SHARE,
		.domid = domid,
		.count = count < 0 ? 0 : (uint32_t)count,
		.flags = writable ? XSIM_F_WRITE : 0,
	};

	return gntshr_share(xgs, &req, refs);
}

void *xengntshr_share_page_notify(xengntshr_handle *xgs, uint32_t domid, uint32_t *ref, int writable, uint32_t notify_offset, evtchn_port_t notify_port)
{
	struct xsim_req req = {
		.op = XSIM_SHARE,
		.domid = domid,
		.count = 1,
		.flags = writable ? XSIM_F_WRITE : 0,
	};

	if (notify_offset != UINT32_MAX) {
		req.flags |= XSIM_F_CLEAR_BYTE;
		req.arg[0] = notify_offset;
	}
	if (notify_port != UINT32_MAX) {
		req.flags |= XSIM_F_SEND_EVENT;
		req.arg[1] = notify_port;
	}
	return gntshr_share(xgs, &req, ref);
}

int xengntshr_unshare(xengntshr_handle *xgs, void *start_address, uint32_t count)
{
	struct area **link;
	struct area *a;

	pthread_mutex_lock(&xgs->c.lock);
	link = gnttab_area(xgs, start_address);
	a = link ? *link : NULL;
	if (!a || a->count != count) {
		pthread_mutex_unlock(&xgs->c.lock);
		errno = EINVAL;
		return -1;
	}
	client_fault(&xgs->c, XSIM_ON_UNSHARE, 0, 1);
	*link = a->next;
	munmap(a->addr, (size_t)count * XSIM_PAGE);
	gntshr_unshare_id(xgs, a->id);
	pthread_mutex_unlock(&xgs->c.lock);
	free(a);
	return 0;
}
