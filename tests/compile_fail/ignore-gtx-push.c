/* SPDX-License-Identifier: MIT */
/* The caller of push must look at whether the peer wants an event. */
/* fails: unused.result|ignoring return value */
#include "common/wire/ring.h"

void test(struct gtx_back *b, int *n);

void test(struct gtx_back *b, int *n)
{
#ifdef FAIL
	gtx_back_push(b);
#else
	if (gtx_back_push(b))
		*n = 1;
#endif
}
