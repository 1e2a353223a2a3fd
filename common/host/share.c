/* SPDX-License-Identifier: MIT */
/* share.c - libxengnttab's share side */
#include <errno.h>
#include <stdlib.h>
#include <xengnttab.h>

#include "share.h"
#include "xenlog.h"

struct share_dev {
	xengntshr_handle *handle;
	struct domid peer;
};

static_assert(sizeof(struct gref) == sizeof(uint32_t), "grefs go to the library as they are");

int share_open(struct share_dev **out, struct domid peer)
{
	struct share_dev *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->peer = peer;
	s->handle = xengntshr_open(xenlog(), 0);
	if (!s->handle) {
		err = errno ? -errno : -ENODEV;
		free(s);
		return err;
	}
	*out = s;
	return 0;
}

void share_close(struct share_dev *s)
{
	if (!s)
		return;
	xengntshr_close(s->handle);
	free(s);
}

void *share_pages(struct share_dev *s, struct gref *grefs, unsigned int count,
		  enum share_access access, int *err)
{
	void *pages;

	errno = 0;
	pages = xengntshr_share_pages(s->handle, s->peer.raw, (int)count, &grefs[0].raw,
				      access == SHARE_READ_WRITE);
	if (!pages)
		*err = errno ? -errno : -ENOSPC;
	return pages;
}

void share_end(struct share_dev *s, void *pages, unsigned int count)
{
	if (pages)
		xengntshr_unshare(s->handle, pages, count);
}
