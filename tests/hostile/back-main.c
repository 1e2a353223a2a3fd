/* SPDX-License-Identifier: MIT */
/* back-main.c - hostile-back: plays the cases of a bad backend against netfrontd
 *
 *   hostile-back --guest=DOMID --log=FILE [--devid=N] [GROUP|CASE...]
 *
 * $HOSTILE_NETNS is the guest's network namespace, $HOSTILE_HOOK attaches and
 * detaches the interface ("start vif", "stop vif").
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "back.h"

static const struct btable *const tables[] = { &table_back_ring, &table_back_rx, &table_back_store, &table_back_header,
					       &table_back_ctrl, &table_back_queues, &table_back_rss,
					       &table_back_hash, &table_back_mcast, &table_back_held };

#define NTABLES (sizeof(tables) / sizeof(tables[0]))

static void want_log(struct back *b, const char *what, const char *reason)
{
	char line[1024], text[256];

	snprintf(text, sizeof(text), "reason=\"%s", reason);
	if (!log_wait(&b->log, what, text, line, sizeof(line), WAIT_MS))
		trouble(&b->t, "the daemon does not say \"%s%s\"", what, reason);
}

static void act(struct back *b)
{
	const struct bcase *c = b->c;

	for (unsigned int i = 0; i < b->nbufs; i++)
		frame_put(b, i, c->header, c->frame);
	if (c->rsps) {
		rsps_put(b, c->rsps);
		grx_push(b);
	}
	if (c->run)
		c->run(b);
}

static void classify(struct back *b)
{
	const struct bcase *c = b->c;

	switch (c->verdict) {
	case V_PASS:
	case V_DROP:
		if (!grx_reposted(b))
			trouble(&b->t, "the buffers were not posted again");
		probe(b);
		if (store_state(b->xs, b->fe) != XenbusStateConnected)
			trouble(&b->t, "the interface is closed");
		break;
	case V_FAULT:
		want_log(b, "closing ", c->want);
		if (back_wait_front(b, IS(Closing) | IS(Closed)) < 0)
			trouble(&b->t, "the frontend does not close");
		break;
	case V_REFUSE:
	case V_ANY:
		break;
	}
}

static void judge_counters(struct back *b)
{
	const struct bcase *c = b->c;
	char line[1024];
	uint64_t ok;

	if (!log_wait(&b->log, "disconnected ", b->nic, line, sizeof(line), WAIT_MS)) {
		trouble(&b->t, "no counters in the log");
		return;
	}
	if (c->verdict == V_ANY)
		return;
	check_counters(&b->t, line, c->verdict == V_FAULT ? "peer_faults=1" : c->want ? c->want : "");
	ok = counter(line, "grx_packets");
	if (!c->raced && ok != c->ok + b->sent)
		trouble(&b->t, "grx_packets is %u, not %u", (unsigned int)ok, c->ok + b->sent);
}

/* Sets or removes the case's fault rule. */
static void meet(struct back *b, const char *verb)
{
	char words[80];

	if (!b->c->fault)
		return;
	snprintf(words, sizeof(words), "fault %s", b->c->fault);
	if (!hook(verb, words))
		trouble(&b->t, "the host's side failed: %s %s", verb, words);
}

static void run_case(struct back *b, const struct bcase *c)
{
	b->c = c;
	b->t.text[0] = '\0';
	log_mark(&b->log);
	back_attach(b);
	meet(b, "start");
	if (c->script)
		c->script(b);
	else
		back_offer(b);
	if (c->verdict == V_REFUSE) {
		want_log(b, "cannot connect ", c->want);
	} else if (back_connect(b)) {
		act(b);
		classify(b);
		back_disconnect(b);
		judge_counters(b);
	}
	meet(b, "stop");
	back_unmap(b);
	back_detach(b);
}

static bool chosen(const struct bcase *c, int n, char **words)
{
	for (int i = 0; i < n; i++)
		if (strcmp(words[i], c->name) == 0 || (unsigned int)atoi(words[i]) == c->group)
			return true;
	return n == 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "devid", required_argument, NULL, 'd' }, { "log", required_argument, NULL, 'l' },
		{ "guest", required_argument, NULL, 'g' }, { NULL, 0, NULL, 0 },
	};
	static struct back b = { .log = { -1, -1, 0 }, .packet_fd = -1 };
	const char *log = NULL, *netns = getenv("HOSTILE_NETNS");
	uint32_t guest = 0, devid = 1;
	struct score s = { 0, 0, 0 };
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case 'd': devid = (uint32_t)atoi(optarg); break;
		case 'g': guest = (uint32_t)atoi(optarg); break;
		case 'l': log = optarg; break;
		default: return 2;
		}
	}
	if (!guest || !log || !netns || !hook_there()) {
		fprintf(stderr, "hostile-back: needs --guest, --log, $HOSTILE_NETNS and $HOSTILE_HOOK\n");
		return 2;
	}
	if (!log_open(&b.log, log) || !back_open(&b, guest, devid, netns))
		return 1;
	for (unsigned int t = 0; t < NTABLES; t++) {
		for (unsigned int i = 0; i < tables[t]->n; i++) {
			const struct bcase *c = &tables[t]->cases[i];

			if (!chosen(c, argc - optind, argv + optind))
				continue;
			run_case(&b, c);
			report(&s, "back ", c->group, c->name, c->verdict, c->want ? c->want : "", &b.t);
		}
	}
	printf("%u passed, %u failed, %u skipped\n", s.passed, s.failed, s.skipped);
	back_close(&b);
	return s.failed > 0 || s.passed == 0;
}
