/* SPDX-License-Identifier: MIT */
/* A packet is made by the function of the ring that it comes from. */
/* fails: incompatible pointer type|incompatible pointer types|passing argument|incompatible type */
#include "common/wire/pkt.h"

enum pkt_verdict test(struct gtx_back *g, struct grx_back *r, struct pkt *p);

enum pkt_verdict test(struct gtx_back *g, struct grx_back *r, struct pkt *p)
{
#ifdef FAIL
	return pkt_from_gtx(r, PKT_PLAIN, p);
#else
	return pkt_from_gtx(g, PKT_PLAIN, p);
#endif
}
