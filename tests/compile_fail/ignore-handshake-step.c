/* SPDX-License-Identifier: MIT */
/* The caller must take the step that the state table returns. */
/* fails: unused.result|ignoring return value */
#include "common/wire/handshake.h"

enum hs_back_step test(const struct hs_back_view *v);

enum hs_back_step test(const struct hs_back_view *v)
{
#ifdef FAIL
	hs_back_next(v);
	return HS_BACK_STAY;
#else
	return hs_back_next(v);
#endif
}
