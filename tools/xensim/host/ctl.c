/* SPDX-License-Identifier: MIT */
/*
 * Commands of the xensim tool at DIR/ctl.sock: one packet of NUL-terminated
 * words, one packet back: '0' or '1' (failed) and text.
 */
#include "host.h"

#include "../store/store.h"
#include "util.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CTL_WORDS 64

static struct dom_options defaults;

struct answer {
	char text[65536];
	size_t len;
};

static void say(struct answer *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct answer *a, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(a->text + a->len, sizeof(a->text) - a->len, fmt, ap);
	va_end(ap);
	if (n > 0 && a->len + (size_t)n < sizeof(a->text))
		a->len += (size_t)n;
}

static int cmd_domain(struct answer *a, char **w, int n)
{
	struct dom_options opt = defaults;
	char *why = NULL;
	struct dom *d;
	int driver = 0;
	int netns = 0;
	int i;

	for (i = 2; i < n; i++) {
		const char *v = option(w[i], "max-pages");
		const char *id = option(w[i], "domid");

		if (!strcmp(w[i], "--netns")) {
			netns = 1;
		} else if (!strcmp(w[i], "--driver-domain")) {
			driver = 1;
		} else if (id && atoi(id) > 0 && atoi(id) < 0x7ff0) {
			opt.domid = (uint32_t)atoi(id);
		} else if (v && atoi(v) > 0 && (uint32_t)atoi(v) <= XSIM_NR_PAGES) {
			opt.max_pages = (uint32_t)atoi(v);
		} else {
			say(a, "domain: unknown option %s", w[i]);
			return 1;
		}
	}
	d = host_domain(w[1], netns, driver, &opt, &why);
	if (!d) {
		say(a, "%s", why);
		free(why);
		return 1;
	}
	say(a, "%u\n", d->id);
	return 0;
}

static int cmd_lookup(struct answer *a, struct dom *d)
{
	say(a, "%u %s %s %s\n", d->id, d->name, d->dir, d->netns ? d->netns : "-");
	return 0;
}

static void say_dom(struct answer *a, const struct dom *d, int width)
{
	const struct handle *h;
	uint32_t handles = 0;
	uint32_t watches;
	uint32_t nodes;
	uint32_t conns;
	uint32_t maps = 0;

	for (h = d->handles; h; h = h->next) {
		const struct holding *hd;

		handles++;
		for (hd = h->kind == XSIM_GNTTAB ? h->held : NULL; hd; hd = hd->next)
			maps += hd->count;
	}
	store_count(d->id, &nodes, &watches, &conns);
	say(a, "%4u  %-12s  %-*s  %5d  %7u  %6u/%-6u  %6u  %6u  %5u  %5u  %7u  %7u  %6u\n", d->id, d->name, width, d->netns ? d->netns : "-",
	    procs_signal(d->dir, 0), handles, d->nr_pages, d->max_pages, d->nr_refs, maps, d->nr_ports, nodes, watches, conns, atomic_load(&d->gnt->nr_faults));
}

static int cmd_status(struct answer *a)
{
	const struct dom *d;
	int width = 5;

	for (d = doms; d; d = d->next)
		if (d->netns && (int)strlen(d->netns) > width)
			width = (int)strlen(d->netns);
	say(a, "host %d in %s\n", (int)getpid(), host_dir());
	say(a, "  id  %-12s  %-*s  %5s  %7s  %-13s  %6s  %6s  %5s  %5s  %7s  %7s  %6s\n", "name", width, "netns", "procs", "handles", " pages/limit", "grants", "mapped",
	    "ports", "nodes", "watches", "clients", "faults");
	for (d = doms; d; d = d->next)
		say_dom(a, d, width);
	return 0;
}

/* A storm: every port of a domain is raised again each millisecond. */
struct storm {
	uint32_t domid;
	uint32_t left;
	uint32_t clears; /* of the domain's fault rules, when it began */
};

static uint32_t raise_all(struct dom *d)
{
	uint32_t raised = 0;
	uint32_t nr;

	for (nr = 1; nr < XSIM_NR_PORTS; nr++) {
		if (d->port[nr].state == PORT_FREE)
			continue;
		events_raise(d, nr);
		raised++;
	}
	return raised;
}

static void storm_on(void *arg)
{
	struct storm *st = arg;
	struct dom *d = dom_find(st->domid);

	if (!d || !st->left || d->nr_clears != st->clears) {
		free(st);
		return;
	}
	st->left--;
	raise_all(d);
	loop_after(1, storm_on, st);
}

