/* SPDX-License-Identifier: MIT */
/* ctrl.c - the scripted frontend's control ring, written raw */
#include "front.h"

#define MSGS 128u

void msg_put(struct front *f, uint16_t id, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2)
{
	f->ctrl->ring[f->m.req++ % MSGS].req =
		(struct xen_netif_ctrl_request){ .id = id, .type = type, .data = { d0, d1, d2 } };
}

void msg_push(struct front *f)
{
	__atomic_store_n(&f->ctrl->req_prod, f->m.req, __ATOMIC_RELEASE);
	bit_set(f, 1);
	xenevtchn_notify(f->evt, !f->c->mask ? f->ctrl_port : f->nth ? f->other.port : f->port);
}

bool msg_settle(struct front *f, unsigned int ms)
{
	uint64_t end = now_us() + ms * 1000ull;

	/* Polls: responses come within microseconds, and a case may attack the channel. */
	while (__atomic_load_n(&f->ctrl->rsp_prod, __ATOMIC_ACQUIRE) != f->m.req) {
		if (now_us() > end)
			return false;
		pass_time(0);
	}
	return true;
}

struct answer msg_call(struct front *f, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2)
{
	uint16_t id = (uint16_t)(f->m.req * 257u + 3u);
	struct xen_netif_ctrl_response rsp;

	msg_put(f, id, type, d0, d1, d2);
	msg_push(f);
	if (!msg_settle(f, WAIT_MS)) {
		trouble(&f->t, "message %u is not answered", type);
		return (struct answer){ UINT32_MAX, 0 };
	}
	rsp = f->ctrl->ring[(f->m.req - 1) % MSGS].rsp;
	f->m.rsp = f->m.req;
	if (rsp.id != id || rsp.type != type)
		trouble(&f->t, "message %u id %u was answered as %u id %u", type, id, rsp.type, rsp.id);
	return (struct answer){ rsp.status, rsp.data };
}

void msg_want(struct front *f, const char *what, uint32_t status, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2)
{
	struct answer a = msg_call(f, type, d0, d1, d2);

	if (a.status != status)
		trouble(&f->t, "%s: the status is %u, not %u", what, a.status, status);
}
