/* SPDX-License-Identifier: MIT */
/* gref_map.h - the static grants of a connection: pages that are mapped once and found by their
 * grant reference
 *
 * Theory of operation. netif.h's ADD/DEL_GREF_MAPPING messages fill a table of grant
 * references that stay mapped, so a packet in such a page needs no grant operation.
 * docs/static-grants.md decides what the header leaves open.
 *
 * The pages of one list are mapped as a run, which gntdev can unmap only as a whole. So a
 * DEL unmaps each run that it concerns and maps the rest of the run again. The table
 * belongs to the connection's only worker; no other thread uses it.
 */
#ifndef NETPAIR_BACKEND_GREF_MAP_H
#define NETPAIR_BACKEND_GREF_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/abi.h"
#include "common/host/grant.h"
#include "mapquota.h"

/* The most grant references that one VIF may have mapped, so that no guest uses up the backend's
 * (XSA-300). */
#define GREF_MAP_MAX 1024u

/* The most entries of a list: those that fit in its page. */
#define GREF_LIST_MAX (XEN_PAGE / sizeof(struct xen_netif_gref))

struct gref_map;

/* What a table needs; all borrowed. */
struct gref_map_use {
	struct grant_dev *grant;	/* maps the pages */
	struct mapquota *quota;		/* the pages are charged to it */
	struct domid guest;		/* the guest that granted them */
	struct log_bucket *log;		/* for its log lines */
};

/* Makes an empty table. Returns 0 or -ENOMEM. */
MUST_CHECK int gref_map_new(struct gref_map **out, const struct gref_map_use *use);

/* Unmaps all pages and frees the table. NULL is allowed. */
void gref_map_free(struct gref_map *s);

/* Returns the number of pages in the table. */
unsigned int gref_map_count(const struct gref_map *s);

/* Return the page of a grant reference, for reading (from offset on, in bytes, below
 * XEN_PAGE) or for writing; NULL: it is not in the table, or is read-only. */
const uint8_t *gref_map_read(const struct gref_map *s, struct gref gref, uint16_t offset);
uint8_t *gref_map_write(const struct gref_map *s, struct gref gref);

/* Maps all n (1..GREF_LIST_MAX) grant references of a list, or none. Returns 0; -EINVAL: one
 * occurs twice, a flag is unknown, or there is no room; -EDQUOT: the guest, or all guests,
 * would have more mapped than they may; other -errno of the mapping. */
MUST_CHECK int gref_map_add(struct gref_map *s, const struct xen_netif_gref *list, unsigned int n);

/* Unmaps the grant references of a list and writes each entry's status. The status is
 * INVALID_PARAMETER, and nothing changes, for one that is not in the table, or that is one of
 * the nbusy buffers that wait for a packet. Returns the number that were unmapped. */
MUST_CHECK unsigned int gref_map_del(struct gref_map *s, struct xen_netif_gref *list, unsigned int n,
				     const struct gref *busy, unsigned int nbusy);

/* Writes the table to list, which has room for GREF_MAP_MAX entries. Returns
 * their number. */
unsigned int gref_map_list(const struct gref_map *s, struct xen_netif_gref *list);

/* Adds the n entries that gref_map_list() wrote for an earlier table. Leaves out those that
 * cannot be mapped any more. */
void gref_map_restore(struct gref_map *s, const struct xen_netif_gref *list, unsigned int n);

#endif
