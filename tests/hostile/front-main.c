/* SPDX-License-Identifier: MIT */
/* front-main.c - hostile-front: plays the cases of a bad guest against the backend of its vif
 *
 *   hostile-front [--devid=N] [--log=FILE] [--host-ip=A] [--guest-ip=A] [--telling] [GROUP|CASE...]
 *   hostile-front --hold=STATE     goes to that state and stays, to be killed there
 *   hostile-front --list
 *
 * --log names the backend's log, for its counters; without it (in a guest) a
 * case is judged by what the guest sees. --host-ip is an address that answers
 * ARP through the vif. --telling: only the cases worth a run on a real Xen.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "front.h"

static const struct table *const tables[] = {
	&table_ring, &table_tx, &table_offload, &table_race, &table_rx, &table_store, &table_ctrl, &table_gref,
	&table_mapped, &table_queues, &table_mask, &table_hash, &table_xdp, &table_header,
	&table_load, &table_held,
};

#define NTABLES (sizeof(tables) / sizeof(tables[0]))

static const struct fcase plain = { .name = "plain", .verdict = V_PASS };

static bool alive(struct front *f)
{
	return store_state(f->xs, f->be) == XenbusStateConnected;
}

/* Runs the case, with the connection up. */
static void act(struct front *f)
{
	const struct fcase *c = f->c;

	if (c->slots) {
		chain_put(f, c->slots);
		gtx_push(f);
	}
	if (c->run)
		c->run(f);
}

/* What the peer sees of the verdict. */
static void classify(struct front *f)
{
	const struct fcase *c = f->c;
	int16_t status = NETIF_RSP_OKAY;

	switch (c->verdict) {
	case V_DROP:
		status = c->want && strstr(c->want, "gtx_drop_tap") ? NETIF_RSP_DROPPED : NETIF_RSP_ERROR;
		/* fall through */
	case V_PASS:
		if (c->raced && !gtx_settle(f, WAIT_MS))
			trouble(&f->t, "not all slots are answered");
		else if (!c->raced)
			gtx_check(f, status);
		probe(f);
		if (!alive(f))
			trouble(&f->t, "the interface is closed");
		break;
	case V_FAULT:
	case V_REFUSE:
		front_wait_refused(f);
		break;
	case V_ANY:
		good_put(f);
		gtx_push(f);
		/* The closed state follows the fault after some time. */
		if (!gtx_settle(f, 200) &&
		    store_wait_state(f->xs, f->be, IS(Closing) | IS(Closed), WAIT_MS) < 0)
			trouble(&f->t, "the interface is neither well nor closed");
		break;
	}
	guards_check(f);
}

/* Checks what the backend counted for the connection that has just ended. */
static void judge_counters(struct front *f)
{
	const struct fcase *c = f->c;
	const char *want = c->want ? c->want : "";
	char line[1024];
	uint64_t ok;

	if (f->log.fd < 0)
		return;
	if (!log_wait(&f->log, "disconnected vif=", f->name, line, sizeof(line), WAIT_MS)) {
		trouble(&f->t, "no counters in the log");
		return;
	}
	if (c->verdict == V_ANY)
		return;
	if (c->verdict == V_FAULT)
		want = "peer_faults=1";
	/* In a race, slots may have made packets of any kind before the fault. */
	if (c->verdict != V_FAULT || !c->raced)
		check_counters(&f->t, line, want);
	else if (counter(line, "peer_faults") != 1)
		trouble(&f->t, "no fault was counted");
	ok = counter(line, "gtx_packets");
	if (!c->raced && ok != c->ok + f->sent)
		trouble(&f->t, "gtx_packets is %u, not %u", (unsigned int)ok, c->ok + f->sent);
}

/* Checks that the same frontend can start again after a fault. The next case shows
 * it for a refusal. */
static void start_again(struct front *f)
{
	static struct trouble before;

	before = f->t;
	f->c = &plain;
	f->t.text[0] = '\0';
	guards_set(f);
	if (front_connect(f)) {
		probe(f);
		front_disconnect(f, true);
	}
	if (*before.text)
		f->t = before;
	else if (*f->t.text)
		trouble(&before, "no fresh start afterwards: %s", f->t.text), f->t = before;
}

static void run_case(struct front *f, const struct fcase *c, unsigned int nth)
{
	bool connected;

	f->c = c;
	f->t.text[0] = '\0';
	log_mark(&f->log);
	guards_set(f);
	if (c->host && !hook("start", c->host))
		trouble(&f->t, "the host's side failed: %s", c->host);
	if (front_connect(f)) {
		if (c->verdict != V_REFUSE)
			act(f);
		classify(f);
	}
	connected = f->connected;
	/* Closes in both ways, in turn. */
	front_disconnect(f, nth % 2);
	if (c->host && !hook("stop", c->host))
		trouble(&f->t, "the host's side failed: %s", c->host);
	if (connected)
		judge_counters(f);
	if (c->verdict == V_FAULT || c->verdict == V_ANY)
		start_again(f);
}

/* Takes the frames that the host still has queued for us. */
static void drain(struct front *f)
{
	unsigned int had = 0, got;

	f->c = &plain;
	f->t.text[0] = '\0';
	guards_set(f);
	if (front_connect(f)) {
		bufs_post(f, 0, NPOST);
		while ((got = grx_wait(f, had + 1, 20)) > had) {
			for (; had < got; had++)
				buf_put(f, f->buf_ref[0], 0);
			grx_push(f);
		}
	}
	front_disconnect(f, true);
}

static bool chosen(const struct fcase *c, int n, char **words)
{
	for (int i = 0; i < n; i++)
		if (strcmp(words[i], c->name) == 0 || (unsigned int)atoi(words[i]) == c->group)
			return true;
	return n == 0;
}


