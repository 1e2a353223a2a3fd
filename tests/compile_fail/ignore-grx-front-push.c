/* SPDX-License-Identifier: MIT */
/* The caller of the frontend's push must look at whether the peer wants an event. */
/* fails: unused.result|ignoring return value */
#include "common/wire/ring.h"

void test(struct grx_front *f, int *n);

void test(struct grx_front *f, int *n)
{
#ifdef FAIL
	grx_front_push(f);
#else
	if (grx_front_push(f))
		*n = 1;
#endif
}
