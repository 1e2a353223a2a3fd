/* SPDX-License-Identifier: MIT */
/* take says that there was nothing */
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
