/* SPDX-License-Identifier: MIT */
/* vhost_front.c - the conversation of vhost_front.h: a table of messages, in their order */
#include <linux/if_tun.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <string.h>

#include "vhost_front.h"
#include "virtq.h"

#define FRONT_BIT(n_) (1ull << (n_))
#define FRONT_PROTOCOL (FRONT_BIT(VHOST_USER_PROTOCOL_F_MQ) | FRONT_BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK) | \
			FRONT_BIT(VHOST_USER_PROTOCOL_F_STATUS))
/* Without these the header before each frame would be another one. */
#define FRONT_NEEDS (FRONT_BIT(VIRTIO_F_VERSION_1) | FRONT_BIT(VIRTIO_NET_F_MRG_RXBUF))

#define FRONT_STATUS_BEGUN (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK)

/* When a message is left out. */
enum front_when { FRONT_ALWAYS, FRONT_WITH_PROTOCOL, FRONT_WITH_MQ, FRONT_WITH_STATUS };

/* The messages. Those from FRONT_FIRST_OF_VRING to FRONT_LAST_OF_VRING are said for each vring in turn. */
static const struct {
	enum vhost_user_request request;
	enum front_when when;
	bool answered;		/* by a value; else at most by an acknowledgement */
} front_says[] = {
	{ VHOST_USER_GET_FEATURES, FRONT_ALWAYS, true },
	{ VHOST_USER_GET_PROTOCOL_FEATURES, FRONT_WITH_PROTOCOL, true },
	{ VHOST_USER_SET_PROTOCOL_FEATURES, FRONT_WITH_PROTOCOL, false },
	{ VHOST_USER_GET_QUEUE_NUM, FRONT_WITH_MQ, true },
	{ VHOST_USER_SET_OWNER, FRONT_ALWAYS, false },
	{ VHOST_USER_SET_FEATURES, FRONT_ALWAYS, false },
	{ VHOST_USER_SET_STATUS, FRONT_WITH_STATUS, false },
	{ VHOST_USER_SET_MEM_TABLE, FRONT_ALWAYS, false },
	{ VHOST_USER_SET_VRING_NUM, FRONT_ALWAYS, false },
	{ VHOST_USER_SET_VRING_BASE, FRONT_ALWAYS, false },
	{ VHOST_USER_SET_VRING_ADDR, FRONT_ALWAYS, false },
	{ VHOST_USER_SET_VRING_CALL, FRONT_ALWAYS, false },
	{ VHOST_USER_SET_VRING_KICK, FRONT_ALWAYS, false },
	{ VHOST_USER_SET_VRING_ENABLE, FRONT_WITH_PROTOCOL, false },
	{ VHOST_USER_SET_STATUS, FRONT_WITH_STATUS, false },
};
#define FRONT_STEPS ARRAY_SIZE(front_says)
#define FRONT_FIRST_OF_VRING 8u
#define FRONT_LAST_OF_VRING 13u

void vhost_front_init(struct vhost_front *f, uint64_t features, unsigned int pairs)
{
	assert(pairs >= 1 && pairs <= VHOST_FRONT_PAIRS_MAX);
	*f = (struct vhost_front){ .features = features, .pairs = pairs };
}

uint64_t vhost_front_wants(unsigned int offloads)
{
	uint64_t f = FRONT_NEEDS | FRONT_BIT(VIRTIO_RING_F_EVENT_IDX) | FRONT_BIT(VIRTIO_NET_F_CSUM) |
		     FRONT_BIT(VIRTIO_NET_F_HOST_TSO4) | FRONT_BIT(VIRTIO_NET_F_HOST_TSO6);

	if (offloads & TUN_F_CSUM)
		f |= FRONT_BIT(VIRTIO_NET_F_GUEST_CSUM);
	if (offloads & TUN_F_TSO4)
		f |= FRONT_BIT(VIRTIO_NET_F_GUEST_TSO4);
	if (offloads & TUN_F_TSO6)
		f |= FRONT_BIT(VIRTIO_NET_F_GUEST_TSO6);
	return f;
}

static bool front_protocol_has(const struct vhost_front *f, unsigned int bit)
{
	return f->protocol & FRONT_BIT(bit);
}

