/* SPDX-License-Identifier: MIT */
/* reason.c - the reasons of reason.h by number */
#include <string.h>

#include "reason.h"

#define REASON_TEXT_(text_) text_,
static const char *const reasons[] = { REASON_LIST(REASON_TEXT_) };
#undef REASON_TEXT_

static_assert(ARRAY_SIZE(reasons) == REASON_MAX, "a text for each number");

unsigned int reason_number(const char *text)
{
	for (unsigned int i = 0; text && i < REASON_MAX; i++)
		if (strcmp(reasons[i], text) == 0)
			return i;
	return REASON_NONE;
}

const char *reason_text(unsigned int number)
{
	return reasons[number < REASON_MAX ? number : REASON_NONE];
}
