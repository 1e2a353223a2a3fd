/* SPDX-License-Identifier: MIT */
/* The caller must look at whether a peer's text is a number. */
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
