/* SPDX-License-Identifier: MIT */
/*
 * Grant copy without asking anyone: the table word is loaded, checked and
 * used once per segment.  Linux refuses the whole call (EINVAL) for a segment
 * without a grant on either side or whose granted side crosses its page;
 * Xen's refusals are per segment, in its status.
 */
#include "gnttab.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <xengnttab.h>
#include <xen/grant_table.h>

static int linux_refuses(const xengnttab_grant_copy_segment_t *s)
{
	if (!(s->flags & (GNTCOPY_source_gref | GNTCOPY_dest_gref)))
		return 1;
	if ((s->flags & GNTCOPY_source_gref) && s->source.foreign.offset + s->len > (int)XSIM_PAGE)
		return 1;
	return (s->flags & GNTCOPY_dest_gref) && s->dest.foreign.offset + s->len > (int)XSIM_PAGE;
}

/* One side of a segment: its bytes, or NULL and a status. */
static uint8_t *side(struct xengntdev_handle *h, const union xengnttab_copy_ptr *ptr, int write, int16_t *status)
{
	struct peer *p = gnttab_peer(h, ptr->foreign.domid);
	uint64_t e;

	*status = GNTST_general_error;
	if (!p) {
		if (errno == ESRCH)
			*status = GNTST_bad_domain;
		return NULL;
	}
	if (atomic_load_explicit(&p->gnt->dead, memory_order_relaxed)) {
		*status = GNTST_bad_domain;
		return NULL;
	}
	if (ptr->foreign.ref >= p->gnt->nr_refs) {
		*status = GNTST_bad_gntref;
		return NULL;
	}
	e = atomic_load_explicit(&p->gnt->entry[ptr->foreign.ref], memory_order_acquire);
	if (!(e & XSIM_GE_VALID) || XSIM_GE_DOM(e) != h->c.domid)
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

	s->status = GNTST_okay;
	if (!s->len)
		return;
	if (s->flags & GNTCOPY_source_gref)
		src = side(h, &s->source, 0, &s->status);
	if (s->status == GNTST_okay && (s->flags & GNTCOPY_dest_gref))
		dst = side(h, &s->dest, 1, &s->status);
	if (s->status == GNTST_okay)
		memmove(dst, src, s->len);
}

int xengnttab_grant_copy(xengnttab_handle *xgt, uint32_t count, xengnttab_grant_copy_segment_t *segs)
{
	const struct xsim_fault *f;
	int ret = 0;
	uint32_t i;

	pthread_mutex_lock(&xgt->c.lock);
	if (atomic_load_explicit(&xgt->c.gnt->dead, memory_order_relaxed)) {
		errno = ENODEV;
		ret = -1;
	}
	for (i = 0; ret == 0 && i < count; i++) {
		if (linux_refuses(&segs[i])) {
			errno = EINVAL;
			ret = -1;
			break;
		}
		f = client_fault(&xgt->c, XSIM_ON_COPY, i, count);
		if (f && f->what == XSIM_DO_DELAY)
			usleep(f->ms * 1000u);
		if (f && f->what == XSIM_DO_FAIL) {
			segs[i].status = (int16_t)(f->status ? f->status : GNTST_general_error);
			continue;
		}
		copy_one(xgt, &segs[i]);
	}
	pthread_mutex_unlock(&xgt->c.lock);
	return ret;
}
