/* SPDX-License-Identifier: MIT */
/* store.c - libxenstore */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#include "store.h"

/* Transactions that lose against others are begun again, but not for ever. */
#define TRANSACTION_TRIES 32

struct store {
	struct xs_handle *handle;
	xs_transaction_t transaction;
};

int store_open(struct store **out)
{
	struct store *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	errno = 0;
	s->handle = xs_open(0);
	if (!s->handle) {
		/* No socket and no device: nothing to do with a node. */
		err = errno && errno != ENOENT ? -errno : -ECONNREFUSED;
		free(s);
		return err;
	}
	s->transaction = XBT_NULL;
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	xs_close(s->handle);
	free(s);
}

int store_fd(struct store *s)
{
	return xs_fileno(s->handle);
}

bool store_alive(struct store *s)
{
	unsigned int len;
	void *v;

	errno = 0;
	v = xs_read(s->handle, XBT_NULL, "domid", &len);
	free(v);
	/* Any answer will do; no answer is what a dead daemon gives. */
	return v || errno == ENOENT || errno == EACCES;
}

int store_begin(struct store *s)
{
	s->transaction = xs_transaction_start(s->handle);
	return s->transaction == XBT_NULL ? -errno : 0;
}

static int store_end(struct store *s, bool abort_it)
{
	bool ok = xs_transaction_end(s->handle, s->transaction, abort_it);

	s->transaction = XBT_NULL;
	return ok ? 0 : -errno;
}

int store_commit(struct store *s)
{
	return store_end(s, false);
}

void store_abort(struct store *s)
{
	int err = store_end(s, true);

	(void)err;	/* nothing was written, and nothing is to be done about it */
}

static int join(char *path, const char *dir, const char *key)
{
	int n = snprintf(path, STORE_PATH_MAX, "%s%s%s", dir, *key ? "/" : "", key);

	return n < 0 || n >= STORE_PATH_MAX ? -ENAMETOOLONG : 0;
}

int store_read(struct store *s, char *buf, size_t len, const char *dir, const char *key)
{
	char path[STORE_PATH_MAX];
	int err = join(path, dir, key);
	unsigned int got;
	char *value;

	if (err)
		return err;
	value = xs_read(s->handle, s->transaction, path, &got);
	/* The library's own EINVAL (an answer cut short by xenstored's death) is
	 * not about the value. */
	if (!value)
		return errno == EINVAL ? -EIO : -errno;
	if (got >= len || memchr(value, '\0', got)) {
		err = -EINVAL;
	} else {
		memcpy(buf, value, got);
		buf[got] = '\0';
	}
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
	int err = join(path, dir, key);

	if (err)
		return err;
	return xs_write(s->handle, s->transaction, path, value, (unsigned int)strlen(value)) ? 0 : -errno;
}

int store_write_u32(struct store *s, const char *dir, const char *key, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%" PRIu32, value);
	return store_write(s, dir, key, text);
}

int store_write_live(struct store *s, const char *dir, const char *key, const char *value)
{
	char state[STORE_VALUE_MAX];
	int err = -EAGAIN;

	for (int tries = 0; tries < TRANSACTION_TRIES && err == -EAGAIN; tries++) {
		err = store_begin(s);
		if (err)
			return err;
		err = store_read(s, state, sizeof(state), dir, "state");
		if (!err || err == -EINVAL)
			err = store_write(s, dir, key, value);
		if (err)
			store_abort(s);
		else
			err = store_commit(s);
	}
	return err;
}

int store_remove(struct store *s, const char *dir, const char *key)
{
	char path[STORE_PATH_MAX];
	int err = join(path, dir, key);

	if (err)
		return err;
	return xs_rm(s->handle, s->transaction, path) || errno == ENOENT ? 0 : -errno;
}

int store_list(struct store *s, const char *dir, void (*each)(void *arg, const char *name), void *arg)
{
	unsigned int n;
	char **names = xs_directory(s->handle, s->transaction, dir, &n);

	if (!names)
		return errno == ENOENT ? 0 : -errno;
	for (unsigned int i = 0; i < n; i++)
		each(arg, names[i]);
	free(names);
	return 0;
}

int store_watch(struct store *s, const char *path, const char *token)
{
	return xs_watch(s->handle, path, token) ? 0 : -errno;
}

void store_unwatch(struct store *s, const char *path, const char *token)
{
	xs_unwatch(s->handle, path, token);
}

bool store_next_event(struct store *s, char *path, size_t len, char *token, size_t token_len)
{
	char **event = xs_check_watch(s->handle);

	if (!event)
		return false;
	snprintf(path, len, "%s", event[XS_WATCH_PATH]);
	snprintf(token, token_len, "%s", event[XS_WATCH_TOKEN]);
	free(event);
	return true;
}
