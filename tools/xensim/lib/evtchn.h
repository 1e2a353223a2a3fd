/* SPDX-License-Identifier: MIT */
/* What the files of libxenevtchn share. */
#ifndef XENSIM_EVTCHN_H
#define XENSIM_EVTCHN_H

#include "client.h"

/** A peer's event memory or eventfd, shared by the ports that lead there. */
struct target {
	struct target *next;
	uint32_t users;
	uint32_t domid;
	uint32_t owner; /* 0: the memory of the domain */
	struct xsim_evt *mem;
	int efd;
};

/** A port of this handle. */
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
	int pollfd;        /* what the user waits for: efd, or an epoll set with it */
	unsigned long aio; /* makes efd readable when the host goes; 0: the epoll set does */
	struct target *targets;
	struct port *ports;
	uint32_t nr;
	uint32_t room;
	uint32_t next; /* where the search for a pending port goes on */
};

/** The handle's port @nr, or NULL. Handle locked, as for all below. */
struct port *evport_find(struct xenevtchn_handle *h, uint32_t nr);

/** Have the host make a port: its number, or -1 and errno. */
int evport_add(struct xenevtchn_handle *h, const struct xsim_req *req);

/** Forget a port of this handle. */
void evport_drop(struct xenevtchn_handle *h, struct port *p);

/** Forget all of them. */
void evport_drop_all(struct xenevtchn_handle *h);

/** Learn who is at the other end now, if that has changed; 0 or -1 and errno. */
int evport_update(struct xenevtchn_handle *h, struct port *p);

/** Make what the user waits for from the eventfd; 0 or -1 and errno. */
int evwait_open(struct xenevtchn_handle *h, unsigned int flags);

/** Close it. */
void evwait_close(struct xenevtchn_handle *h);

/** Count one more port that can be taken. */
void evwait_kick(int efd);

/** Count one less, if there is one; never waits. */
void evwait_uncount(struct xenevtchn_handle *h);

/** Wait (or not: O_NONBLOCK) until a port can be taken: 0, or -1 and errno. */
int evwait_count(struct xenevtchn_handle *h);

#endif
