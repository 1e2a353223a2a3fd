/* SPDX-License-Identifier: MIT */
/* grant.c - libxengnttab's map and copy */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <xengnttab.h>

#include "grant.h"
#include "xenlog.h"

/* libxengnttab: maps and copies are requests of ioctl(2), the rest is memory.
 *
 * #syscalls munmap
 * #syscalls-some ioctl mmap
 * #ioctls IOCTL_GNTDEV_MAP_GRANT_REF IOCTL_GNTDEV_UNMAP_GRANT_REF IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR
 * #ioctls IOCTL_GNTDEV_GRANT_COPY
 */
struct grant_dev {
	xengnttab_handle *handle;
	struct domid peer;
};

struct grant_batch {
	struct grant_dev *dev;
	unsigned int count;
	bool ran;
	xengnttab_grant_copy_segment_t seg[GRANT_BATCH_MAX];
};

int grant_open(struct grant_dev **out, struct domid peer)
{
	struct grant_dev *g = calloc(1, sizeof(*g));
	int err;

	if (!g)
		return -ENOMEM;
	g->peer = peer;
	g->handle = xengnttab_open(xenlog(), 0);
	if (!g->handle) {
		err = errno ? -errno : -ENODEV;
		free(g);
		return err;
	}
	*out = g;
	return 0;
}

void grant_close(struct grant_dev *g)
{
	if (!g)
		return;
	xengnttab_close(g->handle);
	free(g);
}

void *grant_map(struct grant_dev *g, struct gref gref, int *err)
{
	void *page = xengnttab_map_grant_ref(g->handle, g->peer.raw, gref.raw, PROT_READ | PROT_WRITE);

	if (!page)
		*err = errno ? -errno : -EINVAL;
	return page;
}

void grant_unmap(struct grant_dev *g, void *page)
{
	if (page)
		xengnttab_unmap(g->handle, page, 1);
}

static_assert(sizeof(struct gref) == sizeof(uint32_t), "grefs go to the library as they are");

void *grant_map_run(struct grant_dev *g, const struct gref *grefs, unsigned int n,
		    enum grant_access access, int *err)
{
	int prot = access == GRANT_READ ? PROT_READ : PROT_READ | PROT_WRITE;
	/* The library's list is not const; it is not written. */
	uint32_t *refs = (uint32_t *)(uintptr_t)&grefs[0].raw;
	void *pages = xengnttab_map_domain_grant_refs(g->handle, n, g->peer.raw, refs, prot);

	if (!pages)
		*err = errno ? -errno : -EINVAL;
	return pages;
}

void grant_unmap_run(struct grant_dev *g, void *pages, unsigned int n)
{
	xengnttab_unmap(g->handle, pages, n);
}

int grant_batch_new(struct grant_batch **out, struct grant_dev *g)
{
	struct grant_batch *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->dev = g;
	*out = b;
	return 0;
}

void grant_batch_free(struct grant_batch *b)
{
	free(b);
}

void grant_batch_reset(struct grant_batch *b)
{
	b->count = 0;
	b->ran = false;
}

unsigned int grant_batch_room(const struct grant_batch *b)
{
	return GRANT_BATCH_MAX - b->count;
}

unsigned int grant_batch_count(const struct grant_batch *b)
{
	return b->count;
}

static xengnttab_grant_copy_segment_t *grant_next_segment(struct grant_batch *b, uint16_t offset, uint16_t len)
{
	assert(b->count < GRANT_BATCH_MAX && (unsigned int)offset + len <= XEN_PAGE);
	return &b->seg[b->count++];
}

void grant_batch_from_peer(struct grant_batch *b, void *dst, struct gref src, uint16_t offset, uint16_t len)
{
	xengnttab_grant_copy_segment_t *s = grant_next_segment(b, offset, len);

	s->source.foreign.ref = src.raw;
	s->source.foreign.offset = offset;
	s->source.foreign.domid = b->dev->peer.raw;
	s->dest.virt = dst;
	s->len = len;
	s->flags = GNTCOPY_source_gref;
	s->status = GNTST_general_error;
}

void grant_batch_to_peer(struct grant_batch *b, struct gref dst, const void *src, uint16_t offset, uint16_t len)
{
	xengnttab_grant_copy_segment_t *s = grant_next_segment(b, offset, len);

	/* The library's source is not const; it is not written. */
	s->source.virt = (void *)(uintptr_t)src;
	s->dest.foreign.ref = dst.raw;
	s->dest.foreign.offset = offset;
	s->dest.foreign.domid = b->dev->peer.raw;
	s->len = len;
	s->flags = GNTCOPY_dest_gref;
	s->status = GNTST_general_error;
}

int grant_batch_run(struct grant_batch *b)
{
	if (b->count == 0)
		return 0;
	if (xengnttab_grant_copy(b->dev->handle, b->count, b->seg) < 0)
		return errno ? -errno : -EIO;
	b->ran = true;
	return 0;
}

bool grant_batch_ok(const struct grant_batch *b, unsigned int from, unsigned int n)
{
	if (!b->ran)
		return false;
	for (unsigned int i = from; i < from + n; i++)
		if (b->seg[i].status != GNTST_okay)
			return false;
	return true;
}
