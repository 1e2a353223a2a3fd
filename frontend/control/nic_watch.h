/* SPDX-License-Identifier: MIT */
/* nic_watch.h - the watchdog of a NIC's worker (common/base/stuck.h)
 *
 * A thread that does not come back cannot be cancelled, and what it may still touch cannot be given
 * back. So a worker that is stuck is reported and asked to end. Until it does its NIC is left
 * as it is, and the others go on; then it connects anew.
 */
#ifndef NETPAIR_FRONTEND_NIC_WATCH_H
#define NETPAIR_FRONTEND_NIC_WATCH_H

#include <stdbool.h>

struct nic;

/* Takes a look at the worker, if it runs. Called each second. Returns true if nic_run() is due, as
 * the NIC has a worker that was stuck. */
bool nic_watch(struct nic *n);

/* Returns true while a worker is stuck: then nothing may be done to the NIC. */
bool nic_watch_holds(struct nic *n);

#endif
