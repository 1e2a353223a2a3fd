/* SPDX-License-Identifier: MIT */
/* taplook.c - the decisions of taplook.h */
#include "taplook.h"

/* Returns whether a look of that kind is made, which is the next read then. */
static bool taplook_pays(struct taplook *l, struct taplook_kind *kind)
{
	l->now = NULL;
	if (kind->misses >= TAPLOOK_MISSES && ++kind->left_out < TAPLOOK_TRY)
		return false;
	kind->left_out = 0;
	l->now = kind;
	return true;
}

bool taplook_again(struct taplook *l)
{
	if (l->now)
		l->now->misses = 0;
	return taplook_pays(l, &l->again);
}

void taplook_empty(struct taplook *l)
{
	if (l->now && l->now->misses < TAPLOOK_MISSES)
		l->now->misses++;
	l->now = NULL;
}

bool taplook_answer(struct taplook *l)
{
	return taplook_pays(l, &l->answer);
}
