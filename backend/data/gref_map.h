/* SPDX-License-Identifier: MIT */
/* gref_map.h - the static grants of a connection: pages mapped once and found by their ref
 *
 * Theory of operation. netif.h's ADD/DEL_GREF_MAPPING messages fill a table of
 * grefs that stay mapped, so a packet in such a page costs no grant operation.
 * What the header leaves open is settled in docs/static-grants.md.
 *
 * The pages of one list are mapped as a run, which Xen's device can only unmap
 * as a whole: so a DEL unmaps the runs it touches and maps what is left of
 * them again. The table belongs to the connection's only worker; no other
 * thread touches it.
 */
#ifndef NETPAIR_BACKEND_GREF_MAP_H
#define NETPAIR_BACKEND_GREF_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/abi.h"
#include "common/host/grant.h"
#include "mapquota.h"

/* Refs that one VIF may have mapped (XSA-300: a guest must not exhaust us). */
#define GREF_MAP_MAX 1024u

/* Entries that fit the page a list comes in. */
#define GREF_LIST_MAX (XEN_PAGE / sizeof(struct xen_netif_gref))

struct gref_map;

/* What a table works with; all borrowed. */
struct gref_map_use {
	struct grant_dev *grant;	/* maps the pages */
	struct mapquota *quota;		/* the pages are charged to it */
	struct domid guest;		/* which granted them */
	struct log_bucket *log;		/* for its log lines */
};

/* Makes an empty table. Returns 0 or -ENOMEM. */
MUST_CHECK int gref_map_new(struct gref_map **out, const struct gref_map_use *use);

/* Unmaps all pages and frees the table. NULL is fine. */
void gref_map_free(struct gref_map *s);

/* Returns the number of pages in the table. */
unsigned int gref_map_count(const struct gref_map *s);

/* Return the page of a ref, for reading (from offset on, in bytes, below
 * XEN_PAGE) or for writing; NULL: it is not in the table, or is read-only. */
const uint8_t *gref_map_read(const struct gref_map *s, struct gref gref, uint16_t offset);
uint8_t *gref_map_write(const struct gref_map *s, struct gref gref);

/* Maps all n (1..GREF_LIST_MAX) refs of a list, or none. Returns 0;
 * -EINVAL: a ref twice, an unknown flag, no room; -EDQUOT: the guest, or all guests, have as
 * many mapped as they may; other -errno of the mapping. */
MUST_CHECK int gref_map_add(struct gref_map *s, const struct xen_netif_gref *list, unsigned int n);

/* Unmaps refs and writes each entry's status; a ref that is not in the table,
 * or is one of the nbusy that await a packet, stays: INVALID_PARAMETER. Returns
 * the number of refs that were unmapped. */
MUST_CHECK unsigned int gref_map_del(struct gref_map *s, struct xen_netif_gref *list, unsigned int n,
				     const struct gref *busy, unsigned int nbusy);

/* Writes the table to list, which has room for GREF_MAP_MAX entries. Returns
 * their number. */
unsigned int gref_map_list(const struct gref_map *s, struct xen_netif_gref *list);

/* Adds the n entries that gref_map_list() wrote for a table before; those that
 * cannot be mapped any more are left out. */
void gref_map_restore(struct gref_map *s, const struct xen_netif_gref *list, unsigned int n);

#endif
