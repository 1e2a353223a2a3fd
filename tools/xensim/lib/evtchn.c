/* SPDX-License-Identifier: MIT */
/*
 * Event channels, as Linux's /dev/xen/evtchn behind libxenevtchn.
 *
 * The handle's fd is an epoll set of two: the eventfd, which counts the ports
 * that may be taken, and the connection to the host, which only becomes
 * readable when the host is gone; xenevtchn_pending() then says ENODEV.
 * A sender keeps its peer's word and eventfd until gen[] says otherwise.
 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenevtchn.h>

/* A peer's event memory or eventfd, shared by the ports that lead there. */
struct target {
	struct target *next;
	uint32_t users;
	uint32_t domid;
	uint32_t owner; /* 0: the memory of the domain */
	struct xsim_evt *mem;
	int efd;
};

struct port {
	uint32_t nr;
	uint32_t gen;
	atomic_uint *word; /* the peer's, NULL while unbound */
	struct target *mem;
	struct target *efd;
};

struct xenevtchn_handle {
	struct client c;
	struct xsim_evt *own;
	int efd;
	int pollfd;
	struct target *targets;
	struct port *ports;
	uint32_t nr;
	uint32_t room;
	uint32_t next; /* where the search for a pending port goes on */
};

static struct target *target_get(struct xenevtchn_handle *h, uint32_t domid, uint32_t owner, int fd)
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

static void target_put(struct xenevtchn_handle *h, struct target *t)
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

static struct port *find_port(struct xenevtchn_handle *h, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < h->nr; i++)
		if (h->ports[i].nr == nr)
			return &h->ports[i];
	return NULL;
}

static void forget_peer(struct xenevtchn_handle *h, struct port *p)
{
	target_put(h, p->mem);
	target_put(h, p->efd);
	p->mem = p->efd = NULL;
	p->word = NULL;
}

/* Learn who is at the other end now; none is no error. */
static int learn_peer(struct xenevtchn_handle *h, struct port *p)
{
	struct xsim_req req = { .op = XSIM_EV_PEER, .arg = { p->nr, 0 } };
	struct xsim_rep rep;
	int fds[CLIENT_FDS];

	forget_peer(h, p);
	if (client_call(&h->c, &req, sizeof(req), &rep, sizeof(rep), fds) < 0)
		return -1;
	p->gen = rep.arg[2];
	if (fds[0] < 0)
		return 0;
	p->mem = target_get(h, rep.domid, 0, fds[0]);
	p->efd = target_get(h, rep.domid, rep.arg[1], fds[1]);
	if (p->mem->mem)
		p->word = &p->mem->mem->word[rep.arg[0]];
	return 0;
}

static xenevtchn_port_or_error_t add_port(struct xenevtchn_handle *h, const struct xsim_req *req)
{
	struct xsim_rep rep;

	if (h->nr == h->room) {
		uint32_t room = h->room ? 2 * h->room : 8;
		struct port *p = realloc(h->ports, room * sizeof(*p));

		if (!p)
			return -1;
		h->ports = p;
		h->room = room;
	}
	if (client_call(&h->c, req, sizeof(*req), &rep, sizeof(rep), NULL) < 0)
		return -1;
	h->ports[h->nr++] = (struct port){ .nr = rep.arg[0], .gen = UINT32_MAX };
	return (xenevtchn_port_or_error_t)rep.arg[0];
}

static xenevtchn_port_or_error_t bind_port(struct xenevtchn_handle *h, const struct xsim_req *req)
{
	xenevtchn_port_or_error_t port;

	pthread_mutex_lock(&h->c.lock);
	port = add_port(h, req);
	pthread_mutex_unlock(&h->c.lock);
	return port;
}

static void handle_free(struct xenevtchn_handle *h)
{
	int err = errno;
	uint32_t i;

	for (i = 0; i < h->nr; i++)
		forget_peer(h, &h->ports[i]);
	free(h->ports);
	if (h->own)
		munmap(h->own, sizeof(*h->own));
	if (h->efd >= 0)
		close(h->efd);
	if (h->pollfd >= 0)
		close(h->pollfd);
	client_close(&h->c);
	free(h);
	errno = err;
}

static int make_pollfd(struct xenevtchn_handle *h, unsigned int flags)
{
	struct epoll_event ev = { .events = EPOLLIN };

	h->pollfd = epoll_create1(flags & XENEVTCHN_NO_CLOEXEC ? 0 : EPOLL_CLOEXEC);
	if (h->pollfd < 0)
		return -1;
	if (epoll_ctl(h->pollfd, EPOLL_CTL_ADD, h->efd, &ev) < 0)
		return -1;
	ev.events = EPOLLRDHUP;
	return epoll_ctl(h->pollfd, EPOLL_CTL_ADD, h->c.sock, &ev);
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
	if (h->own && make_pollfd(h, flags) == 0)
		return h;
	handle_free(h);
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
		handle_free(xce);
	return 0;
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
	return xce->pollfd;
}

