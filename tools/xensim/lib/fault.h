/* SPDX-License-Identifier: MIT */
/* fault.h - faults on request: which item of which operation a rule strikes */
#ifndef XENSIM_FAULT_H
#define XENSIM_FAULT_H

#include "client.h"

/* Returns the fault rule that strikes item i of n of operation op, or NULL.
 * Kills or stops the process if the rule says so.  Costs one load if there are
 * no rules. */
const struct xsim_fault *client_fault(struct client *c, enum xsim_fault_op op, uint32_t i, uint32_t n);

/* Does the same where a rule can also delay or fail the operation: waits, or
 * returns the errno of the failure (fallback if the rule has none); else 0. */
int client_fault_errno(struct client *c, enum xsim_fault_op op, uint32_t i, uint32_t n, int fallback);

#endif
