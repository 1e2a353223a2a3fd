/* SPDX-License-Identifier: MIT */
/* fakexs.c - the tree, the watches and the transaction of fakexs.h */
#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <xenstore.h>

#include "fakexs.h"
#include "fuzz.h"

/* Coverage of the stand-in tells the fuzzer nothing about the daemon. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)
#endif

#define KEYS_MAX 160u
#define WATCHES_MAX 64u
#define EVENTS_MAX 256u
#define TOLD_MAX 64u

struct xs_handle { int fd; };

struct tree {
	unsigned int count;
	struct key {
		char path[FAKEXS_PATH];
		uint32_t sum;	/* of the path: finds most differences at once */
		size_t len;
		char value[FAKEXS_VALUE + 1];
	} key[KEYS_MAX];
};

struct watch { char path[FAKEXS_PATH], full[FAKEXS_PATH], token[40]; };

int (*fakexs_fault)(const char *path);

static char home[32];
static struct tree world, inside;	/* inside: as the transaction sees it */
static bool in_transaction;
static unsigned long version, began;	/* of world, now and at the transaction's start */
static struct { char path[FAKEXS_PATH]; } wrote[KEYS_MAX];	/* by the transaction */
static unsigned int nwrote, nopen;
static struct watch watch[WATCHES_MAX];
static unsigned int nwatches;
static struct { char path[FAKEXS_PATH], token[40]; } event[EVENTS_MAX];
static unsigned int nevents, first_event;
static struct { char path[FAKEXS_PATH], text[24]; } told[TOLD_MAX];

/* --- the tree ------------------------------------------------------------------ */

static bool full_path(char *out, const char *path)
{
	int n = snprintf(out, FAKEXS_PATH, *path == '/' ? "%s%s" : "%s/%s", *path == '/' ? "" : home, path);

	return n > 0 && n < (int)FAKEXS_PATH;
}

/* Returns true if path is dir or below it. It does not use strcmp(), which libFuzzer traces. */
static bool is_below(const char *path, const char *dir)
{
	while (*dir && *dir == *path)
		dir++, path++;
	return !*dir && (*path == '/' || !*path);
}

static uint32_t sum_of(const char *path)
{
	uint32_t sum = 2166136261u;

	while (*path)
		sum = (sum ^ (uint8_t)*path++) * 16777619u;
	return sum;
}

static struct key *look_up(struct tree *t, const char *path)
{
	uint32_t sum = sum_of(path);

	for (unsigned int i = 0; i < t->count; i++)
		if (t->key[i].sum == sum && strcmp(t->key[i].path, path) == 0)
			return &t->key[i];
	return NULL;
}

static bool is_there(struct tree *t, const char *path)
{
	for (unsigned int i = 0; i < t->count; i++)
		if (is_below(t->key[i].path, path))
			return true;
	return false;
}

static bool tree_set(struct tree *t, const char *path, const void *value, size_t len)
{
	struct key *k = look_up(t, path);

	if (len > FAKEXS_VALUE || (!k && t->count == KEYS_MAX))
		return false;
	if (!k) {
		k = &t->key[t->count++];
		snprintf(k->path, sizeof(k->path), "%s", path);
		k->sum = sum_of(path);
	}
	memcpy(k->value, value, len);
	k->value[len] = '\0';
	k->len = len;
	return true;
}

static void tree_remove(struct tree *t, const char *path)
{
	for (unsigned int i = 0; i < t->count;) {
		if (is_below(t->key[i].path, path))
			t->key[i] = t->key[--t->count];
		else
			i++;
	}
}

static void fire_one(const struct watch *w, const char *full)
{
	unsigned int at = (first_event + nevents) % EVENTS_MAX;
	size_t skip = w->path[0] == '/' ? 0 : strlen(home) + 1;

	/* xenstored drops no event. Here only a second event of the same path and token is dropped. */
	for (unsigned int i = 0; i < nevents; i++) {
		unsigned int e = (first_event + i) % EVENTS_MAX;

		if (strcmp(event[e].path, full + skip) == 0 && strcmp(event[e].token, w->token) == 0)
			return;
	}
	PROMISE(nevents < EVENTS_MAX);
	snprintf(event[at].path, sizeof(event[at].path), "%s", full + skip);
	snprintf(event[at].token, sizeof(event[at].token), "%s", w->token);
	nevents++;
}

/* Fires the watches that see a change of a node. removed: watches on nodes below it fire as well. */
static void fire(const char *full, bool removed)
{
	version++;
	for (unsigned int i = 0; i < nwatches; i++) {
		if (is_below(full, watch[i].full))
			fire_one(&watch[i], full);
		else if (removed && is_below(watch[i].full, full))
			fire_one(&watch[i], watch[i].full);
	}
}

