/* SPDX-License-Identifier: MIT */
/* ctl.c - answers the commands of the xensim tool */
#include "ctl.h"

#include "events.h"
#include "faults.h"
#include "outage.h"
#include "procs.h"
#include "tools/xensim/base/loop.h"
#include "tools/xensim/base/util.h"
#include "tools/xensim/store/conn.h"
#include "tools/xensim/store/tree.h"
#include "tools/xensim/store/watch.h"
#include "toolstack.h"

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

static struct dom_options ctl_defaults;
static const char *ctl_dir;

struct ctl_answer {
	char text[65536];
	size_t len;
};

static void ctl_say(struct ctl_answer *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void ctl_say(struct ctl_answer *a, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(a->text + a->len, sizeof(a->text) - a->len, fmt, ap);
	va_end(ap);
	if (n > 0 && a->len + (size_t)n < sizeof(a->text))
		a->len += (size_t)n;
}

static int ctl_domain(struct ctl_answer *a, char **w, int n)
{
	struct dom_options opt = ctl_defaults;
	char *why = NULL;
	struct dom *d;
	unsigned int flags = 0;
	int i;

	for (i = 2; i < n; i++) {
		const char *v = option(w[i], "max-pages");
		const char *id = option(w[i], "domid");

		if (!strcmp(w[i], "--netns")) {
			flags |= TOOLSTACK_NETNS;
		} else if (!strcmp(w[i], "--driver-domain")) {
			flags |= TOOLSTACK_DRIVER;
		} else if (id && atoi(id) > 0 && atoi(id) < 0x7ff0) {
			opt.domid = (uint32_t)atoi(id);
		} else if (v && atoi(v) > 0 && (uint32_t)atoi(v) <= XSIM_NR_PAGES) {
			opt.max_pages = (uint32_t)atoi(v);
		} else {
			ctl_say(a, "domain: unknown option %s", w[i]);
			return 1;
		}
	}
	d = toolstack_create(w[1], flags, &opt, &why);
	if (!d) {
		ctl_say(a, "%s", why);
		free(why);
		return 1;
	}
	ctl_say(a, "%u\n", d->id);
	return 0;
}

static int ctl_lookup(struct ctl_answer *a, struct dom *d)
{
	ctl_say(a, "%u %s %s %s\n", d->id, d->name, d->dir, d->netns ? d->netns : "-");
	return 0;
}

static void ctl_say_dom(struct ctl_answer *a, const struct dom *d, int width)
{
	const struct handle *h;
	uint32_t handles = 0;
	uint32_t maps = 0;

	for (h = d->handles; h; h = h->next) {
		const struct holding *hd;

		handles++;
		for (hd = h->kind == XSIM_GNTTAB ? h->held : NULL; hd; hd = hd->next)
			maps += hd->count;
	}
	ctl_say(a, "%4u  %-12s  %-*s  %5d  %7u  %6u/%-6u  %6u  %6u  %5u  %5u  %7u  %7u  %6u\n", d->id, d->name, width, d->netns ? d->netns : "-",
	    procs_signal(d->dir, 0), handles, d->nr_pages, d->max_pages, d->nr_refs, maps, d->nr_ports, tree_owned(d->id), watch_count(d->id), conn_count(d->id), atomic_load(&d->gnt->nr_faults));
}

static int ctl_status(struct ctl_answer *a)
{
	const struct dom *d;
	int width = 5;

	for (d = doms; d; d = d->next)
		if (d->netns && (int)strlen(d->netns) > width)
			width = (int)strlen(d->netns);
	ctl_say(a, "host %d in %s\n", (int)getpid(), ctl_dir);
	ctl_say(a, "  id  %-12s  %-*s  %5s  %7s  %-13s  %6s  %6s  %5s  %5s  %7s  %7s  %6s\n", "name", width, "netns", "procs", "handles", " pages/limit", "grants", "mapped",
	    "ports", "nodes", "watches", "clients", "faults");
	for (d = doms; d; d = d->next)
		ctl_say_dom(a, d, width);
	return 0;
}

/* A storm raises every port of a domain again each millisecond. */
struct ctl_storm {
	uint32_t domid;
	uint32_t left;
	uint32_t clears; /* the domain's nr_clears when it began */
};

static uint32_t ctl_raise_all(struct dom *d)
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

static void ctl_storm_continue(void *arg)
{
	struct ctl_storm *st = arg;
	struct dom *d = dom_find(st->domid);

	if (!d || !st->left || d->nr_clears != st->clears) {
		free(st);
		return;
	}
	st->left--;
	ctl_raise_all(d);
	loop_after(1, ctl_storm_continue, st);
}

static int ctl_storm(struct ctl_answer *a, struct dom *d, const char *times)
{
	struct ctl_storm *st;
	char *end;
	unsigned long n = strtoul(times, &end, 10);

	if (!n || *end || n > UINT32_MAX) {
		ctl_say(a, "fault: storm \"%s\": a number of times is needed", times);
		return 1;
	}
	st = xalloc(sizeof(*st));
	*st = (struct ctl_storm){ .domid = d->id, .left = (uint32_t)n - 1, .clears = d->nr_clears };
	ctl_say(a, "%u\n", ctl_raise_all(d));
	loop_after(1, ctl_storm_continue, st);
	return 0;
}

static int ctl_fault(struct ctl_answer *a, struct dom *d, char **w, int n)
{
	char *why = NULL;

	if (n > 2 && !strcmp(w[2], "clear")) {
		faults_clear(d);
		return 0;
	}
	if (n > 2 && !strcmp(w[2], "storm"))
		return ctl_storm(a, d, n > 3 ? w[3] : "1");
	if (faults_add(d, w + 2, n - 2, &why) == 0)
		return 0;
	ctl_say(a, "%s", why);
	free(why);
	return 1;
}

static int ctl_on_domain(struct ctl_answer *a, char **w, int n)
{
	struct dom *d = n > 1 ? dom_named(w[1]) : NULL;

	if (!d) {
		ctl_say(a, n > 1 ? "no domain %s" : "no domain named%s", n > 1 ? w[1] : "");
		return 1;
	}
	if (!strcmp(w[0], "lookup"))
		return ctl_lookup(a, d);
	if (!strcmp(w[0], "fault"))
		return ctl_fault(a, d, w, n);
	if (!strcmp(w[0], "freeze"))
		ctl_say(a, "%d\n", procs_signal(d->dir, SIGSTOP));
	else if (!strcmp(w[0], "thaw"))
		ctl_say(a, "%d\n", procs_signal(d->dir, SIGCONT));
	else if (!strcmp(w[0], "kill"))
		ctl_say(a, "%d\n", procs_signal(d->dir, SIGKILL));
	else if (!strcmp(w[0], "destroy") && d->id)
		toolstack_destroy(d);
	else if (!strcmp(w[0], "restore") && d->id)
		toolstack_restore(d);
	else {
		ctl_say(a, "%s: not for %s", w[0], d->name);
		return 1;
	}
	return 0;
}

static int ctl_store(struct ctl_answer *a, char **w, int n)
{
	char *why = NULL;

	if (outage_command(w + 1, n - 1, &why) == 0)
		return 0;
	ctl_say(a, "%s", why);
	free(why);
	return 1;
}

static int ctl_command(struct ctl_answer *a, char **w, int n)
{
	if (n > 1 && !strcmp(w[0], "store"))
		return ctl_store(a, w, n);
	if (n > 1 && !strcmp(w[0], "domain") && !outage_store_serves()) {
		ctl_say(a, "domain: the xenstore does not serve");
		return 1;
	}
	if (n > 1 && !strcmp(w[0], "domain"))
		return ctl_domain(a, w, n);
	if (n == 1 && !strcmp(w[0], "status"))
		return ctl_status(a);
	if (n == 1 && !strcmp(w[0], "stop")) {
		loop_stop();
		return 0;
	}
	return ctl_on_domain(a, w, n);
}

static void ctl_serve(struct source *s, uint32_t events)
{
	static struct ctl_answer a;
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
	a.text[0] = (char)('0' + ctl_command(&a, w, n));
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

	ctl_defaults = *opt;
	ctl_dir = dir;
	s.fd = listen_at(path, SOCK_SEQPACKET);
	free(path);
	return s.fd < 0 ? -1 : loop_add(&s, EPOLLIN);
}
