/* SPDX-License-Identifier: MIT */
/* share.h - pages of our own, granted to another domain (gntalloc)
 *
 * The pages are zeroed and hold only what the caller stores there. gntalloc does
 * not free a page that the peer still maps, so no page is reused while the peer
 * can access it (XSA-396).
 */
#ifndef NETPAIR_SHARE_H
#define NETPAIR_SHARE_H

#include "common/base/util.h"

struct share_dev;

enum share_access { SHARE_READ_ONLY, SHARE_READ_WRITE };

/* Opens gntalloc for grants to domain peer. Returns 0 or -errno. */
MUST_CHECK int share_open(struct share_dev **out, struct domid peer);

/* Closes the handle; all pages must have been given to share_end(). NULL is allowed. */
void share_close(struct share_dev *s);

/* Grants count new, contiguous pages and sets count entries of grefs. Returns the
 * pages, which share_end() frees; NULL: *err is -errno, -ENOSPC if gntalloc's limit
 * is reached. */
MUST_CHECK void *share_pages(struct share_dev *s, struct gref *grefs, unsigned int count,
			     enum share_access access, int *err);

/* Ends the grants and frees the pages. */
void share_end(struct share_dev *s, void *pages, unsigned int count);

#endif
