/* SPDX-License-Identifier: MIT */
/* grants.h - grants: which domain may map or copy which page
 *
 * A page is in use from its share until it is neither shared nor mapped; only
 * then it is subtracted from the granter's limit, emptied, and free.
 * References and pages are allocated in rotation, so that a stale one stays
 * invalid for long and a copy that raced with a revocation hits a free page.
 * Maps pin pages, not references: a revoked reference can be used again while
 * a peer still maps its page.
 */
#ifndef XENSIM_GRANTS_H
#define XENSIM_GRANTS_H

#include "dom.h"

/* Requests of a handle.  Each returns 0, with its results in rep, or an errno. */
int grants_share(struct handle *h, const struct xsim_req *req, struct xsim_rep *rep);
int grants_map(struct handle *h, const struct xsim_req *req, struct xsim_rep *rep);
int grants_release(struct handle *h, uint32_t id);

/* Releases everything that a handle has shared or mapped. */
void grants_release_all(struct handle *h);

/* The handle's domain was saved: revokes its grants but keeps the pages, releases its maps. */
void grants_forget(struct handle *h);

/* Makes maps of from's pages maps of to's, so that they keep pinning the pages. */
void grants_follow(uint32_t from, uint32_t to);

/* Returns whether granter grants to anything now. */
int grants_any(const struct dom *granter, uint32_t to);

#endif
