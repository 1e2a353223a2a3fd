/* SPDX-License-Identifier: MIT */
/* keys.h - a xenstore of a few keys in memory, in place of common/host/store.c
 *
 * It has one transaction at a time. A test can make its commit fail by a conflict.
 */
#ifndef NETPAIR_TEST_KEYS_H
#define NETPAIR_TEST_KEYS_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/host/store.h"
#include "common/host/store_ahead.h"
#include "common/wire/parse.h"

#define KEYS_MAX 160u

struct store {
	struct { char path[96], value[32]; } key[KEYS_MAX];
	unsigned int count;
	unsigned int lose;		/* so many commits more fail by a conflict */
	unsigned int begun, committed, aborted;
	int fail;			/* what each read returns, if not 0 */
	struct { char path[96]; } ahead[KEYS_MAX];	/* what was read ahead */
	unsigned int nahead;
	unsigned int single;		/* reads of what was not */
};

static inline int keys_find(const struct store *s, const char *path)
{
	for (unsigned int i = 0; i < s->count; i++)
		if (strcmp(s->key[i].path, path) == 0)
			return (int)i;
	return -1;
}

/* Sets a key; removes it if value is NULL. */
static inline void keys_set(struct store *s, const char *path, const char *value)
{
	int i = keys_find(s, path);

	if (i < 0 && !value)
		return;
	if (i < 0)
		i = (int)s->count++;
	if (!value) {
		s->key[i] = s->key[--s->count];
		return;
	}
	assert(s->count <= KEYS_MAX && strlen(path) < sizeof(s->key[0].path) && strlen(value) < sizeof(s->key[0].value));
	snprintf(s->key[i].path, sizeof(s->key[i].path), "%s", path);
	snprintf(s->key[i].value, sizeof(s->key[i].value), "%s", value);
}

static inline const char *keys_get(const struct store *s, const char *path)
{
	int i = keys_find(s, path);

	return i < 0 ? NULL : s->key[i].value;
}

void store_ahead(struct store *s, const struct store_key *keys, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		assert(s->nahead < KEYS_MAX);
		snprintf(s->ahead[s->nahead++].path, sizeof(s->ahead[0].path), "%s/%s", keys[i].dir, keys[i].key);
	}
}

void store_ahead_end(struct store *s)
{
	s->nahead = 0;
}

static inline bool keys_is_ahead(const struct store *s, const char *path)
{
	for (unsigned int i = 0; i < s->nahead; i++)
		if (strcmp(s->ahead[i].path, path) == 0)
			return true;
	return false;
}

int store_read(struct store *s, char *buf, size_t len, const char *dir, const char *key)
{
	char path[160];
	const char *value;

	if (s->fail)
		return s->fail;
	snprintf(path, sizeof(path), "%s/%s", dir, key);
	s->single += !keys_is_ahead(s, path);
	value = keys_get(s, path);
	if (!value)
		return -ENOENT;
	if (strlen(value) >= len)
		return -EINVAL;
	memcpy(buf, value, strlen(value) + 1);
	return 0;
}

int store_read_u32(struct store *s, uint32_t *out, const char *dir, const char *key)
{
	char text[16];
	int err = store_read(s, text, sizeof(text), dir, key);

	return err ? err : parse_u32(out, text) ? 0 : -EINVAL;
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
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", dir, key);
	keys_set(s, path, value);
	return 0;
}

int store_write_u32(struct store *s, const char *dir, const char *key, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	return store_write(s, dir, key, text);
}

int store_begin(struct store *s)
{
	s->begun++;
	return 0;
}

int store_commit(struct store *s)
{
	if (s->lose) {
		s->lose--;
		return -EAGAIN;
	}
	s->committed++;
	return 0;
}

void store_abort(struct store *s)
{
	s->aborted++;
}

#endif
