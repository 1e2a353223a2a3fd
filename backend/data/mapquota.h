/* SPDX-License-Identifier: MIT */
/* mapquota.h - how many pages of guests stay mapped: of one guest over all its VIFs, and of all guests
 *
 * Each mapping takes an entry of the backend domain's maptrack table, which Xen
 * does not let grow past a limit, and one of gntdev's. A guest with many
 * VIFs, or the first one to ask, must not take what all others need (XSA-300).
 * Ring pages are not counted: they are few for each VIF, and only the toolstack
 * makes VIFs.
 *
 * Any thread.
 */
#ifndef NETPAIR_BACKEND_MAPQUOTA_H
#define NETPAIR_BACKEND_MAPQUOTA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/abi.h"
#include "common/base/util.h"

/* In pages. With all of it set to 0 nothing may be mapped. */
struct mapquota {
	uint32_t guest_max, all_max;
	atomic_uint all;
	atomic_uint guest[DOMID_FIRST_RESERVED];	/* by domain id; untouched memory costs nothing */
};

/* Charges n more pages to a guest. Returns false, and charges nothing, if that
 * guest or all guests together would have more than they may. */
MUST_CHECK bool mapquota_charge(struct mapquota *q, struct domid guest, unsigned int n);

/* Takes n pages that are not mapped any more off the guest's account. */
void mapquota_release(struct mapquota *q, struct domid guest, unsigned int n);

#endif
