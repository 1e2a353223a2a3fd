/* SPDX-License-Identifier: MIT */
/* vhost_session.h - one connection of a switch to a vhost-user port: socket, memory, queues
 *
 * Theory of operation. The owner of a session speaks with the switch (vhost_front.h) and never waits for it. Once all is
 * agreed the session is `ready`, and the workers use its queues. A session that has ended is not used again: the
 * next switch gets memory and queues of its own, so an earlier one that still has the old memory reaches nothing.
 *
 * The switch can write all of the memory, and believes what it likes. What it says is checked here and in virtq.h;
 * whatever is wrong ends the session.
 */
#ifndef NETPAIR_VHOST_SESSION_H
#define NETPAIR_VHOST_SESSION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"
#include "common/wire/vhost_front.h"
#include "common/wire/virtq.h"

/* A pair of queues. One worker uses it. */
struct vhost_pair {
	struct virtq in, out;		/* what the switch gives, and what it gets */
	int kick[2], call[2];		/* eventfds: we tell the switch, the switch tells us; of in and of out */
};

struct vhost_session {
	int sock;			/* a stream socket; owned; -1: hung up */
	int memory_fd;			/* owned until the switch has it; then -1 */
	uint8_t *memory;
	struct vhost_front front;	/* the owner's */
	uint64_t features;		/* agreed; fixed once it is ready */
	uint64_t until;			/* when the switch must have agreed, monotonic microseconds */
	_Atomic(const char *) wrong;	/* what a worker found wrong, static; set once */
	unsigned int have;		/* bytes of the message that is being received */
	struct vhost_user_msg got;
	unsigned int pairs;
	struct vhost_pair pair[];
};

/* Returns the bytes of the memory for so many pairs. */
size_t vhost_memory_bytes(unsigned int pairs);

/* Makes the memory: a file that nobody can shorten, as the switch gets it too. Returns its descriptor, which the
 * caller owns, or -errno. */
MUST_CHECK int vhost_memory_new(unsigned int pairs);

/* Begins a session on a socket that a switch connected, and memory of vhost_memory_new(). Owns both descriptors, also after
 * an error. wanted is of vhost_front_wants(). Returns 0 or -errno. */
MUST_CHECK int vhost_session_new(struct vhost_session **out, int sock, int memory_fd, unsigned int pairs, uint64_t wanted);

/* Goes on with the conversation, as far as it goes without waiting. Returns 0; -ECONNRESET: the switch has gone; -EPROTO: it lied, with
 * the reason in why, which is static. */
MUST_CHECK int vhost_session_run(struct vhost_session *s, const char **why);

/* Ends the connection. The switch, and each process that has a descriptor of the socket, hear of it. */
void vhost_session_hang_up(struct vhost_session *s);

/* Frees a session that no worker uses. NULL is allowed. */
void vhost_session_free(struct vhost_session *s);

#endif
