/* SPDX-License-Identifier: MIT */
/* text from a peer is not a number until it was checked */
/* fails: unused.result|ignoring return value */
#include "common/wire/parse.h"

bool test(uint32_t *v, const char *t);

bool test(uint32_t *v, const char *t)
{
#ifdef FAIL
	parse_u32(v, t);
	return true;
#else
	return parse_u32(v, t);
#endif
}
