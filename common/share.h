/* SPDX-License-Identifier: MIT */
/* share.h - pages of our own, granted to another domain (gntalloc)
 *
 * The pages are born zeroed and hold nothing but what is put there; gntalloc
 * keeps a page that the peer still maps, so none is ever reused while the peer
 * can reach it (XSA-396).
 */
#ifndef NETPAIR_SHARE_H
#define NETPAIR_SHARE_H

#include "util.h"

struct share_dev;

enum share_access { SHARE_READ_ONLY, SHARE_READ_WRITE };

/* Opens gntalloc for grants to domain peer. -errno. */
MUST_CHECK int share_open(struct share_dev **out, struct domid peer);

/* Unshares nothing: the pages must have been given back. NULL is fine. */
void share_close(struct share_dev *s);

/* Grants count new, contiguous pages; grefs takes count entries. NULL with
 * -errno in *err; -ENOSPC: gntalloc's limit is reached. */
MUST_CHECK void *share_pages(struct share_dev *s, struct gref *grefs, unsigned int count,
			     enum share_access access, int *err);
void share_end(struct share_dev *s, void *pages, unsigned int count);

#endif
