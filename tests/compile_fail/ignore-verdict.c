/* SPDX-License-Identifier: MIT */
/* The caller must look at a packet's verdict. */
/* fails: unused.result|ignoring return value */
#include "common/wire/pkt.h"

bool test(struct gtx_back *g, struct pkt *p);

bool test(struct gtx_back *g, struct pkt *p)
{
#ifdef FAIL
	pkt_from_gtx(g, PKT_PLAIN, p);
	return true;
#else
	return pkt_from_gtx(g, PKT_PLAIN, p) == PKT_TAKEN;
#endif
}
