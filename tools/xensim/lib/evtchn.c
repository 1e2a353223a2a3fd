/* SPDX-License-Identifier: MIT */
/* evtchn.c - event channels, as Linux's /dev/xen/evtchn behind libxenevtchn
 *
 * An eventfd counts the ports that can be taken.  Once the host has ended it
 * stays readable and xenevtchn_pending() fails with ENODEV.
 */
#include "evtchn.h"

#include "evport.h"
#include "evwait.h"
#include "fault.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenevtchn.h>

static xenevtchn_port_or_error_t evtchn_bind(struct xenevtchn_handle *h, const struct xsim_req *req)
{
	xenevtchn_port_or_error_t port = -1;
	int err;

	pthread_mutex_lock(&h->c.lock);
	err = client_fault_errno(&h->c, XSIM_ON_BIND, 0, 1, EINVAL);
	if (err)
		errno = err;
	else
		port = evport_add(h, req);
	pthread_mutex_unlock(&h->c.lock);
	return port;
}

static void evtchn_free(struct xenevtchn_handle *h)
{
	int err = errno;

	evport_drop_all(h);
	if (h->own)
		munmap(h->own, sizeof(*h->own));
	evwait_close(h);
	client_close(&h->c);
	free(h);
	errno = err;
}

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
	struct xenevtchn_handle *h;
	int fds[CLIENT_FDS];

	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	h->efd = h->pollfd = -1;
	if (client_open(&h->c, XSIM_EVTCHN, logger, fds, "evtchn open") < 0) {
		int err = errno;

		free(h);
		errno = err;
		return NULL;
	}
	h->own = client_map(fds[1], sizeof(*h->own), PROT_READ | PROT_WRITE);
	h->efd = fds[2];
	close(fds[1]);
	if (h->own && evwait_open(h, flags) == 0)
		return h;
	evtchn_free(h);
	return NULL;
}

xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd, unsigned open_flags)
{
	(void)logger;
	(void)fd;
	(void)open_flags;
	errno = ENOSYS; /* handles do not survive exec here */
	return NULL;
}

int xenevtchn_close(xenevtchn_handle *xce)
{
	if (xce)
		evtchn_free(xce);
	return 0;
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
	return xce->pollfd;
}

int xenevtchn_restrict(xenevtchn_handle *xce, domid_t domid)
{
	struct xsim_req req = { .op = XSIM_EV_RESTRICT, .domid = domid };
	struct xsim_rep rep;
	int ret;

	pthread_mutex_lock(&xce->c.lock);
	ret = client_call(&xce->c, &req, sizeof(req), &rep, sizeof(rep), NULL);
	pthread_mutex_unlock(&xce->c.lock);
	return ret;
}

/* Applies the fault rules. Returns 0 if the notification goes out now, 1 if it does not, -1 and errno if it fails. */
static int evtchn_notify_fault(struct xenevtchn_handle *h, uint32_t port)
{
	const struct xsim_fault *f = client_fault(&h->c, XSIM_ON_NOTIFY, 0, 1);
	struct xsim_req req = { .op = XSIM_EV_LATER };
	struct xsim_rep rep;

	if (!f)
		return 0;
	if (f->what == XSIM_DO_FAIL) {
		errno = f->status > 0 ? f->status : EINVAL;
		return -1;
	}
	if (f->what == XSIM_DO_DELAY) {
		req.arg[0] = port;
		req.arg[1] = f->ms;
		return client_call(&h->c, &req, sizeof(req), &rep, sizeof(rep), NULL) < 0 ? -1 : 1;
	}
	return 1;
}

static int evtchn_notify_locked(struct xenevtchn_handle *h, uint32_t nr)
{
	struct port *p = evport_find(h, nr);
	uint32_t old;
	int ret;

	if (!p) {
		errno = ENOTCONN;
		return -1;
	}
	if (evport_update(h, p) < 0)
		return -1;
	if (!p->word)
		return 0;
	ret = evtchn_notify_fault(h, nr);
	if (ret)
		return ret < 0 ? -1 : 0;
	old = atomic_fetch_or(p->word, XSIM_EV_PENDING);
	if (!(old & (XSIM_EV_PENDING | XSIM_EV_MASKED)))
		evwait_kick(p->efd->efd);
	return 0;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	int ret;

	pthread_mutex_lock(&xce->c.lock);
	ret = evtchn_notify_locked(xce, port);
	pthread_mutex_unlock(&xce->c.lock);
	return ret;
}

xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *xce, uint32_t domid)
{
	struct xsim_req req = { .op = XSIM_EV_UNBOUND, .domid = domid };

	return evtchn_bind(xce, &req);
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce, uint32_t domid, evtchn_port_t remote_port)
{
	struct xsim_req req = { .op = XSIM_EV_BIND, .domid = domid, .arg = { remote_port, 0 } };

	return evtchn_bind(xce, &req);
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce, unsigned int virq)
{
	(void)xce;
	(void)virq;
	errno = ENOSYS;
	return -1;
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
	struct xsim_req req = { .op = XSIM_EV_CLOSE, .arg = { port, 0 } };
	struct xsim_rep rep;
	struct port *p;
	int ret = -1;

	pthread_mutex_lock(&xce->c.lock);
	p = evport_find(xce, port);
	if (!p) {
		errno = port >= XSIM_NR_PORTS ? EINVAL : ENOTCONN;
	} else {
		client_fault(&xce->c, XSIM_ON_UNBIND, 0, 1);
		if (atomic_exchange(&xce->own->word[port], XSIM_EV_MASKED) == XSIM_EV_PENDING)
			evwait_uncount(xce);
		evport_drop(xce, p);
		ret = client_call(&xce->c, &req, sizeof(req), &rep, sizeof(rep), NULL);
	}
	pthread_mutex_unlock(&xce->c.lock);
	return ret;
}

/* Masks one port that is pending and not masked. Returns it, or -1. */
static xenevtchn_port_or_error_t evtchn_take(struct xenevtchn_handle *h)
{
	xenevtchn_port_or_error_t port = -1;
	uint32_t i;

	pthread_mutex_lock(&h->c.lock);
	for (i = 0; port < 0 && i < h->nr; i++) {
		uint32_t at = (h->next + i) % h->nr;
		uint32_t want = XSIM_EV_PENDING;

		if (!atomic_compare_exchange_strong(&h->own->word[h->ports[at].nr], &want, XSIM_EV_MASKED))
			continue;
		port = (xenevtchn_port_or_error_t)h->ports[at].nr;
		h->next = at + 1;
		client_fault(&h->c, XSIM_ON_WAKE, 0, 1);
	}
	pthread_mutex_unlock(&h->c.lock);
	return port;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
	while (evwait_count(xce) == 0) {
		xenevtchn_port_or_error_t port = evtchn_take(xce);

		if (port >= 0)
			return port;
		if (client_lost(&xce->c)) {
			evwait_kick(xce->efd); /* so that the next caller sees it, too */
			errno = ENODEV;
			break;
		}
	}
	return -1;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	int ret = 0;

	pthread_mutex_lock(&xce->c.lock);
	if (port >= XSIM_NR_PORTS) {
		errno = EINVAL;
		ret = -1;
	} else if (evport_find(xce, port)) {
		uint32_t old = atomic_fetch_and(&xce->own->word[port], ~XSIM_EV_MASKED);

		if ((old & XSIM_EV_MASKED) && (old & XSIM_EV_PENDING))
			evwait_kick(xce->efd);
	}
	pthread_mutex_unlock(&xce->c.lock);
	return ret;
}
