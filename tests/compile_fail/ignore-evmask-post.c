/* SPDX-License-Identifier: MIT */
/* The caller must look at the result: after setting a bit in a word that was 0 it must kick the channel. */
/* fails: unused.result|ignoring return value */
#include "common/wire/evmask.h"

void test(struct evmask *m, int *n);

void test(struct evmask *m, int *n)
{
#ifdef FAIL
	evmask_post(m, EVMASK_CTRL);
#else
	if (evmask_post(m, EVMASK_CTRL))
		*n = 1;
#endif
}
