/* SPDX-License-Identifier: MIT */
/* reason_list.c - finds the reasons of reason_list.h by text and by number */
#include <string.h>

#include "reason_list.h"

#define REASON_ROW_(of_, text_) { ERRTEXT_##of_, text_ },
static const struct {
	enum errtext_of of;
	const char *text;
} reason_list[] = { REASON_LIST(REASON_ROW_) };
#undef REASON_ROW_

static_assert(ARRAY_SIZE(reason_list) == REASON_MAX, "a text for each number");

static unsigned int reason_list_find(const char *text)
{
	for (unsigned int i = 0; text && i < REASON_MAX; i++)
		if (strcmp(reason_list[i].text, text) == 0)
			return i;
	return REASON_NONE;
}

int reason_list_fail(struct reason *r, const char *what, int err)
{
	if (err)
		reason_list_get(r, reason_list_find(what), err);
	return err;
}

unsigned int reason_list_number(const struct reason *r)
{
	return reason_list_find(r->what);
}

void reason_list_get(struct reason *r, unsigned int number, int err)
{
	unsigned int i = number < REASON_MAX ? number : REASON_NONE;

	*r = (struct reason){ .what = reason_list[i].text, .of = reason_list[i].of, .err = err };
}
