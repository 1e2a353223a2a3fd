/* SPDX-License-Identifier: MIT */
/* mapquota.h - limits of the pages that stay mapped: for one guest over all its VIFs, and for all guests
 *
 * Each mapping takes an entry of the backend domain's maptrack table, whose size
 * Xen limits, and one of gntdev's. No guest, however many VIFs it has, may take
 * the entries that the others need (XSA-300). Ring pages are not counted: each VIF
 * has few, and only the toolstack makes VIFs.
 *
 * All functions are safe from every thread.
 */
#ifndef NETPAIR_BACKEND_MAPQUOTA_H
#define NETPAIR_BACKEND_MAPQUOTA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/abi.h"
#include "common/base/util.h"

/* All in pages. The zero value allows no mapping. */
struct mapquota {
	atomic_uint guest_max, all_max;
	atomic_uint all;
	atomic_uint guest[DOMID_FIRST_RESERVED];	/* by domain id; untouched memory costs nothing */
};

/* Charges n more pages to a guest. Returns false, and charges nothing, if that would exceed the
 * limit of the guest or of all guests. */
MUST_CHECK bool mapquota_charge(struct mapquota *q, struct domid guest, unsigned int n);

/* Charges as many of n more pages as the guest may have. Returns how many. */
MUST_CHECK unsigned int mapquota_charge_up_to(struct mapquota *q, struct domid guest, unsigned int n);

/* Returns n pages, which are not mapped any more, to the guest's quota. */
void mapquota_release(struct mapquota *q, struct domid guest, unsigned int n);

#endif
