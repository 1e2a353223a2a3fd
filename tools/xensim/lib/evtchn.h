/* SPDX-License-Identifier: MIT */
/* evtchn.h - what the files of libxenevtchn share */
#ifndef XENSIM_EVTCHN_H
#define XENSIM_EVTCHN_H

#include "client.h"

/* A peer's event memory or eventfd, shared by the ports that lead to it. */
struct target {
	struct target *next;
	uint32_t users;
	uint32_t domid;
	uint32_t owner; /* 0: the memory of the domain */
	struct xsim_evt *mem;
	int efd;
};

/* A port of this handle. */
struct port {
	uint32_t nr;
	uint32_t gen;
	atomic_uint *word; /* the peer's, NULL while unbound */
	struct target *mem;
	struct target *efd;
};

struct xenevtchn_handle {
	struct client c;
	struct xsim_evt *own;
	int efd;
	int pollfd;        /* the user waits for it: efd, or an epoll set with it */
	unsigned long aio; /* makes efd readable when the host is gone; 0: the epoll set does */
	struct target *targets;
	struct port *ports;
	uint32_t nr;
	uint32_t room;
	uint32_t next; /* where the next search for a pending port starts */
};

#endif
