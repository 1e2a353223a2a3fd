/* SPDX-License-Identifier: MIT */
/* The two ends of one ring have different types. */
/* fails: incompatible pointer type|incompatible pointer types|passing argument|incompatible type */
#include "common/wire/ring.h"

int test(struct gtx_front *f, struct gtx_back *b);

int test(struct gtx_front *f, struct gtx_back *b)
{
#ifdef FAIL
	return gtx_back_begin(f);
#else
	return gtx_back_begin(b);
#endif
}