void fakexs_start(const char *where)
{
	snprintf(home, sizeof(home), "%s", where);
	world.count = inside.count = 0;
	in_transaction = false;
	nwatches = nevents = first_event = nopen = nwrote = 0;
	memset(told, 0, sizeof(told));
	fakexs_fault = NULL;
}

void fakexs_set(const char *path, const void *value, size_t len)
{
	char full[FAKEXS_PATH];

	if (full_path(full, path) && tree_set(&world, full, value, len))
		fire(full, false);
}

void fakexs_put(const char *dir, const char *key, const char *value)
{
	char path[2 * FAKEXS_PATH];

	snprintf(path, sizeof(path), "%s/%s", dir, key);
	fakexs_set(path, value, strlen(value));
}

void fakexs_remove(const char *path)
{
	char full[FAKEXS_PATH];

	if (!full_path(full, path) || !is_there(&world, full))
		return;
	tree_remove(&world, full);
	fire(full, true);
}

const char *fakexs_get(const char *dir, const char *key)
{
	char path[2 * FAKEXS_PATH], full[FAKEXS_PATH];
	struct key *k;

	snprintf(path, sizeof(path), "%s/%s", dir, key);
	k = full_path(full, path) ? look_up(&world, full) : NULL;
	return k ? k->value : NULL;
}

static void tell(const char *full, const char *text)
{
	for (unsigned int i = 0; i < TOLD_MAX; i++) {
		if (told[i].path[0] && strcmp(told[i].path, full) != 0)
			continue;
		/* Only states are asked for. */
		if (!told[i].path[0] && !strstr(full, "/state"))
			return;
		snprintf(told[i].path, sizeof(told[i].path), "%s", full);
		snprintf(told[i].text, sizeof(told[i].text), "%s", text);
		return;
	}
}

const char *fakexs_told(const char *dir, const char *key)
{
	char path[2 * FAKEXS_PATH], full[FAKEXS_PATH];

	snprintf(path, sizeof(path), "%s/%s", dir, key);
	for (unsigned int i = 0; full_path(full, path) && i < TOLD_MAX; i++)
		if (strcmp(told[i].path, full) == 0)
			return told[i].text;
	return "";
}

unsigned int fakexs_watches(void)
{
	return nwatches;
}

unsigned int fakexs_open(void)
{
	return nopen;
}

bool fakexs_event(void)
{
	return nevents > 0;
}

/* --- libxenstore ------------------------------------------------------------------ */

/* Begins a request: puts the full path into full. Returns the tree that the request is for, or NULL
 * with errno set. */
static struct tree *begin(char *full, const char *path, xs_transaction_t t)
{
	int err;

	if (!full_path(full, path)) {
		errno = EINVAL;
		return NULL;
	}
	err = fakexs_fault ? fakexs_fault(full) : 0;
	if (err) {
		errno = err;
		return NULL;
	}
	PROMISE(t == XBT_NULL || in_transaction);
	return t == XBT_NULL ? &world : &inside;
}

struct xs_handle *xs_open(unsigned long flags)
{
	struct xs_handle *h = calloc(1, sizeof(*h));

	(void)flags;
	PROMISE(h);
	h->fd = eventfd(0, EFD_CLOEXEC);
	nopen++;
	return h;
}

/* Closing removes the watches, as the real one does. */
void xs_close(struct xs_handle *h)
{
	if (!h)
		return;
	close(h->fd);
	free(h);
	nopen--;
	in_transaction = false;
	nwatches = nevents = 0;
}

/* There is no socket, so the daemon does not wait for xenstored's end. */
const char *xs_daemon_socket(void)
{
	return "/nonexistent";
}

int xs_fileno(struct xs_handle *h)
{
	return h->fd;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	static struct key directory;	/* a node with keys below it has an empty value */
	char full[FAKEXS_PATH] = "", *copy;
	struct tree *tree = begin(full, path, t);
	struct key *k = tree ? look_up(tree, full) : NULL;

	(void)h;
	if (!k && tree && is_there(tree, full))
		k = &directory;
	if (!k) {
		errno = tree ? ENOENT : errno;
		tell(full, "");
		return NULL;
	}
	tell(full, k->value);
	/* Allocated with its exact length, so that a sanitiser sees a read beyond it. */
	copy = malloc(k->len + 1);
	PROMISE(copy);
	memcpy(copy, k->value, k->len + 1);
	*len = (unsigned int)k->len;
	return copy;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data, unsigned int len)
{
	char full[FAKEXS_PATH];
	struct tree *tree = begin(full, path, t);

	(void)h;
	if (!tree)
		return false;
	if (!tree_set(tree, full, data, len)) {
		errno = ENOSPC;
		return false;
	}
	if (tree == &world)
		fire(full, false);
	else if (nwrote < KEYS_MAX)
		snprintf(wrote[nwrote++].path, FAKEXS_PATH, "%s", full);
	return true;
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	char full[FAKEXS_PATH];
	struct tree *tree = begin(full, path, t);

	(void)h;
	if (!tree)
		return false;
	if (!is_there(tree, full)) {
		errno = ENOENT;
		return false;
	}
	tree_remove(tree, full);
	if (tree == &world)
		fire(full, true);
	else if (nwrote < KEYS_MAX)
		snprintf(wrote[nwrote++].path, FAKEXS_PATH, "%s", full);
	return true;
}

