/* SPDX-License-Identifier: MIT */
/* statics.h - the static grants of a connection: pages mapped once, found by their ref
 *
 * Theory of operation. netif.h's ADD/DEL_GREF_MAPPING messages fill a table of
 * grefs that stay mapped, so a packet in such a page costs no grant operation.
 * What the header leaves open is settled in docs/static-grants.md.
 *
 * The pages of one list are mapped as a run, which Xen's device can only unmap
 * as a whole: so a DEL unmaps the runs it touches and maps what is left of
 * them again. The table belongs to the queue's worker; nobody else looks.
 */
#ifndef NETPAIR_STATICS_H
#define NETPAIR_STATICS_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/abi.h"
#include "../common/grant.h"
#include "mapquota.h"

/* Refs that one VIF may have mapped (XSA-300: a guest must not exhaust us). */
#define STATICS_MAX 1024u

/* Entries that fit the page a list comes in. */
#define STATICS_LIST_MAX (XEN_PAGE / sizeof(struct xen_netif_gref))

struct statics;

/* What a table is made with; all borrowed. */
struct statics_use {
	struct grant_dev *grant;	/* maps the pages */
	struct mapquota *quota;		/* they are charged to */
	struct domid guest;		/* whose they are */
	struct log_bucket *log;		/* what the table has to say */
};

/* Makes an empty table. -ENOMEM. */
MUST_CHECK int statics_new(struct statics **out, const struct statics_use *use);

/* Unmaps everything. NULL is fine. */
void statics_free(struct statics *s);

unsigned int statics_count(const struct statics *s);

/* The page of a ref, for reading, or for writing; NULL: not in the table, or
 * read-only. offset is in bytes, below XEN_PAGE. */
const uint8_t *statics_read(const struct statics *s, struct gref gref, uint16_t offset);
uint8_t *statics_write(const struct statics *s, struct gref gref);

/* Maps all n (1..STATICS_LIST_MAX) refs of a list, or none. -EINVAL: a ref
 * twice, an unknown flag, no room; -EDQUOT: the guest, or all guests, have as
 * many mapped as they may; other -errno of the mapping. */
MUST_CHECK int statics_add(struct statics *s, const struct xen_netif_gref *list, unsigned int n);

/* Unmaps refs and writes each entry's status; a ref that is not in the table,
 * or is one of the nbusy that await a packet, stays: INVALID_PARAMETER. How
 * many were unmapped. */
MUST_CHECK unsigned int statics_del(struct statics *s, struct xen_netif_gref *list, unsigned int n,
				    const struct gref *busy, unsigned int nbusy);

/* Writes the table to list, which has room for STATICS_MAX entries. Returns
 * their number. */
unsigned int statics_list(const struct statics *s, struct xen_netif_gref *list);

/* Adds the n entries that statics_list() wrote for a table before; those that
 * cannot be mapped any more are left out. */
void statics_restore(struct statics *s, const struct xen_netif_gref *list, unsigned int n);

#endif
