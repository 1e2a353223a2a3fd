/* SPDX-License-Identifier: MIT */
/* ctrlring.h - the two ends of the control ring, with the verbs of ring.h
 *
 * The ring has 128 slots. Each request is owed one response, which echoes its id
 * and type (netif.h, "Control Protocol"). Our backend answers in order.
 */
#ifndef NETPAIR_CTRLRING_H
#define NETPAIR_CTRLRING_H

#include "ring.h"

#define CTRL_SLOTS 128u

/* The functions below do what ring.h says of those of the same verb. */
struct ctrl_back { struct ring_back r; };
struct ctrl_front { struct ring_front r; };

MUST_CHECK int ctrl_back_attach(struct ctrl_back *b, void *page);
MUST_CHECK int ctrl_back_begin(struct ctrl_back *b);
MUST_CHECK bool ctrl_back_take(struct ctrl_back *b, struct xen_netif_ctrl_request *out);
void ctrl_back_reply(struct ctrl_back *b, const struct xen_netif_ctrl_response *rsp);
MUST_CHECK bool ctrl_back_push(struct ctrl_back *b);
MUST_CHECK bool ctrl_back_rearm(struct ctrl_back *b);

void ctrl_front_init(struct ctrl_front *f, void *page);
MUST_CHECK int ctrl_front_begin(struct ctrl_front *f);
void ctrl_front_post(struct ctrl_front *f, const struct xen_netif_ctrl_request *req);
MUST_CHECK bool ctrl_front_take(struct ctrl_front *f, struct xen_netif_ctrl_response *out);
MUST_CHECK bool ctrl_front_push(struct ctrl_front *f);
MUST_CHECK bool ctrl_front_rearm(struct ctrl_front *f);

#endif
