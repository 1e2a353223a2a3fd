/* SPDX-License-Identifier: MIT */
/* vhost_listen.h - the socket at which a vhost-user port awaits its switch
 *
 * The file has mode 0660, the daemon's user and the group that the directory gives: a switch that runs as another user needs that
 * group. A socket that a daemon left which was killed is replaced; whatever else is there stays, and is an error.
 */
#ifndef NETPAIR_VHOST_LISTEN_H
#define NETPAIR_VHOST_LISTEN_H

#include "common/base/reason.h"
#include "common/base/util.h"

/* Listens at path. Returns the descriptor, which the caller owns and which does not block; or -errno with the reason in why. */
MUST_CHECK int vhost_listen(const char *path, struct reason *why);

/* Ends it: closes the descriptor and removes the socket, if it is still the one. */
void vhost_listen_end(int fd, const char *path);

#endif
