/* SPDX-License-Identifier: MIT */
/* store.c - xenstore as the hostile programs use it */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

#define PATH_LEN 512

static const char *join(char *path, const char *dir, const char *key)
{
	snprintf(path, PATH_LEN, "%s/%s", dir, key);
	return path;
}

char *store_get(struct xs_handle *xs, const char *dir, const char *key)
{
	char path[PATH_LEN];
	unsigned int len;

	return xs_read(xs, XBT_NULL, join(path, dir, key), &len);
}

void store_put(struct xs_handle *xs, xs_transaction_t tx, const char *dir, const char *key, const char *value)
{
	char path[PATH_LEN];

	/* A refusal is what some cases are after; the states tell. */
	xs_write(xs, tx, join(path, dir, key), value, (unsigned int)strlen(value));
}

void store_put_u32(struct xs_handle *xs, xs_transaction_t tx, const char *dir, const char *key, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	store_put(xs, tx, dir, key, text);
}

void store_rm(struct xs_handle *xs, xs_transaction_t tx, const char *dir, const char *key)
{
	char path[PATH_LEN];

	xs_rm(xs, tx, join(path, dir, key));
}

unsigned int store_state(struct xs_handle *xs, const char *dir)
{
	char *text = store_get(xs, dir, "state");
	unsigned int state = text ? (unsigned int)strtoul(text, NULL, 10) : 0;

	free(text);
	return state > 8 ? 0 : state;
}

int store_wait_state(struct xs_handle *xs, const char *dir, unsigned int mask, unsigned int ms)
{
	uint64_t end = now_us() + ms * 1000ull;

	for (;;) {
		struct pollfd p = { .fd = xs_fileno(xs), .events = POLLIN };
		uint64_t now = now_us();
		char **event;
		unsigned int state;

		while ((event = xs_check_watch(xs)))
			free(event);
		state = store_state(xs, dir);
		if (mask & 1u << state)
			return (int)state;
		if (now >= end)
			return -1;
		poll(&p, 1, (int)((end - now) / 1000) + 1);
	}
}