/* Returns the nth name below a directory, or NULL if there are fewer. */
static const char *nth_name(const struct tree *t, const char *dir, unsigned int nth, size_t *len)
{
	size_t skip = strlen(dir) + 1;

	for (unsigned int i = 0; i < t->count; i++) {
		const char *name = t->key[i].path + skip;
		bool before = false;

		if (!is_below(t->key[i].path, dir) || t->key[i].path[skip - 1] != '/')
			continue;
		*len = strcspn(name, "/");
		for (unsigned int j = 0; j < i && !before; j++)
			before = is_below(t->key[j].path, dir) && strncmp(t->key[j].path + skip, name, *len) == 0 &&
				 (t->key[j].path[skip + *len] == '/' || t->key[j].path[skip + *len] == '\0');
		if (!before && nth-- == 0)
			return name;
	}
	return NULL;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	char full[FAKEXS_PATH], **names, *text;
	struct tree *tree = begin(full, path, t);
	const char *name;
	unsigned int n = 0;
	size_t len;

	(void)h;
	if (!tree)
		return NULL;
	if (!is_there(tree, full)) {
		errno = ENOENT;
		return NULL;
	}
	names = malloc(KEYS_MAX * (sizeof(char *) + FAKEXS_PATH));
	PROMISE(names);
	text = (char *)(names + KEYS_MAX);
	for (; (name = nth_name(tree, full, n, &len)) != NULL; n++) {
		names[n] = text;
		memcpy(text, name, len);
		text[len] = '\0';
		text += len + 1;
	}
	*num = n;
	return names;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	int err = fakexs_fault ? fakexs_fault("") : 0;

	(void)h;
	if (err) {
		errno = err;
		return XBT_NULL;
	}
	PROMISE(!in_transaction);
	in_transaction = true;
	began = version;
	nwrote = 0;
	inside.count = world.count;
	memcpy(inside.key, world.key, world.count * sizeof(world.key[0]));
	return 1;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool give_up)
{
	int err;

	(void)h;
	PROMISE(t == 1 && in_transaction);
	err = fakexs_fault ? fakexs_fault("") : 0;
	in_transaction = false;
	if (give_up)
		return true;
	if (err || began != version) {
		errno = err ? err : EAGAIN;
		return false;
	}
	world.count = inside.count;
	memcpy(world.key, inside.key, inside.count * sizeof(inside.key[0]));
	for (unsigned int i = 0; i < nwrote; i++)
		fire(wrote[i].path, !look_up(&world, wrote[i].path));
	return true;
}

static struct watch *watch_find(const char *path, const char *token)
{
	for (unsigned int i = 0; i < nwatches; i++)
		if (strcmp(watch[i].path, path) == 0 && strcmp(watch[i].token, token) == 0)
			return &watch[i];
	return NULL;
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
	char full[FAKEXS_PATH];

	(void)h;
	if (!begin(full, path, XBT_NULL))
		return false;
	if (watch_find(path, token)) {
		errno = EEXIST;
		return false;
	}
	PROMISE(nwatches < WATCHES_MAX);
	snprintf(watch[nwatches].path, FAKEXS_PATH, "%s", path);
	snprintf(watch[nwatches].full, FAKEXS_PATH, "%s", full);
	snprintf(watch[nwatches].token, sizeof(watch[0].token), "%s", token);
	fire_one(&watch[nwatches++], full);
	return true;
}

/* A request that fails removes the watch all the same: the caller could not try again. */
bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
	struct watch *w = watch_find(path, token);

	(void)h;
	if (!w) {
		errno = ENOENT;
		return false;
	}
	*w = watch[--nwatches];
	return true;
}

char **xs_check_watch(struct xs_handle *h)
{
	char **vec, *text;
	size_t len;

	(void)h;
	if (!nevents) {
		errno = EAGAIN;
		return NULL;
	}
	len = strlen(event[first_event].path) + 1;
	vec = malloc(2 * sizeof(char *) + len + strlen(event[first_event].token) + 1);
	PROMISE(vec);
	text = (char *)(vec + 2);
	vec[XS_WATCH_PATH] = memcpy(text, event[first_event].path, len);
	vec[XS_WATCH_TOKEN] = strcpy(text + len, event[first_event].token);
	first_event = (first_event + 1) % EVENTS_MAX;
	nevents--;
	return vec;
}

#ifdef __clang__
#pragma clang attribute pop
#endif