static bool front_is_due(const struct vhost_front *f)
{
	switch (front_says[f->step].when) {
	case FRONT_ALWAYS:
		return true;
	case FRONT_WITH_PROTOCOL:
		return f->offered & FRONT_BIT(VHOST_USER_F_PROTOCOL_FEATURES);
	case FRONT_WITH_MQ:
		return front_protocol_has(f, VHOST_USER_PROTOCOL_F_MQ);
	case FRONT_WITH_STATUS:
		return front_protocol_has(f, VHOST_USER_PROTOCOL_F_STATUS);
	}
	return false;
}

/* Moves on to the next message that is due. */
static void front_advance(struct vhost_front *f)
{
	do {
		if (f->step == FRONT_LAST_OF_VRING && ++f->vring < 2 * f->pairs)
			f->step = FRONT_FIRST_OF_VRING;
		else
			f->step++;
	} while (f->step < FRONT_STEPS && !front_is_due(f));
	f->ready = f->step == FRONT_STEPS;
}

/* Returns the features that both ends have. A switch that leaves checksums to us cannot split segments. */
static uint64_t front_agreed(const struct vhost_front *f)
{
	uint64_t both = f->features & f->offered;

	if (!(both & FRONT_BIT(VIRTIO_NET_F_CSUM)))
		both &= ~(FRONT_BIT(VIRTIO_NET_F_HOST_TSO4) | FRONT_BIT(VIRTIO_NET_F_HOST_TSO6));
	if (!(both & FRONT_BIT(VIRTIO_NET_F_GUEST_CSUM)))
		both &= ~(FRONT_BIT(VIRTIO_NET_F_GUEST_TSO4) | FRONT_BIT(VIRTIO_NET_F_GUEST_TSO6));
	if (f->pairs > 1)
		both |= f->offered & FRONT_BIT(VIRTIO_NET_F_MQ);
	return both;
}

/* Returns where the vring's memory is for the switch. */
static uint64_t front_vring_addr(const struct vhost_front *f)
{
	return VHOST_FRONT_ADDR + (uint64_t)f->vring * VIRTQ_BYTES;
}

static uint64_t front_u64(const struct vhost_front *f, enum vhost_user_request request)
{
	if (request == VHOST_USER_SET_PROTOCOL_FEATURES)
		return f->protocol;
	if (request == VHOST_USER_SET_FEATURES)
		return f->features | (f->offered & FRONT_BIT(VHOST_USER_F_PROTOCOL_FEATURES));
	if (request == VHOST_USER_SET_STATUS)
		return FRONT_STATUS_BEGUN | (f->step + 1 == FRONT_STEPS ? VIRTIO_CONFIG_S_DRIVER_OK : 0);
	return f->vring;	/* of KICK and CALL, with a descriptor */
}

/* Fills the payload in. Returns its size. */
static uint32_t front_payload(const struct vhost_front *f, struct vhost_user_msg *m, enum vhost_user_request request)
{
	uint64_t at = front_vring_addr(f);

	switch (request) {
	case VHOST_USER_GET_FEATURES:
	case VHOST_USER_GET_PROTOCOL_FEATURES:
	case VHOST_USER_GET_QUEUE_NUM:
	case VHOST_USER_SET_OWNER:
		return 0;
	case VHOST_USER_SET_MEM_TABLE:
		m->payload.memory = (struct vhost_user_memory){ .regions = 1, .guest_addr = VHOST_FRONT_ADDR,
			.size = 2ull * f->pairs * VIRTQ_BYTES, .user_addr = VHOST_FRONT_ADDR };
		return sizeof(m->payload.memory);
	case VHOST_USER_SET_VRING_ADDR:
		m->payload.addr = (struct vhost_user_addr){ .index = f->vring, .desc = at + VIRTQ_DESC_AT,
			.used = at + VIRTQ_USED_AT, .avail = at + VIRTQ_AVAIL_AT };
		return sizeof(m->payload.addr);
	case VHOST_USER_SET_VRING_NUM:
	case VHOST_USER_SET_VRING_BASE:
	case VHOST_USER_SET_VRING_ENABLE:
		m->payload.state.index = f->vring;
		m->payload.state.num = request == VHOST_USER_SET_VRING_NUM ? VIRTQ_SIZE :
				       request == VHOST_USER_SET_VRING_ENABLE ? 1 : 0;
		return sizeof(m->payload.state);
	case VHOST_USER_SET_FEATURES:
	case VHOST_USER_SET_PROTOCOL_FEATURES:
	case VHOST_USER_SET_STATUS:
	case VHOST_USER_SET_VRING_KICK:
	case VHOST_USER_SET_VRING_CALL:
		m->payload.u64 = front_u64(f, request);
		return sizeof(m->payload.u64);
	}
	return 0;
}

