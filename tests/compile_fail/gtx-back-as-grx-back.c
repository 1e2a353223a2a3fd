/* SPDX-License-Identifier: MIT */
/* The backend's gtx end is not its grx end. */
/* fails: incompatible pointer type|incompatible pointer types|passing argument|incompatible type */
#include "common/wire/ring.h"

int test(struct gtx_back *b, struct grx_back *r);

int test(struct gtx_back *b, struct grx_back *r)
{
#ifdef FAIL
	return grx_back_begin(b);
#else
	return grx_back_begin(r);
#endif
}
