/* SPDX-License-Identifier: MIT */
/* evport.c - the ports of a handle, with their peers */
#include "evport.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct target *evport_target_get(struct xenevtchn_handle *h, uint32_t domid, uint32_t owner, int fd)
{
	struct target *t;

	for (t = h->targets; t; t = t->next) {
		if (t->domid == domid && t->owner == owner) {
			t->users++;
			close(fd);
			return t;
		}
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		abort();
	t->users = 1;
	t->domid = domid;
	t->owner = owner;
	t->efd = owner ? fd : -1;
	if (!owner) {
		t->mem = client_map(fd, sizeof(*t->mem), PROT_READ | PROT_WRITE);
		close(fd);
	}
	t->next = h->targets;
	h->targets = t;
	return t;
}

static void evport_target_put(struct xenevtchn_handle *h, struct target *t)
{
	struct target **p;

	if (!t || --t->users)
		return;
	for (p = &h->targets; *p != t; p = &(*p)->next)
		;
	*p = t->next;
	if (t->mem)
		munmap(t->mem, sizeof(*t->mem));
	if (t->efd >= 0)
		close(t->efd);
	free(t);
}

static void evport_forget_peer(struct xenevtchn_handle *h, struct port *p)
{
	evport_target_put(h, p->mem);
	evport_target_put(h, p->efd);
	p->mem = p->efd = NULL;
	p->word = NULL;
}

struct port *evport_find(struct xenevtchn_handle *h, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < h->nr; i++)
		if (h->ports[i].nr == nr)
			return &h->ports[i];
	return NULL;
}

/* Asks the host for the port's peer. An unbound port has none, which is no error. */
static int evport_learn_peer(struct xenevtchn_handle *h, struct port *p)
{
	struct xsim_req req = { .op = XSIM_EV_PEER, .arg = { p->nr, 0 } };
	struct xsim_rep rep;
	int fds[CLIENT_FDS];

	evport_forget_peer(h, p);
	if (client_call(&h->c, &req, sizeof(req), &rep, sizeof(rep), fds) < 0)
		return -1;
	p->gen = rep.arg[2];
	if (fds[0] < 0)
		return 0;
	p->mem = evport_target_get(h, rep.domid, 0, fds[0]);
	p->efd = evport_target_get(h, rep.domid, rep.arg[1], fds[1]);
	if (p->mem->mem)
		p->word = &p->mem->mem->word[rep.arg[0]];
	return 0;
}

int evport_update(struct xenevtchn_handle *h, struct port *p)
{
	if (atomic_load_explicit(&h->own->gen[p->nr], memory_order_acquire) == p->gen)
		return 0;
	return evport_learn_peer(h, p);
}

void evport_drop(struct xenevtchn_handle *h, struct port *p)
{
	evport_forget_peer(h, p);
	*p = h->ports[--h->nr];
}

int evport_add(struct xenevtchn_handle *h, const struct xsim_req *req)
{
	struct xsim_rep rep;
	struct port *p;

	if (h->nr == h->room) {
		uint32_t room = h->room ? 2 * h->room : 8;

		p = realloc(h->ports, room * sizeof(*p));
		if (!p)
			return -1;
		h->ports = p;
		h->room = room;
	}
	if (client_call(&h->c, req, sizeof(*req), &rep, sizeof(rep), NULL) < 0)
		return -1;
	p = evport_find(h, rep.arg[0]);
	if (p) /* from before a restore */
		evport_drop(h, p);
	h->ports[h->nr++] = (struct port){ .nr = rep.arg[0], .gen = UINT32_MAX };
	return (int)rep.arg[0];
}

void evport_drop_all(struct xenevtchn_handle *h)
{
	while (h->nr)
		evport_drop(h, &h->ports[h->nr - 1]);
	free(h->ports);
	h->ports = NULL;
}
