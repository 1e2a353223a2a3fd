/* SPDX-License-Identifier: MIT */
/* A grant reference is not a domain number. */
/* fails: incompatible pointer type|incompatible pointer types|passing argument|incompatible type */
#include "common/host/grant.h"

int test(struct grant_dev **g, struct domid d, struct gref r);

int test(struct grant_dev **g, struct domid d, struct gref r)
{
#ifdef FAIL
	return grant_open(g, r);
#else
	return grant_open(g, d);
#endif
}
