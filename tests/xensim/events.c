/* SPDX-License-Identifier: MIT */
/* events.c - event channels on xensim, between domains 0 and 1: an event is delivered once, and domain 2,
 * which has no part in them, cannot bind one */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>

static xenevtchn_handle *e0;
static xenevtchn_handle *e1;
static xenevtchn_handle *e2;

static xenevtchn_handle *open_as(unsigned id)
{
	be_domain(id);
	return xenevtchn_open(NULL, 0);
}

static bool readable(xenevtchn_handle *h, int ms)
{
	struct pollfd p = { .fd = xenevtchn_fd(h), .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

static void open_all(void)
{
	e0 = open_as(0);
	e1 = open_as(1);
	e2 = open_as(2);
	CHECK(e0 && e1 && e2);
}

/* Makes a channel between a port of domain 1 and one of domain 0, and takes its first event. */
static void connect01(int *p1, int *p0)
{
	*p1 = xenevtchn_bind_unbound_port(e1, 0);
	*p0 = xenevtchn_bind_interdomain(e0, 1, (evtchn_port_t)*p1);
	CHECK(*p1 > 0 && *p0 > 0);
	CHECK(xenevtchn_pending(e0) == *p0); /* as on Xen, the domain that binds gets one event */
	CHECK(xenevtchn_unmask(e0, (evtchn_port_t)*p0) == 0);
}

static void disconnect01(int p1, int p0)
{
	CHECK(xenevtchn_unbind(e1, (evtchn_port_t)p1) == 0);
	CHECK(xenevtchn_unbind(e0, (evtchn_port_t)p0) == 0);
	CHECK(!readable(e0, 0) && !readable(e1, 0));
}

static void notify_both_ways(void)
{
	int p1, p0;

	connect01(&p1, &p0);
	CHECK(!readable(e0, 0) && !readable(e1, 0));
	CHECK(xenevtchn_notify(e1, (evtchn_port_t)p1) == 0);
	CHECK(readable(e0, 1000) && xenevtchn_pending(e0) == p0);
	CHECK(!readable(e0, 0));
	CHECK(xenevtchn_notify(e0, (evtchn_port_t)p0) == 0);
	CHECK(readable(e1, 1000) && xenevtchn_pending(e1) == p1);
	disconnect01(p1, p0);
}

static void masked_until_unmask(void)
{
	int p1, p0;

	connect01(&p1, &p0);
	xenevtchn_notify(e1, (evtchn_port_t)p1);
	xenevtchn_notify(e1, (evtchn_port_t)p1);
	CHECK(xenevtchn_pending(e0) == p0);
	CHECK(!readable(e0, 0)); /* merged */
	xenevtchn_notify(e1, (evtchn_port_t)p1);
	CHECK(!readable(e0, 0)); /* masked */
	CHECK(xenevtchn_unmask(e0, (evtchn_port_t)p0) == 0);
	CHECK(readable(e0, 0) && xenevtchn_pending(e0) == p0);
	CHECK(xenevtchn_unmask(e0, (evtchn_port_t)p0) == 0);
	CHECK(!readable(e0, 0));
	disconnect01(p1, p0);
}

static void only_the_invited_bind_once(void)
{
	int p1, p0;

	connect01(&p1, &p0);
	CHECK(xenevtchn_bind_interdomain(e0, 1, (evtchn_port_t)p1) == -1 && errno == EINVAL);
	disconnect01(p1, p0);
	p1 = xenevtchn_bind_unbound_port(e1, 0);
	CHECK(xenevtchn_bind_interdomain(e2, 1, (evtchn_port_t)p1) == -1 && errno == EINVAL);
	CHECK(xenevtchn_bind_interdomain(e0, 1, 4095) == -1 && errno == EINVAL);
	CHECK(xenevtchn_bind_interdomain(e0, 1, 1u << 30) == -1 && errno == EINVAL);
	CHECK(xenevtchn_bind_interdomain(e0, 55, 1) == -1 && errno == ESRCH);
	CHECK(xenevtchn_unbind(e1, (evtchn_port_t)p1) == 0);
}

static void foreign_ports_are_refused(void)
{
	int p1 = xenevtchn_bind_unbound_port(e1, 0);
	xenevtchn_handle *other = open_as(1);

	CHECK(xenevtchn_notify(other, (evtchn_port_t)p1) == -1 && errno == ENOTCONN);
	CHECK(xenevtchn_unbind(other, (evtchn_port_t)p1) == -1 && errno == ENOTCONN);
	CHECK(xenevtchn_notify(e1, (evtchn_port_t)p1) == 0); /* unbound: has no effect */
	CHECK(xenevtchn_unbind(e1, (evtchn_port_t)p1) == 0);
	CHECK(xenevtchn_unbind(e1, (evtchn_port_t)p1) == -1 && errno == ENOTCONN);
	xenevtchn_close(other);
}

static void closed_end_can_be_bound_again(void)
{
	xenevtchn_handle *other;
	int p1, p0, again;

	connect01(&p1, &p0);
	CHECK(xenevtchn_unbind(e0, (evtchn_port_t)p0) == 0);
	CHECK(xenevtchn_notify(e1, (evtchn_port_t)p1) == 0);
	other = open_as(0);
	again = xenevtchn_bind_interdomain(other, 1, (evtchn_port_t)p1);
	CHECK(again > 0 && xenevtchn_pending(other) == again);
	CHECK(xenevtchn_unmask(other, (evtchn_port_t)again) == 0);
	CHECK(xenevtchn_notify(e1, (evtchn_port_t)p1) == 0);
	CHECK(readable(other, 1000) && !readable(e0, 0));
	CHECK(xenevtchn_pending(other) == again);
	xenevtchn_close(other);
	other = open_as(0);
	again = xenevtchn_bind_interdomain(other, 1, (evtchn_port_t)p1);
	CHECK(again > 0);
	xenevtchn_close(other);
	CHECK(xenevtchn_unbind(e1, (evtchn_port_t)p1) == 0);
}

static void killed_binder_unbinds(void)
{
	int p1 = xenevtchn_bind_unbound_port(e1, 0);
	int p0 = -1;
	int fds[2];
	char byte;
	pid_t pid;
	int i;

	CHECK(pipe(fds) == 0);
	pid = fork();
	if (pid == 0) {
		xenevtchn_handle *h = open_as(0);

		if (!h || xenevtchn_bind_interdomain(h, 1, (evtchn_port_t)p1) < 0)
			_exit(1);
		if (write(fds[1], "", 1) == 1)
			pause();
		_exit(0);
	}
	CHECK(read(fds[0], &byte, 1) == 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (i = 0; i < 1000 && p0 < 0; i++)
		p0 = xenevtchn_bind_interdomain(e0, 1, (evtchn_port_t)p1);
	CHECK(p0 > 0 && xenevtchn_pending(e0) == p0);
	close(fds[0]);
	close(fds[1]);
	disconnect01(p1, p0);
}

static void many_ports_one_fd(void)
{
	int p1[64], p0[64];
	bool seen[64] = { false };
	int i, n;

	for (i = 0; i < 64; i++)
		connect01(&p1[i], &p0[i]);
	for (i = 0; i < 64; i++)
		CHECK(xenevtchn_notify(e1, (evtchn_port_t)p1[i]) == 0);
	for (n = 0; n < 64; n++) {
		int port = xenevtchn_pending(e0);

		for (i = 0; i < 64; i++)
			if (p0[i] == port)
				seen[i] = true;
	}
	for (i = 0; i < 64; i++)
		CHECK(seen[i]);
	CHECK(!readable(e0, 0));
	for (i = 0; i < 64; i++)
		disconnect01(p1[i], p0[i]);
}

static void nonblocking_and_unbound_pending(void)
{
	int p1, p0;
	int fd = xenevtchn_fd(e0);

	CHECK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0);
	CHECK(xenevtchn_pending(e0) == -1 && errno == EAGAIN);
	connect01(&p1, &p0);
	xenevtchn_notify(e1, (evtchn_port_t)p1);
	disconnect01(p1, p0); /* unbinding removes a pending event */
	CHECK(xenevtchn_pending(e0) == -1 && errno == EAGAIN);
	CHECK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) == 0);
}

