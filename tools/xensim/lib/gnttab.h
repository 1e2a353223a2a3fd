/* SPDX-License-Identifier: MIT */
/* gnttab.h - what the files of libxengnttab share */
#ifndef XENSIM_GNTTAB_H
#define XENSIM_GNTTAB_H

#include "client.h"

/* Another domain's grant table and pages, mapped by this handle. */
struct peer {
	struct peer *next;
	uint32_t domid;
	const struct xsim_gnt *gnt;
	uint8_t *pages;
	int pages_fd;
};

/* A run of pages mapped or shared by this handle. */
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

/* Returns the peer domid, which the host is asked for the first time.  Returns
 * NULL and errno on failure: ESRCH if there is no such domain, EPERM if it
 * grants this domain nothing.  The handle is locked. */
struct peer *gnttab_peer(struct xengntdev_handle *h, uint32_t domid);

/* Returns the link to the area that starts at addr, to take it out of the list, or NULL. */
struct area **gnttab_area(struct xengntdev_handle *h, const void *addr);

/* Unmaps everything that the handle has mapped, and frees its peers and itself. */
void gnttab_free(struct xengntdev_handle *h);

#endif
