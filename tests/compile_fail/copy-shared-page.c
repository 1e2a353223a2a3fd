/* SPDX-License-Identifier: MIT */
/* A shared page cannot be copied whole. */
/* fails: incomplete|undefined type|invalid application */
#include "common/wire/ring.h"

unsigned long test(const struct gtx_back *b);

unsigned long test(const struct gtx_back *b)
{
#ifdef FAIL
	return sizeof(*b->r.sh);
#else
	return sizeof(*b);
#endif
}