int xenevtchn_restrict(xenevtchn_handle *xce, domid_t domid)
{
	(void)xce;
	(void)domid;
	errno = EOPNOTSUPP;
	return -1;
}

/* A rule that drops or delays this notification: true if it is dealt with. */
static bool notify_fault(struct xenevtchn_handle *h, uint32_t port)
{
	const struct xsim_fault *f = client_fault(&h->c, XSIM_ON_NOTIFY, 0, 1);
	struct xsim_req req = { .op = XSIM_EV_LATER };
	struct xsim_rep rep;

	if (!f)
		return false;
	if (f->what == XSIM_DO_DELAY) {
		req.arg[0] = port;
		req.arg[1] = f->ms;
		return client_call(&h->c, &req, sizeof(req), &rep, sizeof(rep), NULL) == 0;
	}
	return f->what == XSIM_DO_DROP;
}

static void kick(int efd)
{
	static const uint64_t one = 1;
	ssize_t n;

	do
		n = write(efd, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
}

static int notify_locked(struct xenevtchn_handle *h, uint32_t nr)
{
	struct port *p = find_port(h, nr);
	uint32_t old;

	if (!p) {
		errno = ENOTCONN;
		return -1;
	}
	if (atomic_load_explicit(&h->own->gen[nr], memory_order_acquire) != p->gen && learn_peer(h, p) < 0)
		return -1;
	if (!p->word)
		return 0;
	if (atomic_load_explicit(&h->c.gnt->nr_faults, memory_order_relaxed) && notify_fault(h, nr))
		return 0;
	old = atomic_fetch_or(p->word, XSIM_EV_PENDING);
	if (!(old & (XSIM_EV_PENDING | XSIM_EV_MASKED)))
		kick(p->efd->efd);
	return 0;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	int ret;

	pthread_mutex_lock(&xce->c.lock);
	ret = notify_locked(xce, port);
	pthread_mutex_unlock(&xce->c.lock);
	return ret;
}

xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *xce, uint32_t domid)
{
	struct xsim_req req = { .op = XSIM_EV_UNBOUND, .domid = domid };

	return bind_port(xce, &req);
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce, uint32_t domid, evtchn_port_t remote_port)
{
	struct xsim_req req = { .op = XSIM_EV_BIND, .domid = domid, .arg = { remote_port, 0 } };

	return bind_port(xce, &req);
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
	p = find_port(xce, port);
	if (!p) {
		errno = port >= XSIM_NR_PORTS ? EINVAL : ENOTCONN;
	} else {
		uint32_t old = atomic_exchange(&xce->own->word[port], XSIM_EV_MASKED);
		uint64_t count;

		if (old == XSIM_EV_PENDING && read(xce->efd, &count, sizeof(count)) < 0)
			errno = 0; /* taken by another thread at the same time */
		forget_peer(xce, p);
		*p = xce->ports[--xce->nr];
		ret = client_call(&xce->c, &req, sizeof(req), &rep, sizeof(rep), NULL);
	}
	pthread_mutex_unlock(&xce->c.lock);
	return ret;
}

/* Take one port that is pending and not masked, and mask it. */
static xenevtchn_port_or_error_t take(struct xenevtchn_handle *h)
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
	}
	pthread_mutex_unlock(&h->c.lock);
	return port;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
	xenevtchn_port_or_error_t port;
	uint64_t count;
	ssize_t n;

	for (;;) {
		struct pollfd p[2] = { { .fd = xce->efd, .events = POLLIN }, { .fd = xce->c.sock, .events = POLLRDHUP } };

		n = read(xce->efd, &count, sizeof(count));
		if (n == (ssize_t)sizeof(count)) {
			port = take(xce);
			if (port < 0)
				errno = EAGAIN; /* its port was closed meanwhile */
			return port;
		}
		if (n < 0 && errno != EAGAIN)
			return -1;
		if (poll(p, 2, fcntl(xce->pollfd, F_GETFL) & O_NONBLOCK ? 0 : -1) < 0)
			return -1;
		if (p[1].revents) {
			errno = ENODEV;
			return -1;
		}
		if (!p[0].revents) {
			errno = EAGAIN;
			return -1;
		}
	}
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	int ret = 0;

	pthread_mutex_lock(&xce->c.lock);
	if (port >= XSIM_NR_PORTS) {
		errno = EINVAL;
		ret = -1;
	} else if (find_port(xce, port)) {
		uint32_t old = atomic_fetch_and(&xce->own->word[port], ~XSIM_EV_MASKED);

		if ((old & XSIM_EV_MASKED) && (old & XSIM_EV_PENDING))
			kick(xce->efd);
	}
	pthread_mutex_unlock(&xce->c.lock);
	return ret;
}