struct pong {
	xenevtchn_handle *h;
	int port;
	int rounds;
};

static void *pong(void *arg)
{
	struct pong *p = arg;
	int i;

	for (i = 0; i < p->rounds; i++) {
		if (xenevtchn_pending(p->h) != p->port)
			break;
		xenevtchn_unmask(p->h, (evtchn_port_t)p->port);
		xenevtchn_notify(p->h, (evtchn_port_t)p->port);
	}
	return NULL;
}

static void no_event_is_lost(void)
{
	struct pong p = { .h = e1, .rounds = 20000 };
	pthread_t t;
	int p0, i;

	connect01(&p.port, &p0);
	CHECK(pthread_create(&t, NULL, pong, &p) == 0);
	for (i = 0; i < p.rounds; i++) {
		xenevtchn_notify(e0, (evtchn_port_t)p0);
		if (!readable(e0, 5000) || xenevtchn_pending(e0) != p0)
			break;
		xenevtchn_unmask(e0, (evtchn_port_t)p0);
	}
	CHECK(i == p.rounds);
	pthread_join(t, NULL);
	disconnect01(p.port, p0);
}

static void unmap_notifies(void)
{
	xengntshr_handle *shr;
	xengnttab_handle *tab;
	uint32_t ref;
	uint8_t *mine;
	void *theirs;
	int p1, p0;

	connect01(&p1, &p0);
	be_domain(1);
	shr = xengntshr_open(NULL, 0);
	be_domain(0);
	tab = xengnttab_open(NULL, 0);
	mine = xengntshr_share_pages(shr, 0, 1, &ref, 1);
	mine[10] = 5;
	theirs = xengnttab_map_grant_ref_notify(tab, 1, ref, PROT_READ | PROT_WRITE, 10, (evtchn_port_t)p0);
	CHECK(theirs && xengnttab_unmap(tab, theirs, 1) == 0);
	CHECK(readable(e1, 1000) && xenevtchn_pending(e1) == p1);
	CHECK(mine[10] == 0);
	xengntshr_close(shr);
	xengnttab_close(tab);
	disconnect01(p1, p0);
}

