/* SPDX-License-Identifier: MIT */
/* latency.c - netpair latency: how long a VIF's workers take to wake up, and frames to be answered
 *
 * Nothing is measured in a daemon: while this runs, workers write the heads of frames with their time to a
 * ring, as for a capture, and a record when they see the doorbell that this rings (session.h).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/errtext.h"
#include "common/host/options.h"
#include "answers.h"
#include "gap.h"
#include "hist.h"
#include "netpair.h"
#include "session.h"

/* Bytes of each frame: its headers. */
#define LATENCY_SNAP 128u

/* The doorbell is rung when the workers have answered, or after so long, and at most each LATENCY_DOORBELL_NS. */
#define LATENCY_DOORBELL_NS UINT64_C(10000000)
#define LATENCY_LOST_NS UINT64_C(1000000000)

/* How long the clock is read on each processor. */
#define LATENCY_GAP_NS UINT64_C(500000000)

struct latency {
	struct session *s;
	struct hist wake, guest, network;
	struct answers answers;
	uint64_t rung;				/* when the doorbell was rung last */
	bool waits[CAPRING_WORKERS_MAX];	/* the worker has not answered it */
	unsigned int processors;
	uint64_t gap[GAP_PROCESSORS];		/* 0: not known */
};

static void latency_record(struct latency *l, const struct capring_record *rec, const uint8_t *frame, unsigned int worker)
{
	uint64_t took;

	if (rec->kind == CAPRING_WAKE) {
		/* An epoll set may tell of a doorbell again that the worker saw by the other one. */
		if (l->waits[worker] && rec->time >= l->rung)
			hist_add(&l->wake, rec->time - l->rung);
		l->waits[worker] = l->waits[worker] && rec->time < l->rung;
	} else if (!rec->drop && answers_see(&l->answers, frame, rec->caplen, rec->to_guest, rec->time, &took) && took < LATENCY_LOST_NS * 60) {
		hist_add(rec->to_guest ? &l->network : &l->guest, took);
	}
}

static void latency_ring(struct latency *l)
{
	uint64_t now = now_ns(), since = now - l->rung;
	bool waits = false;

	for (unsigned int i = 0; i < session_workers(l->s); i++)
		waits = waits || l->waits[i];
	if (since < LATENCY_DOORBELL_NS || (waits && since < LATENCY_LOST_NS))
		return;
	for (unsigned int i = 0; i < session_workers(l->s); i++)
		l->waits[i] = true;
	l->rung = now_ns();
	session_ring(l->s);
}

static void latency_loop(struct latency *l, uint32_t seconds)
{
	uint64_t until = now_ns() + seconds * UINT64_C(1000000000);
	struct capring_record rec;
	const uint8_t *frame;
	unsigned int worker;
	bool other;

	while (now_ns() < until && !session_stopped() && session_state(l->s) == SESSION_ON) {
		latency_ring(l);
		session_wait(l->s, 1000, -1, &other);
		while (!session_stopped() && now_ns() < until && session_take(l->s, &rec, &frame, &worker))
			latency_record(l, &rec, frame, worker);
	}
}

static void latency_gaps(struct latency *l)
{
	fprintf(stderr, "reading the clock for %" PRIu64 " ms on each processor, which uses it\n", LATENCY_GAP_NS / 1000000);
	for (unsigned int i = 0; i < GAP_PROCESSORS && !session_stopped(); i++) {
		if (!gap_measure(i, LATENCY_GAP_NS, &l->gap[i]))
			continue;
		l->processors = i + 1;
	}
}

/* --- what is told ----------------------------------------------------------------- */

static void latency_print(const struct latency *l)
{
	hist_print(&l->wake);
	hist_print(&l->guest);
	hist_print(&l->network);
	for (unsigned int i = 0; i < l->processors; i++)
		if (l->gap[i])
			printf("processor %u: the largest gap is %.1f us\n", i, (double)l->gap[i] / 1000);
}

static int latency_print_json(const struct latency *l)
{
	json_t *doc = json_object(), *gaps = json_array();

	(void)!json_object_set_new(doc, "vif", json_string(session_vif(l->s)));
	(void)!json_object_set_new(doc, "wake_up", hist_document(&l->wake));
	(void)!json_object_set_new(doc, "answer_of_guest", hist_document(&l->guest));
	(void)!json_object_set_new(doc, "answer_to_guest", hist_document(&l->network));
	for (unsigned int i = 0; i < l->processors; i++)
		(void)!json_array_append_new(gaps, json_integer((json_int_t)l->gap[i]));
	(void)!json_object_set_new(doc, "gap_ns", gaps);
	return ask_print_json(doc);
}

static int latency_svg(const struct latency *l, const char *path)
{
	const struct hist *const all[] = { &l->wake, &l->guest, &l->network };
	FILE *f = fopen(path, "we");
	char title[60];
	bool bad;

	if (f) {
		snprintf(title, sizeof(title), "latency of %s", session_vif(l->s));
		hist_svg(f, all, ARRAY_SIZE(all), title);
		bad = ferror(f);
		if (fclose(f) == 0 && !bad)
			return TOOL_OK;
	}
	fprintf(stderr, PROGRAM ": cannot write %s: %s\n", path, errtext(ERRTEXT_FILE, -errno));
	return TOOL_FAILED;
}

/* Says what there is, and why it ended early. */
static int latency_tell(const struct tool *t, const struct latency *l, const char *svg)
{
	int code = TOOL_OK;

	if (t->json)
		code = latency_print_json(l);
	else
		latency_print(l);
	if (!code)
		code = text_end();
	if (!code && svg)
		code = latency_svg(l, svg);
	if (session_state(l->s) == SESSION_ON)
		return code;
	fprintf(stderr, PROGRAM ": %s, and the measurement with it\n", session_why(l->s));
	return session_state(l->s) == SESSION_DAEMON_GONE ? TOOL_NO_DAEMON : TOOL_FAILED;
}

int latency_run(const struct tool *t, int argc, char **argv)
{
	static struct latency l = {
		.wake.title = "wake-up of a worker by a doorbell",
		.guest.title = "answer of the guest", .network.title = "answer to the guest",
	};
	uint32_t seconds = 10;
	const char *svg = NULL;
	const struct option_row rows[] = {
		{ "d,duration", "SECONDS", "how long (10)", OPTION_NUMBER, { .number = &seconds }, 1, 86400 },
		{ "svg", "FILE", "also draw the histograms to a file", OPTION_TEXT, { .text = &svg }, 0, 0 },
	};
	int next = options_parse(PROGRAM, "latency [OPTION...] VIF|GUEST|DOMID", rows, ARRAY_SIZE(rows), argc, argv), code;

	if (argc - next != 1) {
		fprintf(stderr, PROGRAM ": usage: " PROGRAM " latency [OPTION...] VIF|GUEST|DOMID\n");
		return TOOL_USAGE;
	}
	session_catch_signals();
	code = session_begin(&l.s, t, argv[next], CAPRING_FROM_GUEST | CAPRING_TO_GUEST, LATENCY_SNAP);
	if (code)
		return code;
	fprintf(stderr, "measuring %s for %" PRIu32 " s\n", session_vif(l.s), seconds);
	latency_loop(&l, seconds);
	if (session_state(l.s) == SESSION_ON)
		latency_gaps(&l);
	code = latency_tell(t, &l, svg);
	session_end(l.s);
	return code;
}
