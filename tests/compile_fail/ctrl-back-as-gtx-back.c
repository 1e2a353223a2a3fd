/* SPDX-License-Identifier: MIT */
/* The control ring is not a data ring. */
/* fails: incompatible pointer type|incompatible pointer types|passing argument|incompatible type */
#include "common/wire/ctrlring.h"

int test(struct ctrl_back *c, struct gtx_back *b);

int test(struct ctrl_back *c, struct gtx_back *b)
{
#ifdef FAIL
	return ctrl_back_begin(b);
#else
	return ctrl_back_begin(c);
#endif
}
