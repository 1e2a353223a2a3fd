/* SPDX-License-Identifier: MIT */
/* listener.h - a listening socket in the event loop */
#ifndef XENSIM_LISTENER_H
#define XENSIM_LISTENER_H

struct listener;

/* Listens at path (SOCK_SEQPACKET or SOCK_STREAM) and calls accepted with
 * each new connection, which accepted owns.  Returns NULL and errno on failure. */
struct listener *listener_open(const char *path, int type, void (*accepted)(int fd, void *arg), void *arg);

/* Accepts no connection until listener_resume(); clients wait in the socket's queue. */
void listener_pause(struct listener *l);
void listener_resume(struct listener *l);

/* Closes the socket and frees l, which may be NULL; the socket's file stays. */
void listener_close(struct listener *l);

#endif
