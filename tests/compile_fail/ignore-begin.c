/* SPDX-License-Identifier: MIT */
/* The caller of begin must look at its result: the ring may be unusable. */
/* fails: unused.result|ignoring return value */
#include "common/wire/ring.h"

int test(struct gtx_back *b);

int test(struct gtx_back *b)
{
#ifdef FAIL
	gtx_back_begin(b);
	return 0;
#else
	return gtx_back_begin(b);
#endif
}
