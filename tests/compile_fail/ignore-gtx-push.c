/* SPDX-License-Identifier: MIT */
/* push says whether the peer is to be signalled */
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
