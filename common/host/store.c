/* SPDX-License-Identifier: MIT */
/* store.c - requests to xenstored */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#include "common/wire/parse.h"
#include "store.h"
#include "store_ahead.h"
#include "store_internal.h"

int store_begin(struct store *s)
{
	if (s->lost)
		return -ENOTCONN;
	store_ahead_end(s);
	store_enter();
	s->transaction = xs_transaction_start(s->handle);
	store_leave();
	return s->transaction == XBT_NULL ? store_failed(s) : 0;
}

static int store_end(struct store *s, bool abort_it)
{
	bool ok;

	if (s->lost)
		return -ENOTCONN;
	store_enter();
	ok = xs_transaction_end(s->handle, s->transaction, abort_it);
	store_leave();
	s->transaction = XBT_NULL;
	return ok ? 0 : store_failed(s);
}

int store_commit(struct store *s)
{
	return store_end(s, false);
}

void store_abort(struct store *s)
{
	int err = store_end(s, true);

	(void)err;	/* nothing was written, so there is nothing to undo */
}

static int store_join(char *path, const char *dir, const char *key)
{
	int n = snprintf(path, STORE_PATH_MAX, "%s%s%s", dir, *key ? "/" : "", key);

	return n < 0 || n >= STORE_PATH_MAX ? -ENAMETOOLONG : 0;
}

/* Copies a value that is a string of less than len bytes. */
static int store_copy(char *buf, size_t len, const char *value, size_t got)
{
	if (got >= len || memchr(value, '\0', got))
		return -EINVAL;
	memcpy(buf, value, got);
	buf[got] = '\0';
	return 0;
}

int store_read(struct store *s, char *buf, size_t len, const char *dir, const char *key)
{
	char path[STORE_PATH_MAX];
	int err = store_join(path, dir, key);
	const struct ahead_entry *ahead;
	unsigned int got;
	char *value;

	if (err || s->lost)
		return err ? err : -ENOTCONN;
	ahead = store_ahead_find(s, path);
	if (ahead)
		return ahead->err ? ahead->err : store_copy(buf, len, s->ahead.bytes + ahead->value, ahead->len);
	store_enter();
	value = xs_read(s->handle, s->transaction, path, &got);
	store_leave();
	if (!value)
		return store_failed(s);
	err = store_copy(buf, len, value, got);
	free(value);
	return err;
}

int store_read_u32(struct store *s, uint32_t *out, const char *dir, const char *key)
{
	char text[16];
	int err = store_read(s, text, sizeof(text), dir, key);

	if (err)
		return err;
	return parse_u32(out, text) ? 0 : -EINVAL;
}

int store_read_u32_or(struct store *s, uint32_t *out, const char *dir, const char *key, uint32_t def)
{
	int err = store_read_u32(s, out, dir, key);

	if (err != -ENOENT)
		return err;
	*out = def;
	return 0;
}

int store_write(struct store *s, const char *dir, const char *key, const char *value)
{
	char path[STORE_PATH_MAX];
	int err = store_join(path, dir, key);
	bool ok;

	if (err || s->lost)
		return err ? err : -ENOTCONN;
	store_ahead_end(s);
	store_enter();
	ok = xs_write(s->handle, s->transaction, path, value, (unsigned int)strlen(value));
	store_leave();
	return ok ? 0 : store_failed(s);
}

int store_write_u32(struct store *s, const char *dir, const char *key, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%" PRIu32, value);
	return store_write(s, dir, key, text);
}

int store_remove(struct store *s, const char *dir, const char *key)
{
	char path[STORE_PATH_MAX];
	int err = store_join(path, dir, key);
	bool ok;

	if (err || s->lost)
		return err ? err : -ENOTCONN;
	store_ahead_end(s);
	store_enter();
	ok = xs_rm(s->handle, s->transaction, path);
	store_leave();
	return ok || errno == ENOENT ? 0 : store_failed(s);
}

int store_list(struct store *s, const char *dir, void (*each)(void *arg, const char *name), void *arg)
{
	unsigned int n;
	char **names;

	if (s->lost)
		return -ENOTCONN;
	store_enter();
	names = xs_directory(s->handle, s->transaction, dir, &n);
	store_leave();
	if (!names)
		return errno == ENOENT ? 0 : store_failed(s);
	for (unsigned int i = 0; i < n; i++)
		each(arg, names[i]);
	free(names);
	return 0;
}

bool store_next_event(struct store *s, char *path, size_t len, char *token, size_t token_len)
{
	char **event = s->lost ? NULL : xs_check_watch(s->handle);

	if (!event)
		return false;
	snprintf(path, len, "%s", event[XS_WATCH_PATH]);
	snprintf(token, token_len, "%s", event[XS_WATCH_TOKEN]);
	free(event);
	return true;
}
