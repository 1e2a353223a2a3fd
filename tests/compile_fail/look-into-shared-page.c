/* SPDX-License-Identifier: MIT */
/* Only ring.c can access a shared page, so no other file can read a slot twice. */
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
