/* SPDX-License-Identifier: MIT */
/* hooks.c - the functions that the host has registered */
#include "hooks.h"

static const struct store_hooks *store_hooks;

void store_hooks_set(const struct store_hooks *hooks)
{
	store_hooks = hooks;
}

const struct store_hooks *store_hooks_get(void)
{
	return store_hooks;
}
