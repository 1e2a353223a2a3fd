/* SPDX-License-Identifier: MIT */
/* What the files of libxengnttab share. */
#ifndef XENSIM_GNTTAB_H
#define XENSIM_GNTTAB_H

#include "client.h"

/** Another domain's grants, as this handle sees them. */
struct peer {
	struct peer *next;
	uint32_t domid;
	const struct xsim_gnt *gnt;
	uint8_t *pages;
	int pages_fd;
};

/** A run of pages mapped or shared by this handle. */
struct area {
	struct area *next;
	void *addr;
	uint32_t count;
	uint32_t id;
};

struct xengntdev_handle {
	struct client c;
	struct peer *peers;
	struct area *areas;
	int own_pages;
};

/**
 * The peer @domid, asked from the host the first time.  NULL and errno:
 * ESRCH no such domain, EPERM it grants this domain nothing.  Handle locked.
 */
struct peer *gnttab_peer(struct xengntdev_handle *h, uint32_t domid);

/** The area that starts at @addr, or NULL; its link, to take it out. */
struct area **gnttab_area(struct xengntdev_handle *h, const void *addr);

/** Let go of everything that the handle has mapped, its peers and itself. */
void gnttab_free(struct xengntdev_handle *h);

#endif
