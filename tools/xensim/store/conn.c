/* SPDX-License-Identifier: MIT */
/* The wire: messages in, messages out, and clients' ends. */
#include "conn.h"

#include "../host/util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct conn *conns;
static bool held;

/* Seen as a hang-up by the loop later: nobody vanishes under an iteration. */
static void conn_break(struct conn *c)
{
	c->broken = true;
	shutdown(c->src.fd, SHUT_RDWR);
}

static void conn_flush(struct conn *c)
{
	struct out *o;

	if (held)
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

void conn_send(struct conn *c, uint32_t type, uint32_t req_id, uint32_t tx_id, const void *data, size_t len)
{
	struct xsd_sockmsg hdr = { .type = type, .req_id = req_id, .tx_id = tx_id, .len = (uint32_t)len };
	struct out *o;
	bool idle = !c->out;

	if (c->broken)
		return;
	o = xalloc(sizeof(*o) + sizeof(hdr) + len);
	o->len = sizeof(hdr) + len;
	memcpy(o->bytes, &hdr, sizeof(hdr));
	if (len)
		memcpy(o->bytes + sizeof(hdr), data, len);
	*c->out_end = o;
	c->out_end = &o->next;
	if (idle)
		conn_flush(c);
}

void conn_reply(struct conn *c, const void *data, size_t len)
{
	conn_send(c, c->in.hdr.type, c->in.hdr.req_id, c->in.hdr.tx_id, data, len);
}

void conn_ack(struct conn *c)
{
	conn_reply(c, "OK", 3);
}

static void conn_end(struct conn *c)
{
	struct conn **p;
	struct out *o;

	for (p = &conns; *p != c; p = &(*p)->next)
		;
	*p = c->next;
	watch_remove_all(c);
	ops_end_all(c);
	while ((o = c->out)) {
		c->out = o->next;
		free(o);
	}
	loop_drop(&c->src);
}

/* Read until a whole message is there: 1; 0 for later; -1 when it is over. */
static int conn_receive(struct conn *c)
{
	const size_t head = sizeof(c->in.hdr);

	for (;;) {
		size_t want = c->got < head ? head - c->got : head + c->in.hdr.len - c->got;
		uint8_t *to = c->got < head ? (uint8_t *)&c->in.hdr + c->got : (uint8_t *)c->in.data + (c->got - head);
		ssize_t n;

		if (want) {
			n = recv(c->src.fd, to, want, MSG_DONTWAIT);
			if (n < 0 && (errno == EAGAIN || errno == EINTR))
				return 0;
			if (n <= 0)
				return -1;
			c->got += (size_t)n;
		}
		if (c->got == head && c->in.hdr.len > XENSTORE_PAYLOAD_MAX)
			return -1;
		if (c->got >= head && c->got == head + c->in.hdr.len)
			break;
	}
	c->got = 0;
	c->in.len = c->in.hdr.len;
	c->in.data[c->in.len] = '\0';
	return 1;
}

static void conn_ready(struct source *s, uint32_t events)
{
	struct conn *c = (struct conn *)s;
	int ret = 0;
	int i;

	if (events & EPOLLOUT)
		conn_flush(c);
	for (i = 0; i < 16 && !c->broken; i++) {
		ret = conn_receive(c);
		if (ret <= 0)
			break;
		ops_serve(c);
	}
	if (ret < 0 || c->broken)
		conn_end(c);
}

void store_connect(int fd, uint32_t domid)
{
	struct conn *c = xalloc(sizeof(*c));

	c->src.fd = fd;
	c->src.ready = conn_ready;
	c->domid = domid;
	c->out_end = &c->out;
	if (loop_add(&c->src, EPOLLIN) < 0) {
		close(fd);
		free(c);
		return;
	}
	c->next = conns;
	conns = c;
}

void store_hold(void)
{
	struct conn *c;

	held = true;
	for (c = conns; c; c = c->next)
		loop_pause(&c->src);
}

void store_go_on(void)
{
	struct conn *c;

	held = false;
	for (c = conns; c; c = c->next) {
		loop_add(&c->src, EPOLLIN);
		conn_flush(c);
	}
}

void store_hang_up(void)
{
	held = false;
	while (conns)
		conn_end(conns);
}

void store_rename(uint32_t from, uint32_t to)
{
	struct conn *c;

	for (c = conns; c; c = c->next) {
		if (c->domid != from)
			continue;
		ops_end_all(c);
		c->domid = to;
	}
	perm_forget(from);
}

void store_resume(uint32_t domid)
{
	struct conn *c;

	for (c = conns; c; c = c->next)
		if (c->domid == domid)
			watch_renew(c);
}

void store_domain_gone(uint32_t domid)
{
	struct conn *c;
	struct conn *next;

	for (c = conns; c; c = next) {
		next = c->next;
		if (c->domid == domid)
			conn_end(c);
	}
	perm_forget(domid);
}

void store_count(uint32_t domid, uint32_t *nodes, uint32_t *watches, uint32_t *nr)
{
	const struct watch *w;
	const struct conn *c;

	*nodes = tree_owned(domid);
	*watches = *nr = 0;
	for (c = conns; c; c = c->next) {
		if (c->domid != domid)
			continue;
		++*nr;
		for (w = c->watches; w; w = w->next)
			++*watches;
	}
}
