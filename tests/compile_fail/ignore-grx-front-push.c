/* SPDX-License-Identifier: MIT */
/* the frontend's push as well */
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