static int cmd_storm(struct answer *a, struct dom *d, const char *times)
{
	struct storm *st;
	char *end;
	unsigned long n = strtoul(times, &end, 10);

	if (!n || *end || n > UINT32_MAX) {
		say(a, "fault: storm \"%s\": a number of times is needed", times);
		return 1;
	}
	st = xalloc(sizeof(*st));
	*st = (struct storm){ .domid = d->id, .left = (uint32_t)n - 1, .clears = d->nr_clears };
	say(a, "%u\n", raise_all(d));
	loop_after(1, storm_on, st);
	return 0;
}

static int cmd_fault(struct answer *a, struct dom *d, char **w, int n)
{
	char *why = NULL;

	if (n > 2 && !strcmp(w[2], "clear")) {
		fault_clear(d);
		return 0;
	}
	if (n > 2 && !strcmp(w[2], "storm"))
		return cmd_storm(a, d, n > 3 ? w[3] : "1");
	if (fault_add(d, w + 2, n - 2, &why) == 0)
		return 0;
	say(a, "%s", why);
	free(why);
	return 1;
}

static int cmd_on_domain(struct answer *a, char **w, int n)
{
	struct dom *d = n > 1 ? dom_named(w[1]) : NULL;

	if (!d) {
		say(a, n > 1 ? "no domain %s" : "no domain named%s", n > 1 ? w[1] : "");
		return 1;
	}
	if (!strcmp(w[0], "lookup"))
		return cmd_lookup(a, d);
	if (!strcmp(w[0], "fault"))
		return cmd_fault(a, d, w, n);
	if (!strcmp(w[0], "freeze"))
		say(a, "%d\n", procs_signal(d->dir, SIGSTOP));
	else if (!strcmp(w[0], "thaw"))
		say(a, "%d\n", procs_signal(d->dir, SIGCONT));
	else if (!strcmp(w[0], "kill"))
		say(a, "%d\n", procs_signal(d->dir, SIGKILL));
	else if (!strcmp(w[0], "destroy") && d->id)
		host_destroy(d);
	else if (!strcmp(w[0], "restore") && d->id)
		host_restore(d);
	else {
		say(a, "%s: not for %s", w[0], d->name);
		return 1;
	}
	return 0;
}

static int cmd_store(struct answer *a, char **w, int n)
{
	char *why = NULL;

	if (outage(w + 1, n - 1, &why) == 0)
		return 0;
	say(a, "%s", why);
	free(why);
	return 1;
}

static int command(struct answer *a, char **w, int n)
{
	if (n > 1 && !strcmp(w[0], "store"))
		return cmd_store(a, w, n);
	if (n > 1 && !strcmp(w[0], "domain") && !outage_none()) {
		say(a, "domain: the xenstore does not serve");
		return 1;
	}
	if (n > 1 && !strcmp(w[0], "domain"))
		return cmd_domain(a, w, n);
	if (n == 1 && !strcmp(w[0], "status"))
		return cmd_status(a);
	if (n == 1 && !strcmp(w[0], "stop")) {
		loop_stop();
		return 0;
	}
	return cmd_on_domain(a, w, n);
}

static void ctl_serve(struct source *s, uint32_t events)
{
	static struct answer a;
	char in[4096];
	char *w[CTL_WORDS];
	ssize_t len = recv(s->fd, in, sizeof(in) - 1, 0);
	char *p = in;
	int n = 0;

	(void)events;
	if (len <= 0) {
		loop_drop(s);
		return;
	}
	in[len] = '\0';
	while (p < in + len && n < CTL_WORDS) {
		w[n++] = p;
		p += strlen(p) + 1;
	}
	a.len = 1;
	a.text[1] = '\0';
	a.text[0] = (char)('0' + command(&a, w, n));
	if (send(s->fd, a.text, a.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		loop_drop(s);
}

static void ctl_accept(struct source *s, uint32_t events)
{
	struct source *c = xalloc(sizeof(*c));

	(void)events;
	c->fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
	c->ready = ctl_serve;
	if (c->fd >= 0 && loop_add(c, EPOLLIN) == 0)
		return;
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}

int ctl_init(const char *dir, const struct dom_options *opt)
{
	static struct source s = { .ready = ctl_accept };
	char *path = xprintf("%s/ctl.sock", dir);

	defaults = *opt;
	s.fd = listen_at(path, SOCK_SEQPACKET);
	free(path);
	return s.fd < 0 ? -1 : loop_add(&s, EPOLLIN);
}
