/* SPDX-License-Identifier: MIT */
/* grantcopy.c - grant copy without a request to the host
 *
 * The table's word is loaded once per segment, checked, and used.  Xen's refusals
 * are in each segment's status.
 *
 * Linux's gntdev ends the whole call (EINVAL) at a segment without a grant on
 * either side or whose granted side crosses its page.  It queues operations in
 * batches of 16; a segment makes one for each local page that it touches.  What
 * is queued when a call ends early has status okay and was not copied.
 */
#include "fault.h"
#include "gnttab.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <xengnttab.h>
#include <xen/grant_table.h>

#define LINUX_BATCH 16u /* gntdev's GNTDEV_COPY_BATCH */

static int copy_linux_refuses(const xengnttab_grant_copy_segment_t *s)
{
	if (!(s->flags & (GNTCOPY_source_gref | GNTCOPY_dest_gref)))
		return 1;
	if ((s->flags & GNTCOPY_source_gref) && s->source.foreign.offset + s->len > (int)XSIM_PAGE)
		return 1;
	return (s->flags & GNTCOPY_dest_gref) && s->dest.foreign.offset + s->len > (int)XSIM_PAGE;
}

/* Returns the bytes of one side of a segment, or NULL and a status. */
static uint8_t *copy_side(struct xengntdev_handle *h, const union xengnttab_copy_ptr *ptr, int write, int16_t *status)
{
	struct peer *p = gnttab_peer(h, ptr->foreign.domid);
	uint64_t e;

	*status = GNTST_general_error;
	if (!p) {
		if (errno == ESRCH)
			*status = GNTST_bad_domain;
		return NULL;
	}
	if (atomic_load_explicit(&p->gnt->dead, memory_order_relaxed) || atomic_load_explicit(&p->gnt->domid, memory_order_relaxed) != p->domid) {
		*status = GNTST_bad_domain;
		return NULL;
	}
	if (ptr->foreign.ref >= p->gnt->nr_refs) {
		*status = GNTST_bad_gntref;
		return NULL;
	}
	e = atomic_load_explicit(&p->gnt->entry[ptr->foreign.ref], memory_order_acquire);
	if (!(e & XSIM_GE_VALID) || XSIM_GE_DOM(e) != client_domid(&h->c))
		return NULL;
	if (write && !(e & XSIM_GE_WRITE))
		return NULL;
	*status = GNTST_okay;
	return p->pages + (size_t)XSIM_GE_PAGE(e) * XSIM_PAGE + ptr->foreign.offset;
}

static void copy_one(struct xengntdev_handle *h, xengnttab_grant_copy_segment_t *s)
{
	uint8_t *dst = s->dest.virt;
	uint8_t *src = s->source.virt;

	if (!s->len)
		return;
	if (s->flags & GNTCOPY_source_gref)
		src = copy_side(h, &s->source, 0, &s->status);
	if (s->status == GNTST_okay && (s->flags & GNTCOPY_dest_gref))
		dst = copy_side(h, &s->dest, 1, &s->status);
	if (s->status == GNTST_okay)
		memmove(dst, src, s->len);
}

/* Returns how many operations Linux makes of a segment: one for each local page. */
static uint32_t copy_nr_ops(const xengnttab_grant_copy_segment_t *s)
{
	uintptr_t start;

	if (!s->len)
		return 0;
	if ((s->flags & GNTCOPY_source_gref) && (s->flags & GNTCOPY_dest_gref))
		return 1;
	start = (uintptr_t)(s->flags & GNTCOPY_source_gref ? s->dest.virt : s->source.virt);
	return (uint32_t)((start + s->len + XSIM_PAGE - 1) / XSIM_PAGE - start / XSIM_PAGE);
}

/* Applies the fault rules to segment i of n. Returns 0, or an errno that ends the call. */
static int copy_fault(struct xengntdev_handle *h, xengnttab_grant_copy_segment_t *segs, uint32_t i, uint32_t n)
{
	const struct xsim_fault *f = client_fault(&h->c, XSIM_ON_COPY, i, n);

	if (!f)
		return 0;
	if (f->what == XSIM_DO_DELAY)
		usleep(f->ms * 1000u);
	if (f->what == XSIM_DO_FAIL)
		segs[i].status = (int16_t)(f->status ? f->status : GNTST_general_error);
	if (f->what == XSIM_DO_PARTIAL)
		return f->status > 0 ? f->status : EFAULT;
	return 0;
}

static void copy_flush(struct xengntdev_handle *h, xengnttab_grant_copy_segment_t *segs, uint32_t from, uint32_t to)
{
	for (; from < to; from++)
		if (segs[from].status == GNTST_okay)
			copy_one(h, &segs[from]);
}

static int copy_locked(struct xengntdev_handle *h, uint32_t count, xengnttab_grant_copy_segment_t *segs)
{
	uint32_t flushed = 0;
	uint32_t ops = 0;
	uint32_t i;
	int err = 0;

	if (atomic_load_explicit(&h->c.gnt->dead, memory_order_relaxed))
		err = ENODEV;
	for (i = 0; !err && i < count; i++) {
		err = copy_linux_refuses(&segs[i]) ? EINVAL : 0;
		if (err)
			break;
		segs[i].status = GNTST_okay;
		err = copy_fault(h, segs, i, count);
		if (err)
			break;
		ops += copy_nr_ops(&segs[i]);
		if (ops <= LINUX_BATCH)
			continue;
		copy_flush(h, segs, flushed, i);
		flushed = i;
		ops = copy_nr_ops(&segs[i]);
	}
	if (!err)
		copy_flush(h, segs, flushed, count);
	errno = err;
	return err ? -1 : 0;
}

int xengnttab_grant_copy(xengnttab_handle *xgt, uint32_t count, xengnttab_grant_copy_segment_t *segs)
{
	int err = errno;
	int ret;

	pthread_mutex_lock(&xgt->c.lock);
	ret = copy_locked(xgt, count, segs);
	pthread_mutex_unlock(&xgt->c.lock);
	if (ret == 0)
		errno = err;
	return ret;
}
