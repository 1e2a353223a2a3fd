/* SPDX-License-Identifier: MIT */
/*
 * The xenstore stops, goes on, dies and is started anew, while domains, grants
 * and event channels live on: as xenstored is a process of its own.
 */
#include "host.h"

#include "../store/store.h"
#include "util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum { SERVES, STOPPED, DEAD } store_is;

int outage_none(void)
{
	return store_is == SERVES;
}

static void stop(void)
{
	struct dom *d;

	for (d = doms; d; d = d->next)
		dom_store_pause(d);
	store_hold();
	store_is = STOPPED;
}

static void go_on(void)
{
	struct dom *d;

	for (d = doms; d; d = d->next)
		dom_store_go_on(d);
	store_go_on();
	store_is = SERVES;
}

static void die_now(void)
{
	struct dom *d;

	for (d = doms; d; d = d->next)
		dom_store_close(d);
	store_hang_up();
	store_is = DEAD;
}

static int start(int empty, char **why)
{
	struct dom *d;

	if (empty) {
		store_forget();
		host_dom0_nodes();
	}
	for (d = doms; d; d = d->next) {
		if (dom_store_open(d) == 0)
			continue;
		*why = xprintf("store: %s: %s", d->dir, strerror(errno));
		return -1;
	}
	store_is = SERVES;
	return 0;
}

int outage(char **words, int n, char **why)
{
	int empty = n == 2 && !strcmp(words[0], "start") && !strcmp(words[1], "--empty");

	if (n == 1 + empty) {
		if (!strcmp(words[0], "stop") && store_is == SERVES) {
			stop();
			return 0;
		}
		if (!strcmp(words[0], "cont") && store_is == STOPPED) {
			go_on();
			return 0;
		}
		if (!strcmp(words[0], "kill") && store_is != DEAD) {
			die_now();
			return 0;
		}
		if (!strcmp(words[0], "start") && store_is == DEAD)
			return start(empty, why);
	}
	*why = xprintf("store: stop, cont, kill or start [--empty]; it %s now",
		       store_is == SERVES ? "serves" : store_is == STOPPED ? "is stopped" : "is dead");
	return -1;
}
