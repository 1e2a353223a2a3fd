/* SPDX-License-Identifier: MIT */
/* fdstore.h - descriptors that the service manager stores over a restart
 *
 * Theory of operation. A TAP without an open descriptor loses its carrier and the
 * frames that are sent to it. So the service manager stores a descriptor of each
 * TAP and passes it to the next start of the daemon (FDSTORE=1 of
 * sd_pid_notify_with_fds(3), FileDescriptorStoreMax= of the unit). Frames that
 * arrive meanwhile wait in the TAP's queue. The name of a descriptor is that of
 * its device's state file (devstate.h). Without a service manager nothing is
 * stored and nothing is found.
 *
 * For the control thread.
 */
#ifndef NETPAIR_FDSTORE_H
#define NETPAIR_FDSTORE_H

#include "common/base/util.h"

/* Returns a descriptor of that name that was stored over the restart, which the
 * caller owns from now on; -ENOENT: there is none left. */
MUST_CHECK int fdstore_get(const char *name);

/* Makes fdstore_get() return fd for that name, as if the service manager had passed it. Takes fd. */
void fdstore_put(const char *name, int fd);

/* Stores fd under that name, in place of an earlier one. The caller keeps fd. */
void fdstore_store(const char *name, int fd);

/* Removes the stored descriptors of that name. The service manager has closed them
 * when this returns, unless it did not answer within a second. */
void fdstore_remove(const char *name);

#endif
