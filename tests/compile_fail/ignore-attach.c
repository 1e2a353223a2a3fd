/* SPDX-License-Identifier: MIT */
/* The caller of attach must look at its result: the page may be refused. */
/* fails: unused.result|ignoring return value */
#include "common/wire/ring.h"

int test(struct gtx_back *b, void *p);

int test(struct gtx_back *b, void *p)
{
#ifdef FAIL
	gtx_back_attach(b, p);
	return 0;
#else
	return gtx_back_attach(b, p);
#endif
}
