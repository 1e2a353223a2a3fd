/* SPDX-License-Identifier: MIT */
/* attach_stuck.h - a connection whose worker is stuck is made anew
 *
 * A thread that does not come back cannot be cancelled, and what it may still touch cannot be
 * unmapped. In a data process the process is killed, and the next one adopts the rings of all VIFs
 * of the guest: that costs them milliseconds. In a thread of control the worker is
 * asked to end. Until it does the VIF is left as it is, and the others go on; then its rings are adopted.
 */
#ifndef NETPAIR_BACKEND_ATTACH_STUCK_H
#define NETPAIR_BACKEND_ATTACH_STUCK_H

#include "attach.h"

/* Returns whether the process that serves it has answered all that it was asked: it runs. */
MUST_CHECK bool attach_answers(const struct attach *a);

/* Asks the data process something that it answers at once. Without one it does nothing. */
void attach_probe(struct attach *a);

/* Makes a connection that is up anew; `lost` is set once its rings can be adopted. */
void attach_reset(struct attach *a);

/* Goes on with attach_reset(). Called each second. */
void attach_reset_tick(struct attach *a);

#endif