bool vhost_front_next(struct vhost_front *f, struct vhost_user_msg *m, enum vhost_front_fd *fd, unsigned int *vring)
{
	enum vhost_user_request request;
	bool answered;

	if (f->awaits || f->ready)
		return false;
	request = front_says[f->step].request;
	answered = front_says[f->step].answered;
	memset(m, 0, sizeof(*m));
	m->head.request = request;
	m->head.flags = VHOST_USER_VERSION;
	m->head.size = front_payload(f, m, request);
	*vring = f->vring < 2 * f->pairs ? f->vring : 0;
	*fd = request == VHOST_USER_SET_MEM_TABLE ? VHOST_FD_MEMORY : request == VHOST_USER_SET_VRING_KICK ? VHOST_FD_KICK :
	      request == VHOST_USER_SET_VRING_CALL ? VHOST_FD_CALL : VHOST_FD_NONE;
	/* Not the message that agrees on it. */
	if (!answered && request != VHOST_USER_SET_PROTOCOL_FEATURES && front_protocol_has(f, VHOST_USER_PROTOCOL_F_REPLY_ACK)) {
		m->head.flags |= VHOST_USER_NEED_REPLY;
		answered = true;
	}
	if (answered)
		f->awaits = request;
	else
		front_advance(f);
	return true;
}

const char *vhost_front_head(const struct vhost_front *f, const struct vhost_user_head *head)
{
	if (!f->awaits)
		return "it speaks unasked";
	if (head->request != f->awaits)
		return "it answers another question";
	if ((head->flags & VHOST_USER_VERSION_MASK) != VHOST_USER_VERSION || !(head->flags & VHOST_USER_REPLY))
		return "its message is no answer";
	return head->size == sizeof(uint64_t) ? NULL : "its answer has a wrong length";
}

/* Takes a value that the switch offers. Returns NULL or what is wrong with it. */
static const char *front_take_value(struct vhost_front *f, uint32_t request, uint64_t value)
{
	if (request == VHOST_USER_GET_FEATURES) {
		f->offered = value;
		if ((value & FRONT_NEEDS) != FRONT_NEEDS)
			return "it lacks VIRTIO_F_VERSION_1 or VIRTIO_NET_F_MRG_RXBUF";
		f->features = front_agreed(f);
		return NULL;
	}
	if (request == VHOST_USER_GET_PROTOCOL_FEATURES) {
		f->protocol = value & FRONT_PROTOCOL;
		return f->pairs == 1 || front_protocol_has(f, VHOST_USER_PROTOCOL_F_MQ) ? NULL : "it serves one queue, and the VIF has more";
	}
	if (request == VHOST_USER_GET_QUEUE_NUM)
		return value >= f->pairs ? NULL : "it serves fewer queues than the VIF has";
	return value == 0 ? NULL : "it refuses what the protocol demands";
}

const char *vhost_front_answer(struct vhost_front *f, const struct vhost_user_msg *m)
{
	uint32_t request = f->awaits;
	const char *wrong = vhost_front_head(f, &m->head);

	if (wrong)
		return wrong;
	wrong = front_take_value(f, request, m->payload.u64);
	if (wrong)
		return wrong;
	f->awaits = 0;
	front_advance(f);
	if (request == VHOST_USER_GET_FEATURES && f->pairs > 1 && !(f->offered & FRONT_BIT(VHOST_USER_F_PROTOCOL_FEATURES)))
		return "it serves one queue, and the VIF has more";
	return NULL;
}
