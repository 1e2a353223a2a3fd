/* SPDX-License-Identifier: MIT */
/* nobody but ring.c knows what is in the page, so none reads a slot twice */
/* fails: incomplete|undefined type */
#include "common/wire/ring.h"

uint32_t test(const struct gtx_back *b);

uint32_t test(const struct gtx_back *b)
{
#ifdef FAIL
	return b->r.sh->gtx.req_prod;
#else
	return b->r.req_cons;
#endif
}
