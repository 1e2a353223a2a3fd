/* SPDX-License-Identifier: MIT */
/* A plain number is not a grant reference. */
/* fails: incompatible pointer type|incompatible pointer types|passing argument|incompatible type */
#include "common/host/grant.h"

void *test(struct grant_dev *g, uint32_t n, int *err);

void *test(struct grant_dev *g, uint32_t n, int *err)
{
#ifdef FAIL
	return grant_map(g, n, err);
#else
	return grant_map(g, gref_of(n), err);
#endif
}
