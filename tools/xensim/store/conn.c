/* SPDX-License-Identifier: MIT */
/* conn.c - receives and sends messages, and ends clients
 *
 * A request is served as soon as it is complete: the operation leaves its
 * answer in the request, the connection queues it, then runs what the
 * operation wants to happen afterwards.  Events of watches are queued by
 * conn_event(), which watch.c calls.
 */
#include "conn.h"

#include "dispatch.h"
#include "perm.h"
#include "tools/xensim/base/loop.h"
#include "tools/xensim/base/util.h"
#include "tx_ops.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Requests served before other descriptors get their turn. */
#define CONN_BATCH 16

/* A message that waits to be sent. */
struct conn_out {
	struct conn_out *next;
	size_t len;
	size_t done;
	uint8_t bytes[];
};

struct conn {
	struct source src;
	struct conn *next;
	struct client client;
	bool broken;
	struct xsd_sockmsg hdr; /* of the request that is being received */
	char data[XENSTORE_PAYLOAD_MAX + 1];
	size_t got;
	struct conn_out *out;
	struct conn_out **out_end;
};

static struct conn *conns;
static bool conn_paused;

static struct conn *conn_of_watcher(struct watcher *w)
{
	return (struct conn *)((char *)w - offsetof(struct conn, client.watcher));
}

/* The loop sees this as a hang-up later: no connection is freed while a list of them is walked. */
static void conn_break(struct conn *c)
{
	c->broken = true;
	shutdown(c->src.fd, SHUT_RDWR);
}

static void conn_flush(struct conn *c)
{
	struct conn_out *o;

	if (conn_paused)
		return;
	while ((o = c->out)) {
		ssize_t n = send(c->src.fd, o->bytes + o->done, o->len - o->done, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			conn_break(c);
			return;
		}
		o->done += (size_t)n;
		if (o->done < o->len)
			continue;
		c->out = o->next;
		if (!c->out)
			c->out_end = &c->out;
		free(o);
	}
	loop_change(&c->src, c->out ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void conn_send(struct conn *c, const struct xsd_sockmsg *hdr, const void *data)
{
	struct conn_out *o;
	bool idle = !c->out;

	if (c->broken)
		return;
	o = xalloc(sizeof(*o) + sizeof(*hdr) + hdr->len);
	o->len = sizeof(*hdr) + hdr->len;
	memcpy(o->bytes, hdr, sizeof(*hdr));
	if (hdr->len)
		memcpy(o->bytes + sizeof(*hdr), data, hdr->len);
	*c->out_end = o;
	c->out_end = &o->next;
	if (idle)
		conn_flush(c);
}

static void conn_event(struct watcher *w, const void *data, size_t len)
{
	struct xsd_sockmsg hdr = { .type = XS_WATCH_EVENT, .len = (uint32_t)len };

	conn_send(conn_of_watcher(w), &hdr, data);
}

static void conn_serve(struct conn *c)
{
	static struct request req;
	struct xsd_sockmsg hdr = c->hdr;
	const char *answer = req.reply;
	int err;

	req.client = &c->client;
	req.type = hdr.type;
	req.tx_id = hdr.tx_id;
	req.tx = req.committed = NULL;
	req.data = c->data;
	req.len = hdr.len;
	req.after = NULL;
	req.reply_len = 0;
	err = dispatch(&req);
	hdr.len = req.reply_len;
	if (err) {
		answer = dispatch_error(err);
		hdr.type = XS_ERROR;
		hdr.len = (uint32_t)strlen(answer) + 1;
	}
	conn_send(c, &hdr, answer);
	if (req.after)
		req.after(&req);
}

static void conn_end(struct conn *c)
{
	struct conn **p;
	struct conn_out *o;

	for (p = &conns; *p != c; p = &(*p)->next)
		;
	*p = c->next;
	watch_unregister(&c->client.watcher);
	tx_ops_end_all(&c->client);
	while ((o = c->out)) {
		c->out = o->next;
		free(o);
	}
	loop_drop(&c->src);
}

/* Receives a message. Returns 1 if it is complete, 0 if more is to come, -1 if the connection is over. */
static int conn_receive(struct conn *c)
{
	const size_t head = sizeof(c->hdr);

	for (;;) {
		size_t want = c->got < head ? head - c->got : head + c->hdr.len - c->got;
		uint8_t *to = c->got < head ? (uint8_t *)&c->hdr + c->got : (uint8_t *)c->data + (c->got - head);
		ssize_t n;

		if (want) {
			n = recv(c->src.fd, to, want, MSG_DONTWAIT);
			if (n < 0 && (errno == EAGAIN || errno == EINTR))
				return 0;
			if (n <= 0)
				return -1;
			c->got += (size_t)n;
		}
		if (c->got == head && c->hdr.len > XENSTORE_PAYLOAD_MAX)
			return -1;
		if (c->got >= head && c->got == head + c->hdr.len)
			break;
	}
	c->got = 0;
	c->data[c->hdr.len] = '\0';
	return 1;
}

static void conn_ready(struct source *s, uint32_t events)
{
	struct conn *c = (struct conn *)s;
	int ret = 0;
	int i;

	if (events & EPOLLOUT)
		conn_flush(c);
	for (i = 0; i < CONN_BATCH && !c->broken; i++) {
		ret = conn_receive(c);
		if (ret <= 0)
			break;
		conn_serve(c);
	}
	if (ret < 0 || c->broken)
		conn_end(c);
}

void conn_accept(int fd, uint32_t domid)
{
	struct conn *c = xalloc(sizeof(*c));

	c->src.fd = fd;
	c->src.ready = conn_ready;
	c->out_end = &c->out;
	if (loop_add(&c->src, EPOLLIN) < 0) {
		close(fd);
		free(c);
		return;
	}
	c->client.watcher.domid = domid;
	c->client.watcher.event = conn_event;
	watch_register(&c->client.watcher);
	c->next = conns;
	conns = c;
}

void conn_pause_all(void)
{
	struct conn *c;

	conn_paused = true;
	for (c = conns; c; c = c->next)
		loop_pause(&c->src);
}

void conn_resume_all(void)
{
	struct conn *c;

	conn_paused = false;
	for (c = conns; c; c = c->next) {
		loop_add(&c->src, EPOLLIN);
		conn_flush(c);
	}
}

void conn_end_all(void)
{
	conn_paused = false;
	while (conns)
		conn_end(conns);
}

void conn_rename(uint32_t from, uint32_t to)
{
	struct conn *c;

	for (c = conns; c; c = c->next) {
		if (c->client.watcher.domid != from)
			continue;
		tx_ops_end_all(&c->client);
		c->client.watcher.domid = to;
	}
	perm_forget(from);
}

void conn_renew_watches(uint32_t domid)
{
	struct conn *c;

	for (c = conns; c; c = c->next)
		if (c->client.watcher.domid == domid)
			watch_renew(&c->client.watcher);
}

void conn_end_domain(uint32_t domid)
{
	struct conn *c;
	struct conn *next;

	for (c = conns; c; c = next) {
		next = c->next;
		if (c->client.watcher.domid == domid)
			conn_end(c);
	}
	perm_forget(domid);
}

uint32_t conn_count(uint32_t domid)
{
	const struct conn *c;
	uint32_t n = 0;

	for (c = conns; c; c = c->next)
		n += c->client.watcher.domid == domid;
	return n;
}
