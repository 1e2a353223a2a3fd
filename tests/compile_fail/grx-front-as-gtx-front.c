/* SPDX-License-Identifier: MIT */
/* The frontend's grx end is not its gtx end. */
/* fails: incompatible pointer type|incompatible pointer types|passing argument|incompatible type */
#include "common/wire/ring.h"

unsigned int test(struct gtx_front *f, struct grx_front *r);

unsigned int test(struct gtx_front *f, struct grx_front *r)
{
#ifdef FAIL
	return gtx_front_free(r);
#else
	return gtx_front_free(f);
#endif
}