/* The backend says what it takes in an offload header; 0x60 is UDP. */
static bool takes_uso(struct front *f)
{
	char *text = store_get(f->xs, f->be, "feature-vnet-header");
	unsigned long mask = text ? strtoul(text, NULL, 10) : 0;

	free(text);
	return (mask & 0x60) == 0x60;
}

static void run_all(struct front *f, struct score *s, bool telling, int n, char **words)
{
	unsigned int nth = 0;

	drain(f);
	for (unsigned int t = 0; t < NTABLES; t++) {
		for (unsigned int i = 0; i < tables[t]->n; i++) {
			const struct fcase *c = &tables[t]->cases[i];

			if (!chosen(c, n, words) || (telling && !c->telling) || (c->driver && f->back == 0))
				continue;
			if (c->uso && !takes_uso(f)) {
				report_skip(s, "guest", c->group, c->name, "the backend's device has no UDP segmentation");
				continue;
			}
			if (c->host && !hook_there()) {
				report_skip(s, "guest", c->group, c->name, "needs the host's help");
				continue;
			}
			run_case(f, c, nth++);
			report(s, "guest", c->group, c->name, c->verdict, c->want ? c->want : "", &f->t);
			if (c->host && strcmp(c->host, "flood") == 0)
				drain(f);
		}
	}
}

/* Takes the interface to a state and waits there for the end. */
static int hold(struct front *f, unsigned int state)
{
	f->c = &plain;
	guards_set(f);
	if (state >= XenbusStateConnected && !front_connect(f))
		return 1;
	if (state == XenbusStateConnected)
		bufs_post(f, 0, 16);
	if (state != XenbusStateConnected)
		store_put_u32(f->xs, XBT_NULL, f->fe, "state", state);
	printf("holding %u\n", state);
	fflush(stdout);
	for (;;)
		pause();
}

/* Moves the state as fast as the backend follows, for that many seconds. The backend
 * refuses it each time, for one of several reasons. */
static int flap(struct front *f, unsigned int seconds)
{
	static const char *const ref[] = { "x", "-1", NULL };
	uint64_t end = now_us() + seconds * 1000000ull;
	unsigned int moves = 0;

	store_put(f->xs, XBT_NULL, f->fe, "request-rx-copy", "1");
	for (; now_us() < end; moves += 2) {
		store_put(f->xs, XBT_NULL, f->fe, "state", "1");
		if (ref[moves / 2 % 3])
			store_put(f->xs, XBT_NULL, f->fe, "tx-ring-ref", ref[moves / 2 % 3]);
		else
			store_rm(f->xs, XBT_NULL, f->fe, "tx-ring-ref");
		store_wait_state(f->xs, f->be, IS(InitWait), 1);
		store_put(f->xs, XBT_NULL, f->fe, "state", "4");
		store_wait_state(f->xs, f->be, IS(Closing) | IS(Closed), 1);
	}
	/* Refused before the last round: else the backend may read between both writes and see no change. */
	if (store_wait_state(f->xs, f->be, IS(Closing) | IS(Closed), WAIT_MS) < 0)
		return 1;
	store_put(f->xs, XBT_NULL, f->fe, "tx-ring-ref", "last");
	store_put(f->xs, XBT_NULL, f->fe, "state", "1");
	if (store_wait_state(f->xs, f->be, IS(InitWait), WAIT_MS) < 0)
		return 1;
	store_put(f->xs, XBT_NULL, f->fe, "state", "4");
	if (store_wait_state(f->xs, f->be, IS(Closing) | IS(Closed), WAIT_MS) < 0)
		return 1;
	printf("moves %u\n", moves);
	return 0;
}

static void list_all(void)
{
	for (unsigned int t = 0; t < NTABLES; t++)
		for (unsigned int i = 0; i < tables[t]->n; i++)
			printf("%2u %s%s\n", tables[t]->cases[i].group, tables[t]->cases[i].name,
			       tables[t]->cases[i].telling ? " *" : "");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "devid", required_argument, NULL, 'd' }, { "log", required_argument, NULL, 'l' },
		{ "host-ip", required_argument, NULL, 'h' }, { "guest-ip", required_argument, NULL, 'g' },
		{ "telling", no_argument, NULL, 't' }, { "list", no_argument, NULL, 'L' },
		{ "hold", required_argument, NULL, 'H' }, { "flap", required_argument, NULL, 'F' }, { NULL, 0, NULL, 0 },
	};
	static struct front f = { .log = { -1, -1, 0 }, .host_fd = -1, .host_ip = 0x0a4d0101, .guest_ip = 0x0a4d0102 };
	struct score s = { 0, 0, 0 };
	uint32_t devid = 0;
	const char *log = NULL;
	bool telling = false;
	int state = -1, seconds = 0, o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case 'd': devid = (uint32_t)atoi(optarg); break;
		case 'l': log = optarg; break;
		case 'h': f.host_ip = ntohl(inet_addr(optarg)); break;
		case 'g': f.guest_ip = ntohl(inet_addr(optarg)); break;
		case 't': telling = true; break;
		case 'H': state = atoi(optarg); break;
		case 'F': seconds = atoi(optarg); break;
		case 'L': list_all(); return 0;
		default: return 2;
		}
	}
	if ((log && !log_open(&f.log, log)) || !front_open(&f, devid))
		return 1;
	if (state >= 0)
		return hold(&f, (unsigned int)state);
	if (seconds > 0)
		return flap(&f, (unsigned int)seconds);
	run_all(&f, &s, telling, argc - optind, argv + optind);
	printf("%u passed, %u failed, %u skipped\n", s.passed, s.failed, s.skipped);
	front_close(&f);
	return s.failed > 0 || s.passed == 0;
}
