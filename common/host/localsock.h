/* SPDX-License-Identifier: MIT */
/* localsock.h - SOCK_SEQPACKET sockets in the run directory */
#ifndef NETPAIR_LOCALSOCK_H
#define NETPAIR_LOCALSOCK_H

#include <stdbool.h>
#include <sys/un.h>

#include "common/base/util.h"

/* Returns whether there is something at the address that is no socket. A link is none, wherever it leads. */
MUST_CHECK bool localsock_is_other(const struct sockaddr_un *at);

/* Connects without blocking. Returns the descriptor, which the caller owns; -ENOENT: nobody listens there;
 * -EAGAIN: somebody does, and its queue is full; other -errno. */
MUST_CHECK int localsock_connect(const struct sockaddr_un *at);

/* Returns 0: nobody listens there; -EBUSY: somebody does; other -errno. */
MUST_CHECK int localsock_is_free(const struct sockaddr_un *at);

/* Listens at an address where there is nothing, with mode 0600 and room for backlog connections that wait. Returns
 * the descriptor, which the caller owns and which does not block, or -errno. */
MUST_CHECK int localsock_listen(const struct sockaddr_un *at, int backlog);

#endif
