/* SPDX-License-Identifier: MIT */
/* attach_charge.h - what a connection may keep mapped as static grants
 *
 * It is charged to the quota for the connection as a whole, as what a data process says of itself
 * is not believed. The VIFs of a guest share what was charged for all of them.
 */
#ifndef NETPAIR_BACKEND_ATTACH_CHARGE_H
#define NETPAIR_BACKEND_ATTACH_CHARGE_H

#include <stdbool.h>

#include "attach.h"

/* Charges the pages that the connection of a->conf may register, as far as the limits leave them. */
void attach_charge(struct attach *a);

/* Charges them for a connection that is on its process's list already, and to which an earlier control
 * granted so many. Returns true if what is charged for the VIFs of the process covers what they were granted. */
MUST_CHECK bool attach_charge_granted(struct attach *a, unsigned int granted);

/* Gives the charge back, if there is one, but for what other VIFs of the process lack. The connection has
 * left its process's list. */
void attach_uncharge(struct attach *a);

#endif
