/* SPDX-License-Identifier: MIT */
/* ring.h - the four ends of the two rings: gtx (guest transmit) and grx (guest receive)
 *
 * Five verbs, the same for each end:
 *   begin   snapshot the peer's index once; the other verbs use the snapshot only
 *   take    copy one entry out of the page, once, and move past it
 *   reply   stage one entry of our own (on a frontend's end: post)
 *   push    publish the staged entries; true: the peer must be signalled
 *   rearm   ask to be signalled for the next entry; true: it is there already
 *
 * Invariants:
 * - No pointer into the page leaves ring.c; an entry cannot be read twice.
 * - A response goes into the slot of its request, in order. So rsp_prod alone
 *   tells a restarted backend where to continue.
 * - begin returns -EPROTO once the peer's index is out of range, and from then on.
 *
 * Indices are free-running; counts are in slots.
 */
#ifndef NETPAIR_RING_H
#define NETPAIR_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/abi.h"
#include "common/base/positions.h"
#include "common/base/util.h"

struct shring;

/* A gtx request, copied out and not yet checked. */
struct gtx_slot {
	struct gref gref;
	uint16_t offset;	/* bytes */
	uint16_t flags;		/* NETTXF_* */
	uint16_t id;
	uint16_t size;		/* bytes; in the first slot those of the whole packet */
};

/* A grx response, copied out and not yet checked. */
struct grx_slot {
	uint16_t index;		/* its ring slot, 0..255 */
	uint16_t id;
	uint16_t offset;	/* bytes */
	uint16_t flags;		/* NETRXF_* */
	int16_t status;		/* bytes, or negative */
};

/* A backend's end: takes requests, replies with responses. */
struct ring_back {
	struct shring *sh;
	uint32_t slots;		/* in the page, a power of two */
	uint32_t req_cons;	/* next request to take */
	uint32_t req_snap;	/* req_prod as last seen */
	uint32_t rsp_pvt;	/* next response to stage */
	uint32_t rsp_pub;	/* responses published */
};

/* A frontend's end: posts requests, takes responses. */
struct ring_front {
	struct shring *sh;
	uint32_t slots;
	uint32_t req_pvt;	/* next request to stage */
	uint32_t req_pub;	/* requests published */
	uint32_t rsp_cons;	/* next response to take */
	uint32_t rsp_snap;	/* rsp_prod as last seen */
};

struct gtx_back {
	struct ring_back r;
	uint16_t id[RING_SLOTS];	/* ids of the requests that were taken */
	bool extra[RING_SLOTS];		/* the slot held an extra */
};

struct grx_back {
	struct ring_back r;
	uint16_t id[RING_SLOTS];
};

struct gtx_front {
	struct ring_front r;
	uint16_t extras;		/* extras posted and unanswered */
	bool pending[RING_SLOTS];	/* by id: posted and unanswered */
};

struct grx_front {
	struct ring_front r;
};

/* Attaches to a mapped ring page at its rsp_prod, where an earlier backend
 * stopped. Returns 0; -EPROTO: more requests are pending than the ring has slots.
 * The caller owns the page, which must outlive the end. */
MUST_CHECK int gtx_back_attach(struct gtx_back *b, void *page);
MUST_CHECK int grx_back_attach(struct grx_back *b, void *page);

/* Formats a zeroed page as an empty ring and attaches to it. */
void gtx_front_init(struct gtx_front *f, void *page);
void grx_front_init(struct grx_front *f, void *page);

/* Takes a snapshot of the peer's index [A, B]. Returns the number of entries that
 * may be taken (0..256); -EPROTO: the index is out of range (XSA-39), the ring is lost. */
MUST_CHECK int gtx_back_begin(struct gtx_back *b);
MUST_CHECK int grx_back_begin(struct grx_back *b);
MUST_CHECK int gtx_front_begin(struct gtx_front *f);
MUST_CHECK int grx_front_begin(struct grx_front *f);

/* Takes one request. Returns false if the snapshot has none left. */
MUST_CHECK bool gtx_back_take(struct gtx_back *b, struct gtx_slot *out);
MUST_CHECK bool grx_back_take(struct grx_back *b, struct gref *out);

/* Takes the next slot as an extra. Returns false if the snapshot has none left. */
MUST_CHECK bool gtx_back_take_extra(struct gtx_back *b, struct netif_extra_info *out);

/* Returns the number of requests left in the snapshot. */
unsigned int grx_back_left(const struct grx_back *b);

/* Stages responses for the n oldest unanswered requests: status (NETIF_RSP_*)
 * for those that held data, NULL for extras. */
void gtx_back_reply(struct gtx_back *b, unsigned int n, int16_t status);

/* Stages the response for the oldest unanswered request: offset and status in
 * bytes (status negative: NETIF_RSP_*), flags NETRXF_*. */
void grx_back_reply(struct grx_back *b, uint16_t offset, uint16_t flags, int16_t status);

/* Stages an extra in the slot of the oldest unanswered request. */
void grx_back_reply_extra(struct grx_back *b, const struct netif_extra_info *extra);

/* Publishes the staged responses [B, D]. Returns whether to notify the frontend. */
MUST_CHECK bool gtx_back_push(struct gtx_back *b);
MUST_CHECK bool grx_back_push(struct grx_back *b);

/* Asks for a signal at the next request [C]. Returns whether one is there already. */
MUST_CHECK bool gtx_back_rearm(struct gtx_back *b);

/* Asks for a signal once want (1..256) requests are there [C]. Returns whether they are already. */
MUST_CHECK bool grx_back_rearm(struct grx_back *b, unsigned int want);

/* Returns the number of slots free for posting. */
unsigned int gtx_front_free(const struct gtx_front *f);
unsigned int grx_front_free(const struct grx_front *f);

/* Stages one request; there must be a free slot, and slot->id must not be pending. */
void gtx_front_post(struct gtx_front *f, const struct gtx_slot *slot);
void gtx_front_post_extra(struct gtx_front *f, const struct netif_extra_info *extra);

/* Stages one empty buffer. Returns its slot, 0..255, which is also its id. */
uint16_t grx_front_post(struct grx_front *f, struct gref gref);

/* Returns the slot that the next grx_front_post() fills. */
uint16_t grx_front_next(const struct grx_front *f);

/* Takes one response; responses to extras are skipped. Returns 1: *id and *status
 * are set; 0: the snapshot has none left; -EPROTO: the id is not pending. */
MUST_CHECK int gtx_front_take(struct gtx_front *f, uint16_t *id, int16_t *status);

/* Takes one response, or one extra. Returns false if the snapshot has none left. */
MUST_CHECK bool grx_front_take(struct grx_front *f, struct grx_slot *out);
MUST_CHECK bool grx_front_take_extra(struct grx_front *f, struct netif_extra_info *out);

/* Publishes the staged requests [A, C]. Returns whether to notify the backend. */
MUST_CHECK bool gtx_front_push(struct gtx_front *f);
MUST_CHECK bool grx_front_push(struct grx_front *f);

/* Asks for a signal once ahead (1..256) more responses are there [D]. Returns
 * whether at least one is there already. */
MUST_CHECK bool gtx_front_rearm(struct gtx_front *f, unsigned int ahead);
MUST_CHECK bool grx_front_rearm(struct grx_front *f, unsigned int ahead);

/* Publish where an end is. */
void ring_show_back(const struct ring_back *r, struct ring_position *at);
void ring_show_front(const struct ring_front *r, struct ring_position *at);

#endif