/* Restricts a handle as Linux does: for as long as it is open, to one domain, without offers of its own. */
static void restricted_to_one_domain(void)
{
	xenevtchn_handle *e = open_as(0);
	int p1 = xenevtchn_bind_unbound_port(e1, 0), p2 = xenevtchn_bind_unbound_port(e2, 0), before, p;

	CHECK(e && p1 > 0 && p2 > 0);
	before = xenevtchn_bind_interdomain(e, 2, (evtchn_port_t)p2);
	CHECK(before > 0 && xenevtchn_pending(e) == before);
	CHECK(xenevtchn_restrict(e, 0) == -1 && errno == EINVAL);
	CHECK(xenevtchn_restrict(e, 0x7ff0) == -1 && errno == EINVAL);
	CHECK(xenevtchn_restrict(e, 1) == 0);
	CHECK(xenevtchn_restrict(e, 1) == -1 && errno == EACCES);
	CHECK(xenevtchn_restrict(e, 2) == -1 && errno == EACCES);
	CHECK(xenevtchn_bind_unbound_port(e, 1) == -1 && errno == EACCES);
	CHECK(xenevtchn_bind_unbound_port(e, 2) == -1 && errno == EACCES);
	CHECK(xenevtchn_bind_interdomain(e, 2, 4095) == -1 && errno == EACCES);
	CHECK(xenevtchn_bind_interdomain(e, 77, 1) == -1 && errno == EACCES);
	p = xenevtchn_bind_interdomain(e, 1, (evtchn_port_t)p1);
	CHECK(p > 0 && xenevtchn_pending(e) == p);
	CHECK(xenevtchn_notify(e, (evtchn_port_t)p) == 0 && readable(e1, 1000) && xenevtchn_pending(e1) == p1);
	/* What was bound before goes on until it is closed. */
	CHECK(xenevtchn_notify(e, (evtchn_port_t)before) == 0 && readable(e2, 1000) && xenevtchn_pending(e2) == p2);
	CHECK(xenevtchn_unbind(e, (evtchn_port_t)before) == 0);
	CHECK(xenevtchn_bind_interdomain(e, 2, (evtchn_port_t)p2) == -1 && errno == EACCES);
	/* It is a property of the handle, not of its process. */
	before = xenevtchn_bind_interdomain(e0, 2, (evtchn_port_t)p2);
	CHECK(before > 0 && xenevtchn_pending(e0) == before && xenevtchn_unbind(e0, (evtchn_port_t)before) == 0);
	CHECK(xenevtchn_close(e) == 0);
	CHECK(xenevtchn_unbind(e1, (evtchn_port_t)p1) == 0 && xenevtchn_unbind(e2, (evtchn_port_t)p2) == 0);
}

int main(void)
{
	CASE(open_all);
	if (checks_failed)
		return checks_done();
	CASE(notify_both_ways);
	CASE(masked_until_unmask);
	CASE(only_the_invited_bind_once);
	CASE(foreign_ports_are_refused);
	CASE(closed_end_can_be_bound_again);
	CASE(killed_binder_unbinds);
	CASE(many_ports_one_fd);
	CASE(nonblocking_and_unbound_pending);
	CASE(no_event_is_lost);
	CASE(unmap_notifies);
	CASE(restricted_to_one_domain);
	xenevtchn_close(e0);
	xenevtchn_close(e1);
	xenevtchn_close(e2);
	return checks_done();
}
