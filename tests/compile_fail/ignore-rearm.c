/* SPDX-License-Identifier: MIT */
/* The caller of rearm must look at whether more came: it would sleep for ever otherwise. */
/* fails: unused.result|ignoring return value */
#include "common/wire/ring.h"

void test(struct gtx_back *b, int *n);

void test(struct gtx_back *b, int *n)
{
#ifdef FAIL
	gtx_back_rearm(b);
#else
	if (gtx_back_rearm(b))
		*n = 1;
#endif
}
