/* SPDX-License-Identifier: MIT */
/* vhost_user.h - the messages of the vhost-user protocol
 *
 * There is no system header for them. Source: the vhost-user specification in QEMU's documentation
 * (docs/interop/vhost-user.rst, "Message Specification" and "Front-end message types"). A message is a head and size
 * bytes, in the machine's byte order, over a stream socket of the local machine; descriptors go beside it.
 */
#ifndef NETPAIR_VHOST_USER_H
#define NETPAIR_VHOST_USER_H

#include <stdint.h>

#include "common/base/util.h"

enum vhost_user_request {
	VHOST_USER_GET_FEATURES = 1,
	VHOST_USER_SET_FEATURES = 2,
	VHOST_USER_SET_OWNER = 3,
	VHOST_USER_SET_MEM_TABLE = 5,
	VHOST_USER_SET_VRING_NUM = 8,
	VHOST_USER_SET_VRING_ADDR = 9,
	VHOST_USER_SET_VRING_BASE = 10,
	VHOST_USER_SET_VRING_KICK = 12,
	VHOST_USER_SET_VRING_CALL = 13,
	VHOST_USER_GET_PROTOCOL_FEATURES = 15,
	VHOST_USER_SET_PROTOCOL_FEATURES = 16,
	VHOST_USER_GET_QUEUE_NUM = 17,
	VHOST_USER_SET_VRING_ENABLE = 18,
	VHOST_USER_SET_STATUS = 39,
};

/* Flags of a head. */
#define VHOST_USER_VERSION 1u
#define VHOST_USER_VERSION_MASK 3u
#define VHOST_USER_REPLY 4u
#define VHOST_USER_NEED_REPLY 8u

/* The feature bit that says that there are protocol features, and those. */
#define VHOST_USER_F_PROTOCOL_FEATURES 30u
#define VHOST_USER_PROTOCOL_F_MQ 0u
#define VHOST_USER_PROTOCOL_F_REPLY_ACK 3u
#define VHOST_USER_PROTOCOL_F_STATUS 16u

struct vhost_user_head {
	uint32_t request;	/* enum vhost_user_request */
	uint32_t flags;
	uint32_t size;		/* bytes that follow */
};

struct vhost_user_state { uint32_t index, num; };

struct vhost_user_addr {
	uint32_t index, flags;
	uint64_t desc, used, avail, log;
};

/* A memory table of one region. */
struct vhost_user_memory {
	uint32_t regions, zero;
	uint64_t guest_addr, size, user_addr, offset;
};

/* A message. Nothing lies between head and payload on the wire, so both are copied by themselves. */
struct vhost_user_msg {
	struct vhost_user_head head;
	union {
		uint64_t u64;
		struct vhost_user_state state;
		struct vhost_user_addr addr;
		struct vhost_user_memory memory;
	} payload;
};

static_assert(sizeof(struct vhost_user_head) == 12, "head of a message");
static_assert(sizeof(struct vhost_user_state) == 8 && sizeof(struct vhost_user_addr) == 40 &&
	      sizeof(struct vhost_user_memory) == 40, "payloads");

#endif
