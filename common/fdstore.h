/* SPDX-License-Identifier: MIT */
/* fdstore.h - descriptors that outlive us
 *
 * Theory of operation. A TAP that nobody holds loses its carrier and what is
 * sent to it. So TAPs are handed to the service manager as well, which holds
 * them while we are away and hands them to our next start (FDSTORE=1 of
 * sd_pid_notify_with_fds(3), FileDescriptorStoreMax= of the unit): what comes
 * meanwhile waits in the TAP's queue. A descriptor goes under its TAP's note's
 * name (tap.h). Where no manager keeps any, nothing is kept and nothing found.
 * For the control thread.
 */
#ifndef NETPAIR_FDSTORE_H
#define NETPAIR_FDSTORE_H

#include "util.h"

/* Takes out a descriptor of that name that was kept over our start; it is the
 * caller's then. -ENOENT: there is none (more). */
MUST_CHECK int fdstore_take(const char *name);

/* Has fd kept from now on, instead of what was kept under that name; it stays the caller's. */
void fdstore_keep(const char *name, int fd);

/* Has those of that name kept no longer: they are closed when this returns, or
 * after a second, if the manager does not answer. */
void fdstore_drop(const char *name);

#endif
