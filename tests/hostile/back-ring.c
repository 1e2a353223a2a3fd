/* SPDX-License-Identifier: MIT */
/* back-ring.c - the scripted backend's rings, written raw */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "back.h"

void rsps_put(struct back *b, const struct rsp *r)
{
	for (; r->kind != RSP_END; r++) {
		for (uint16_t i = 0; i < r->n; i++) {
			uint32_t at = b->grx_rsp++ % SLOTS;

			if (r->kind == RSP_EXTRA)
				memcpy(&b->grx->ring[at], r->x, 8);
			else
				b->grx->ring[at].rsp = (netif_rx_response_t){ .id = (uint16_t)(at + r->id_off),
					.offset = r->offset, .flags = r->flags, .status = r->status };
		}
	}
}

void front_kick(struct back *b, evtchn_port_t port, uint64_t bit)
{
	if (b->mask)
		__atomic_fetch_or(&b->mask[TO_FRONTEND], bit, __ATOMIC_SEQ_CST);
	xenevtchn_notify(b->evt, port);
}

void grx_push(struct back *b)
{
	__atomic_store_n(&b->grx->rsp_prod, b->grx_rsp, __ATOMIC_RELEASE);
	front_kick(b, b->grx_port, GRX_BIT);
}

/* Returns true once *word is want. Polls, as the frontend under test need not signal. */
static bool word_is(const uint32_t *word, uint32_t want)
{
	uint64_t end = now_us() + WAIT_MS * 1000ull;

	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != want) {
		if (now_us() > end)
			return false;
		pass_time(1);
	}
	return true;
}

bool grx_reposted(struct back *b)
{
	return word_is(&b->grx->req_prod, b->grx_rsp + b->nbufs);
}

uint16_t gtx_id(struct back *b, uint32_t at)
{
	netif_tx_request_t req = b->gtx->ring[at % SLOTS].req;

	return req.id;
}

uint32_t grx_ref(struct back *b, uint32_t at)
{
	netif_rx_request_t req = b->grx->ring[at % SLOTS].req;

	return req.gref;
}

void gtx_answer(struct back *b, uint16_t id, int16_t status)
{
	b->gtx->ring[b->gtx_rsp++ % SLOTS].rsp = (netif_tx_response_t){ .id = id, .status = status };
}

void gtx_push(struct back *b)
{
	__atomic_store_n(&b->gtx->rsp_prod, b->gtx_rsp, __ATOMIC_RELEASE);
	front_kick(b, b->gtx_port, GTX_BIT);
}

void guest_send(struct back *b, unsigned int n, unsigned int size)
{
	static uint8_t frame[9018];

	memset(frame, 0xc3, sizeof(frame));
	frame_make(frame, FRAME_RAW);
	for (unsigned int i = 0; i < n; i++)
		if (send(b->packet_fd, frame, size, 0) < 0 && errno != ENOBUFS)
			trouble(&b->t, "the guest cannot send: %s", strerror(errno));
}

bool gtx_wait(struct back *b, uint32_t n)
{
	bool got = word_is(&b->gtx->req_prod, n);

	if (!got)
		trouble(&b->t, "%u requests were made, not %u", b->gtx->req_prod, n);
	return got;
}

void gtx_answer_all(struct back *b)
{
	uint32_t prod = __atomic_load_n(&b->gtx->req_prod, __ATOMIC_ACQUIRE);

	/* A response overwrites its request, so the request is read first. */
	while (b->gtx_rsp != prod)
		gtx_answer(b, gtx_id(b, b->gtx_rsp), NETIF_RSP_OKAY);
	gtx_push(b);
}

void frame_put(struct back *b, unsigned int buf, const offload_header *h, enum frame kind)
{
	uint8_t *page = b->bufs + buf * PAGE;

	if (h)
		memcpy(page, h, HEADER_LEN);
	frame_make(page + (h ? HEADER_LEN : 0), kind);
}

void probe(struct back *b)
{
	static const struct rsp good[] = { R(60, 0, 0), { .kind = RSP_END } };
	static const struct rsp headed[] = { R(60, HEADER_LEN, 0), { .kind = RSP_END } };
	static const offload_header plain;

	frame_put(b, b->grx_rsp % b->nbufs, b->c->header ? &plain : NULL, FRAME_RAW);
	rsps_put(b, b->c->header ? headed : good);
	b->sent++;
	grx_push(b);
	if (!grx_reposted(b))
		trouble(&b->t, "a good frame was not taken");
}
