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

/* Charges the pages that the connection of a->conf may register, as far as the limits leave them.
 * Returns true if that is all of them. */
bool attach_charge(struct attach *a);

/* Returns the charge, if there is one. */
void attach_uncharge(struct attach *a);

/* Returns the pages that were charged for all VIFs of the process. */
unsigned int attach_charged(const struct process *p);

/* Returns how many pages the VIFs of the process may map: those that were charged; for
 * the VIFs of an earlier control what that one had granted, as long as some of them are not adopted, and so not charged. */
unsigned int attach_may_map(const struct process *p);

/* Tells the process how many these are now. */
void attach_tell_charged(struct process *p);

#endif
