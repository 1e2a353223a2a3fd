/* SPDX-License-Identifier: MIT */
/* vhost_front.h - what the front-end of the vhost-user protocol says, in which order, and what it believes
 *
 * Theory of operation. The front-end asks and tells; the back-end, a switch, answers what is asked, and nothing
 * else. So vhost_front_next() gives the messages one after another, and vhost_front_answer() takes the answer to the last
 * one, if it has any. Each answer is of eight bytes. Whatever differs from the answer that is waited for is a lie, and ends the
 * conversation. Nothing is waited for but by this state: a switch that is silent costs no thread.
 *
 * Each pair of queues has two vrings: 2 * pair for what the switch gives, and the next one for what it gets.
 */
#ifndef NETPAIR_VHOST_FRONT_H
#define NETPAIR_VHOST_FRONT_H

#include <stdbool.h>
#include <stdint.h>

#include "vhost_user.h"

/* Where the shared memory is for the switch: an address that says nothing of ours. */
#define VHOST_FRONT_ADDR 0x40000000ull

#define VHOST_FRONT_PAIRS_MAX 16u

/* The descriptor that goes with a message. */
enum vhost_front_fd { VHOST_FD_NONE, VHOST_FD_MEMORY, VHOST_FD_KICK, VHOST_FD_CALL };

/* The conversation. The members but those that are said to be of the caller are vhost_front.c's. */
struct vhost_front {
	uint64_t features;	/* of the caller: wanted; once it is ready, what was agreed */
	unsigned int pairs;	/* of the caller */
	unsigned int step;
	unsigned int vring;	/* that the step is about */
	uint64_t offered;	/* by the switch */
	uint64_t protocol;	/* agreed protocol features */
	uint32_t awaits;	/* the request whose answer is waited for; 0: none */
	bool ready;		/* everything was said, and answered */
};

/* Begins a conversation for that many pairs of queues, which wants those features (bits of virtio_net.h and
 * virtio_config.h). */
void vhost_front_init(struct vhost_front *f, uint64_t features, unsigned int pairs);

/* Makes the next message, and says which descriptor goes with it: *vring is the one whose. Returns false if an answer is
 * waited for, or if everything was said. */
MUST_CHECK bool vhost_front_next(struct vhost_front *f, struct vhost_user_msg *m, enum vhost_front_fd *fd, unsigned int *vring);

/* Takes a message of the switch, of which the head says how long it is. Returns NULL, or what is wrong with it, which is static. */
MUST_CHECK const char *vhost_front_answer(struct vhost_front *f, const struct vhost_user_msg *m);

/* Returns NULL if the head of a message of the switch may be that of the answer that is waited for; else what is wrong. */
MUST_CHECK const char *vhost_front_head(const struct vhost_front *f, const struct vhost_user_head *head);

/* Returns the features that a switch can be asked for on behalf of a guest with those offloads (TUN_F_*). */
uint64_t vhost_front_wants(unsigned int offloads);

#endif
