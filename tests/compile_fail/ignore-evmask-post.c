/* SPDX-License-Identifier: MIT */
/* a bit in a word that was 0 wakes nobody: the channel must be kicked */
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
