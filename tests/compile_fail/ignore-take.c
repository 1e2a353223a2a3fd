/* SPDX-License-Identifier: MIT */
/* The caller of take must look at whether there was a slot. */
/* fails: unused.result|ignoring return value */
#include "common/wire/ring.h"

bool test(struct gtx_back *b, struct gtx_slot *s);

bool test(struct gtx_back *b, struct gtx_slot *s)
{
#ifdef FAIL
	gtx_back_take(b, s);
	return true;
#else
	return gtx_back_take(b, s);
#endif
}
