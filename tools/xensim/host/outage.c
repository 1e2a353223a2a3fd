/* SPDX-License-Identifier: MIT */
/* outage.c - stops and starts the xenstore */
#include "outage.h"

#include "dom_nodes.h"
#include "sockets.h"
#include "tools/xensim/base/util.h"
#include "tools/xensim/store/conn.h"
#include "tools/xensim/store/nodes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum { STORE_SERVES, STORE_STOPPED, STORE_DEAD } outage_state;

int outage_store_serves(void)
{
	return outage_state == STORE_SERVES;
}

static void outage_stop(void)
{
	struct dom *d;

	for (d = doms; d; d = d->next)
		sockets_store_pause(d);
	conn_pause_all();
	outage_state = STORE_STOPPED;
}

static void outage_continue(void)
{
	struct dom *d;

	for (d = doms; d; d = d->next)
		sockets_store_resume(d);
	conn_resume_all();
	outage_state = STORE_SERVES;
}

static void outage_kill(void)
{
	struct dom *d;

	for (d = doms; d; d = d->next)
		sockets_store_close(d);
	conn_end_all();
	outage_state = STORE_DEAD;
}

static int outage_start(int empty, char **why)
{
	struct dom *d;

	if (empty) {
		nodes_forget();
		dom_nodes_make(dom_find(0));
	}
	for (d = doms; d; d = d->next) {
		if (sockets_store_open(d) == 0)
			continue;
		*why = xprintf("store: %s: %s", d->dir, strerror(errno));
		return -1;
	}
	outage_state = STORE_SERVES;
	return 0;
}

int outage_command(char **words, int n, char **why)
{
	int empty = n == 2 && !strcmp(words[0], "start") && !strcmp(words[1], "--empty");

	if (n == 1 + empty) {
		if (!strcmp(words[0], "stop") && outage_state == STORE_SERVES) {
			outage_stop();
			return 0;
		}
		if (!strcmp(words[0], "cont") && outage_state == STORE_STOPPED) {
			outage_continue();
			return 0;
		}
		if (!strcmp(words[0], "kill") && outage_state != STORE_DEAD) {
			outage_kill();
			return 0;
		}
		if (!strcmp(words[0], "start") && outage_state == STORE_DEAD)
			return outage_start(empty, why);
	}
	*why = xprintf("store: stop, cont, kill or start [--empty]; it %s now",
		       outage_state == STORE_SERVES ? "serves" : outage_state == STORE_STOPPED ? "is stopped" : "is dead");
	return -1;
}
