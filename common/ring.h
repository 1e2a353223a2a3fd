/* SPDX-License-Identifier: MIT */
/* ring.h - the four ends of the two rings: gtx (guest transmit) and grx (guest receive)
 *
 * Five verbs, the same for each end:
 *   begin   snapshot the peer's index once; what follows looks at the snapshot only
 *   take    copy one entry out of the page, once, and move past it
 *   reply   stage one entry of our own (a front end's is called post)
 *   push    publish what is staged; true: the peer asked to be signalled
 *   rearm   ask to be signalled for the next entry; true: more came meanwhile
 *
 * What holds:
 * - No pointer into the page leaves ring.c; an entry cannot be read twice.
 * - A response goes into the slot of its request, in order, so rsp_prod alone
 *   says where a restarted backend goes on.
 * - begin fails for good (-EPROTO) once the peer's index is out of reach.
 *
 * Indices are free-running; counts are in slots.
 */
#ifndef NETPAIR_RING_H
#define NETPAIR_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "util.h"

struct shring;

/* A gtx request, copied out and not yet checked. */
struct gtx_slot {
	struct gref gref;
	uint16_t offset;	/* bytes */
	uint16_t flags;		/* NETTXF_* */
	uint16_t id;
	uint16_t size;		/* bytes; of the first slot: of the whole packet */
};

/* A grx response, copied out and not yet checked. */
struct grx_slot {
	uint16_t index;		/* the ring slot it lay in, 0..255 */
	uint16_t id;
	uint16_t offset;	/* bytes */
	uint16_t flags;		/* NETRXF_* */
	int16_t status;		/* bytes, or negative */
};

/* A backend's end: takes requests, replies with responses. */
struct ring_back {
	struct shring *sh;
	uint32_t slots;		/* of the page, a power of two */
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
	uint16_t id[RING_SLOTS];	/* of each taken request */
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

/* Attaches to a mapped ring page where the backend before us left it: at its
 * rsp_prod. -EPROTO if the page holds more than a ring's worth of requests.
 * The page stays the caller's and must outlive the end. */
MUST_CHECK int gtx_back_attach(struct gtx_back *b, void *page);
MUST_CHECK int grx_back_attach(struct grx_back *b, void *page);

/* Formats a zeroed page as an empty ring and attaches to it. */
void gtx_front_init(struct gtx_front *f, void *page);
void grx_front_init(struct grx_front *f, void *page);

/* Looks for the peer's entries [A, B]: how many may be taken now (0..256), or
 * -EPROTO if its index is out of reach (XSA-39): the ring is lost. */
MUST_CHECK int gtx_back_begin(struct gtx_back *b);
MUST_CHECK int grx_back_begin(struct grx_back *b);
MUST_CHECK int gtx_front_begin(struct gtx_front *f);
MUST_CHECK int grx_front_begin(struct grx_front *f);

/* Takes one request; false: none left in the snapshot. */
MUST_CHECK bool gtx_back_take(struct gtx_back *b, struct gtx_slot *out);
MUST_CHECK bool grx_back_take(struct grx_back *b, struct gref *out);

/* Takes the next slot as an extra info. */
MUST_CHECK bool gtx_back_take_extra(struct gtx_back *b, struct netif_extra_info *out);

/* Requests left in the snapshot. */
unsigned int grx_back_left(const struct grx_back *b);

/* Stages responses for the n oldest unanswered requests: status (NETIF_RSP_*)
 * for those that held data, NULL for extras. */
void gtx_back_reply(struct gtx_back *b, unsigned int n, int16_t status);

/* Stages the response for the oldest unanswered request: offset and status in
 * bytes (status negative: NETIF_RSP_*), flags NETRXF_*. */
void grx_back_reply(struct grx_back *b, uint16_t offset, uint16_t flags, int16_t status);

/* Stages an extra info in the slot of the oldest unanswered request. */
void grx_back_reply_extra(struct grx_back *b, const struct netif_extra_info *extra);

/* Publishes [B, D]; true: notify the frontend. */
MUST_CHECK bool gtx_back_push(struct gtx_back *b);
MUST_CHECK bool grx_back_push(struct grx_back *b);

/* Asks for a signal at the next request [C]; true: one is there already. */
MUST_CHECK bool gtx_back_rearm(struct gtx_back *b);

/* The same, for the request that makes want (1..256) of them available. */
MUST_CHECK bool grx_back_rearm(struct grx_back *b, unsigned int want);

/* Slots free for posting. */
unsigned int gtx_front_free(const struct gtx_front *f);
unsigned int grx_front_free(const struct grx_front *f);

/* Stages one request; there must be a free slot, and slot->id must not be pending. */
void gtx_front_post(struct gtx_front *f, const struct gtx_slot *slot);
void gtx_front_post_extra(struct gtx_front *f, const struct netif_extra_info *extra);

/* Stages one empty buffer; returns the slot, which is its id as well, 0..255. */
uint16_t grx_front_post(struct grx_front *f, struct gref gref);

/* The slot that the next grx_front_post() fills. */
uint16_t grx_front_next(const struct grx_front *f);

/* Takes one response. 1: id and status are its; 0: none left in the snapshot
 * (answers to extras are passed over); -EPROTO: the id is not pending. */
MUST_CHECK int gtx_front_take(struct gtx_front *f, uint16_t *id, int16_t *status);

/* Takes one response, or one extra; false: none left in the snapshot. */
MUST_CHECK bool grx_front_take(struct grx_front *f, struct grx_slot *out);
MUST_CHECK bool grx_front_take_extra(struct grx_front *f, struct netif_extra_info *out);

/* Publishes [A, C]; true: notify the backend. */
MUST_CHECK bool gtx_front_push(struct gtx_front *f);
MUST_CHECK bool grx_front_push(struct grx_front *f);

/* Asks for a signal once ahead (1..256) more responses are there [D]; true:
 * at least one is there already. */
MUST_CHECK bool gtx_front_rearm(struct gtx_front *f, unsigned int ahead);
MUST_CHECK bool grx_front_rearm(struct grx_front *f, unsigned int ahead);

#endif
