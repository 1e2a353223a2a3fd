/* SPDX-License-Identifier: MIT */
/* a step that is not taken */
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
