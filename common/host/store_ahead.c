/* SPDX-License-Identifier: MIT */
/* store_ahead.c - requests of xenstored's protocol (xen/io/xs_wire.h), several at once, for store_ahead.h */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/abi.h"
#include "common/base/util.h"
#include "store_ahead.h"
#include "store_internal.h"

/* --- the connection ------------------------------------------------------------------ */

static int ahead_send(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Sends the requests of the entries from first on, all at once: they are too few bytes for
 * xenstored to wait until an answer is read. */
static int ahead_ask(const struct store *s, unsigned int first)
{
	const struct ahead *a = &s->ahead;
	char out[AHEAD_MAX * (sizeof(struct xsd_sockmsg) + AHEAD_PATH_MAX)];
	size_t len = 0;

	for (unsigned int i = first; i < a->n; i++) {
		const char *path = a->bytes + a->entry[i].path;
		struct xsd_sockmsg head = { .type = XS_READ, .req_id = i, .len = (uint32_t)strlen(path) + 1 };

		memcpy(out + len, &head, sizeof(head));
		memcpy(out + len + sizeof(head), path, head.len);
		len += sizeof(head) + head.len;
	}
	return ahead_send(s->hangup_fd, out, len);
}

/* What was received and not yet taken: xenstored sends several answers while one is awaited. */
struct ahead_in {
	int fd;
	size_t at, len;
	char bytes[2048];
};

static int ahead_fill(struct ahead_in *in)
{
	ssize_t n;

	do
		n = recv(in->fd, in->bytes, sizeof(in->bytes), 0);
	while (n < 0 && errno == EINTR);
	in->at = 0;
	in->len = n > 0 ? (size_t)n : 0;
	return n > 0 ? 0 : n < 0 ? -errno : -EPIPE;
}

static int ahead_receive(struct ahead_in *in, void *to, size_t len)
{
	char *at = to;
	int err = 0;

	while (len && !err) {
		size_t n = min_size(len, in->len - in->at);

		memcpy(at, in->bytes + in->at, n);
		in->at += n;
		at += n;
		len -= n;
		err = len ? ahead_fill(in) : 0;
	}
	return err;
}

/* Returns the errno of an error's name; 0: it is not known. */
static int ahead_errno(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(xsd_errors); i++)
		if (strcmp(xsd_errors[i].errstring, name) == 0)
			return xsd_errors[i].errnum;
	return 0;
}

/* Keeps an answer, if there is room for it and its error is one that we know. */
static void ahead_keep(struct ahead *a, struct ahead_entry *e, const struct xsd_sockmsg *head, const char *text)
{
	int err = head->type == XS_ERROR ? ahead_errno(text) : 0;

	if (head->type == XS_ERROR) {
		e->known = err != 0;
		e->err = -err;
	} else if (head->len <= sizeof(a->bytes) - a->used) {
		memcpy(a->bytes + a->used, text, head->len);
		e->value = (uint16_t)a->used;
		e->len = (uint16_t)head->len;
		e->known = true;
		a->used += head->len;
	}
}

/* Receives the answer to one request. */
static int ahead_answer(struct ahead *a, struct ahead_in *in, unsigned int i)
{
	char text[XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg head;
	int err = ahead_receive(in, &head, sizeof(head));

	if (err)
		return err;
	if ((head.type != XS_READ && head.type != XS_ERROR) || head.req_id != i || head.len > XENSTORE_PAYLOAD_MAX)
		return -EPROTO;
	err = ahead_receive(in, text, head.len);
	if (err)
		return err;
	text[head.len] = '\0';
	ahead_keep(a, &a->entry[i], &head, text);
	return 0;
}

/* --- the keys ---------------------------------------------------------------------------- */

/* Notes a key to be read, if there is room for it. */
static void ahead_note(struct ahead *a, const struct store_key *key)
{
	size_t dir = strlen(key->dir), len = dir + 1 + strlen(key->key) + 1;

	if (a->n >= ARRAY_SIZE(a->entry) || len > AHEAD_PATH_MAX || len > sizeof(a->bytes) - a->used)
		return;
	memcpy(a->bytes + a->used, key->dir, dir);
	a->bytes[a->used + dir] = '/';
	memcpy(a->bytes + a->used + dir + 1, key->key, len - dir - 1);
	a->entry[a->n++] = (struct ahead_entry){ .path = (uint16_t)a->used };
	a->used += len;
}

void store_ahead(struct store *s, const struct store_key *keys, unsigned int n)
{
	struct ahead *a = &s->ahead;
	struct ahead_in in = { .fd = s->hangup_fd };
	unsigned int first = a->n;
	int err;

	static_assert(sizeof(a->bytes) <= UINT16_MAX, "the entries have 16 bits");
	if (s->lost || a->broken || s->hangup_fd < 0 || s->transaction != XBT_NULL)
		return;
	for (unsigned int i = 0; i < n; i++)
		ahead_note(a, &keys[i]);
	store_enter();
	err = ahead_ask(s, first);
	for (unsigned int i = first; i < a->n && !err; i++)
		err = ahead_answer(a, &in, i);
	store_leave();
	/* What else comes by this connection is no answer to a later request. Whether xenstored lives
	 * is libxenstore's to find out. */
	a->broken = err || in.at < in.len;
}

void store_ahead_end(struct store *s)
{
	s->ahead.n = 0;
	s->ahead.used = 0;
}

const struct ahead_entry *store_ahead_find(const struct store *s, const char *path)
{
	const struct ahead *a = &s->ahead;

	for (unsigned int i = 0; i < a->n; i++)
		if (a->entry[i].known && strcmp(a->bytes + a->entry[i].path, path) == 0)
			return &a->entry[i];
	return NULL;
}
