/* SPDX-License-Identifier: MIT */
/* msg_sock.h - the messages of msg.h with their descriptors, over a SOCK_SEQPACKET socket */
#ifndef NETPAIR_BACKEND_MSG_SOCK_H
#define NETPAIR_BACKEND_MSG_SOCK_H

#include "msg.h"

/* Sends a message with the descriptors fds, which stay the caller's. Never blocks. Returns
 * 0; -EAGAIN: the other end does not keep up; other -errno. */
MUST_CHECK int msg_send(int sock, const union msg *m, const int *fds, unsigned int nfds);

/* Receives a message that passes msg_check(). fds has MSG_FDS_MAX places; *nfds of them
 * are the caller's then, and none after an error. Never blocks. Returns 0; -EAGAIN: there
 * is none; -ECONNRESET: the other end is gone; as msg_check(); other -errno. */
MUST_CHECK int msg_receive(int sock, union msg *m, enum msg_from from, int *fds, unsigned int *nfds);

#endif
