/* SPDX-License-Identifier: MIT */
/* events.c - allocates, binds and closes the ports of event channels */
#include "events.h"

#include "tools/xensim/base/util.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <xen/xen.h>

static void events_changed(struct dom *d, uint32_t nr)
{
	atomic_fetch_add(&d->evt->gen[nr], 1);
}

static uint32_t events_free_port(const struct dom *d)
{
	uint32_t nr;

	for (nr = 1; nr < XSIM_NR_PORTS; nr++)
		if (d->port[nr].state == PORT_FREE)
			return nr;
	return 0;
}

static void events_claim(struct handle *h, uint32_t nr, enum port_state state, uint32_t dom, uint32_t port)
{
	struct dom *d = h->dom;

	d->port[nr] = (struct port){ .state = state, .remote_dom = dom, .remote_port = port, .owner = h };
	d->nr_ports++;
	atomic_store(&d->evt->word[nr], 0);
	events_changed(d, nr);
}

void events_raise(struct dom *d, uint32_t nr)
{
	static const uint64_t one = 1;
	uint32_t old;

	if (nr >= XSIM_NR_PORTS || d->port[nr].state == PORT_FREE)
		return;
	old = atomic_fetch_or(&d->evt->word[nr], XSIM_EV_PENDING);
	if (old & (XSIM_EV_PENDING | XSIM_EV_MASKED))
		return;
	if (write(d->port[nr].owner->efd, &one, sizeof(one)) < 0)
		return; /* the counter is full: it is readable already */
}

void events_notify(struct dom *d, uint32_t nr)
{
	struct port *p = &d->port[nr];
	struct dom *peer;

	if (nr >= XSIM_NR_PORTS || p->state != PORT_BOUND)
		return;
	peer = dom_find(p->remote_dom);
	if (peer)
		events_raise(peer, p->remote_port);
}

int events_restrict(struct handle *h, const struct xsim_req *req)
{
	if (h->only)
		return EACCES;
	if (req->domid == 0 || req->domid >= DOMID_FIRST_RESERVED)
		return EINVAL;
	h->only = req->domid;
	return 0;
}

int events_unbound(struct handle *h, const struct xsim_req *req, struct xsim_rep *rep)
{
	uint32_t nr = events_free_port(h->dom);

	if (h->only)
		return EACCES;
	if (!nr)
		return ENOSPC;
	events_claim(h, nr, PORT_UNBOUND, req->domid, 0);
	rep->arg[0] = nr;
	return 0;
}

int events_bind(struct handle *h, const struct xsim_req *req, struct xsim_rep *rep)
{
	struct dom *peer = dom_find(req->domid);
	uint32_t rport = req->arg[0];
	uint32_t nr = events_free_port(h->dom);
	struct port *p;

	if (h->only && h->only != req->domid)
		return EACCES;
	if (!peer)
		return ESRCH;
	if (!nr)
		return ENOSPC;
	if (!rport || rport >= XSIM_NR_PORTS)
		return EINVAL;
	p = &peer->port[rport];
	if (p->state != PORT_UNBOUND || p->remote_dom != h->dom->id)
		return EINVAL;
	events_claim(h, nr, PORT_BOUND, peer->id, rport);
	p->state = PORT_BOUND;
	p->remote_port = nr;
	events_changed(peer, rport);
	events_raise(h->dom, nr);
	rep->arg[0] = nr;
	return 0;
}

static void events_close_port(struct dom *d, uint32_t nr)
{
	struct port *p = &d->port[nr];
	struct dom *peer = p->state == PORT_BOUND ? dom_find(p->remote_dom) : NULL;

	if (peer) {
		peer->port[p->remote_port].state = PORT_UNBOUND;
		peer->port[p->remote_port].remote_port = 0;
		events_changed(peer, p->remote_port);
	}
	*p = (struct port){ .state = PORT_FREE };
	d->nr_ports--;
	atomic_store(&d->evt->word[nr], XSIM_EV_MASKED);
	events_changed(d, nr);
}

static struct port *events_own(struct handle *h, uint32_t nr)
{
	if (nr >= XSIM_NR_PORTS || h->dom->port[nr].state == PORT_FREE || h->dom->port[nr].owner != h)
		return NULL;
	return &h->dom->port[nr];
}

int events_close(struct handle *h, uint32_t nr)
{
	if (!events_own(h, nr))
		return ENOTCONN;
	events_close_port(h->dom, nr);
	return 0;
}

void events_close_all(struct handle *h)
{
	uint32_t nr;

	for (nr = 1; nr < XSIM_NR_PORTS; nr++)
		if (events_own(h, nr))
			events_close_port(h->dom, nr);
}

int events_peer(struct handle *h, uint32_t nr, struct xsim_rep *rep, int fds[2])
{
	struct port *p = events_own(h, nr);
	struct dom *peer;

	if (!p)
		return ENOTCONN;
	rep->arg[2] = atomic_load(&h->dom->evt->gen[nr]);
	peer = p->state == PORT_BOUND ? dom_find(p->remote_dom) : NULL;
	if (!peer)
		return 0;
	rep->domid = peer->id;
	rep->arg[0] = p->remote_port;
	rep->arg[1] = peer->port[p->remote_port].owner->id;
	fds[0] = peer->evt_fd;
	fds[1] = peer->port[p->remote_port].owner->efd;
	return 0;
}

struct events_later {
	uint32_t domid;
	uint32_t port;
};

static void events_later_now(void *arg)
{
	struct events_later *l = arg;
	struct dom *d = dom_find(l->domid);

	if (d)
		events_notify(d, l->port);
	free(l);
}

int events_later(struct handle *h, const struct xsim_req *req)
{
	struct events_later *l;

	if (!events_own(h, req->arg[0]))
		return ENOTCONN;
	l = xalloc(sizeof(*l));
	l->domid = h->dom->id;
	l->port = req->arg[0];
	loop_after(req->arg[1], events_later_now, l);
	return 0;
}
