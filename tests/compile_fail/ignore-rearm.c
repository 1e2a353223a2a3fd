/* SPDX-License-Identifier: MIT */
/* rearm says whether more came: code that ignores it sleeps for ever */
/* fails: unused.result|ignoring return value */
#include "common/wire/ring.h"

void test(struct gtx_back *b, int *n);

void test(struct gtx_back *b, int *n)
{
#ifdef FAIL
	gtx_back_rearm(b);
#else
	if (gtx_back_rearm(b))
		*n = 1;
#endif
}
