/* SPDX-License-Identifier: MIT */
/* capture.c - netpair capture: frames at the ring, with their fate, to a pcapng file
 *
 * The workers copy frames to a ring (session.h) and lose those that have no room. Here they are filtered
 * and written. Nothing of that runs in a daemon.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/errtext.h"
#include "common/host/options.h"
#include "capfile.h"
#include "filter.h"
#include "netpair.h"
#include "session.h"

/* A filter sees at least so many bytes of a frame, whatever --snap says. */
#define CAPTURE_FILTER_BYTES 512u

#define CAPTURE_SYNOPSIS "capture -w FILE [OPTION...] [FILTER] VIF|GUEST|DOMID"

struct capture_options {
	const char *file;
	bool dropped, from_guest, to_guest;
	uint32_t count, snap;
};

struct capture_run {
	const struct capture_options *o;
	struct session *s;
	struct capfile *file;
	struct filter *filter;
	uint64_t written;
	int err;		/* of the file */
	bool reader_gone;
};

/* Puts the words of the filter into one text. Returns false if they are too long. */
static bool capture_join(char *text, size_t len, char **words, int n)
{
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < n; i++) {
		int got = snprintf(text + used, len - used, "%s%s", i ? " " : "", words[i]);

		if (got < 0 || (size_t)got >= len - used)
			return false;
		used += (size_t)got;
	}
	return true;
}

/* Returns true once nothing more is to be written. */
static bool capture_full(const struct capture_run *r)
{
	return r->err || r->reader_gone || (r->o->count && r->written >= r->o->count);
}

#define CAPTURE_TILL_SIGNAL UINT64_MAX

/* Writes the records that are there, until a signal comes, or up to those of a time: frames that come faster than they
 * are written must not put off the end. */
static void capture_drain(struct capture_run *r, uint64_t until)
{
	struct capring_record rec;
	const uint8_t *frame;
	unsigned int worker;

	while (!capture_full(r) && (until != CAPTURE_TILL_SIGNAL || !session_stopped()) && session_take(r->s, &rec, &frame, &worker) && rec.time <= until) {
		if (rec.kind != CAPRING_FRAME || !filter_matches(r->filter, frame, rec.caplen, rec.len))
			continue;
		rec.caplen = (uint32_t)min_size(rec.caplen, r->o->snap);
		r->err = capfile_add(r->file, &rec, frame, session_time(r->s, rec.time));
		r->written++;
	}
	if (!r->err)
		r->err = capfile_flush(r->file);
}

/* Says how it ended. Returns the exit code. */
static int capture_tell(const struct tool *t, const struct capture_run *r, uint64_t lost)
{
	char count[80];

	if (r->err == -EPIPE || r->reader_gone)
		return TOOL_FAILED;
	if (r->err) {
		fprintf(stderr, PROGRAM ": cannot write %s: %s\n", r->o->file, errtext(ERRTEXT_FILE, r->err));
		return TOOL_FAILED;
	}
	snprintf(count, sizeof(count), "%" PRIu64 " frames written, %" PRIu64 " lost as they had no room", r->written, lost);
	switch (session_state(r->s)) {
	case SESSION_ON:
		fprintf(stderr, "%s\n", count);
		return TOOL_OK;
	case SESSION_DAEMON_GONE:
		fprintf(stderr, PROGRAM ": %s ended, and the capture with it: %s\n", t->daemon, count);
		return TOOL_NO_DAEMON;
	case SESSION_ENDED:
	case SESSION_BROKEN:
		break;
	}
	fprintf(stderr, PROGRAM ": %s, and the capture with it: %s\n", session_why(r->s), count);
	return TOOL_FAILED;
}

static int capture_loop(const struct tool *t, struct capture_run *r)
{
	uint64_t lost, end;

	fprintf(stderr, "capturing %s\n", session_vif(r->s));
	while (!capture_full(r) && !session_stopped() && session_state(r->s) == SESSION_ON) {
		session_wait(r->s, 1000, capfile_fd(r->file), &r->reader_gone);
		capture_drain(r, CAPTURE_TILL_SIGNAL);
	}
	/* What the workers wrote before the end counts. */
	capture_drain(r, now_ns());
	lost = session_lost(r->s);
	end = session_time(r->s, now_ns());
	if (r->err || r->reader_gone)
		capfile_abandon(r->file);
	else
		r->err = capfile_end(r->file, r->written + lost, lost, end);
	return capture_tell(t, r, lost);
}

static int capture_to_file(const struct tool *t, struct capture_run *r, const char *filter)
{
	char description[120];
	const struct capfile_interface i = {
		.name = session_vif(r->s), .description = description, .filter = filter, .snap = r->o->snap,
		/* Seen from where the daemon runs. */
		.from_guest = t->frontend ? CAPFILE_OUTBOUND : CAPFILE_INBOUND,
	};

	snprintf(description, sizeof(description), "%s of %s, at the rings", session_vif(r->s), t->daemon);
	r->err = capfile_new(&r->file, r->o->file, &i);
	if (!r->err)
		return capture_loop(t, r);
	return capture_tell(t, r, 0);
}

static int capture_check(const struct capture_options *o, int words)
{
	if (!o->file)
		fprintf(stderr, PROGRAM ": capture: -w FILE says where to write; - is stdout\n");
	else if (words < 1)
		fprintf(stderr, PROGRAM ": usage: " PROGRAM " " CAPTURE_SYNOPSIS "\n");
	else if (strcmp(o->file, "-") == 0 && isatty(STDOUT_FILENO))
		fprintf(stderr, PROGRAM ": capture: a file of frames is not for a terminal; -w FILE, or a pipe\n");
	else
		return TOOL_OK;
	return TOOL_USAGE;
}

int capture_run(const struct tool *t, int argc, char **argv)
{
	struct capture_options o = { .snap = CAPRING_SNAP_MAX };
	const struct option_row rows[] = {
		{ "w,write", "FILE", "the pcapng file to write; - is stdout", OPTION_TEXT, { .text = &o.file }, 0, 0 },
		{ "dropped", NULL, "only frames that were dropped", OPTION_FLAG, { .flag = &o.dropped }, 0, 0 },
		{ "from-guest", NULL, "only frames from the guest", OPTION_FLAG, { .flag = &o.from_guest }, 0, 0 },
		{ "to-guest", NULL, "only frames to the guest", OPTION_FLAG, { .flag = &o.to_guest }, 0, 0 },
		{ "c,count", "N", "end after so many frames", OPTION_NUMBER, { .number = &o.count }, 1, UINT32_MAX },
		{ "s,snap", "BYTES", "bytes of each frame (all)", OPTION_NUMBER, { .number = &o.snap }, 1, CAPRING_SNAP_MAX },
	};
	int next = options_parse(PROGRAM, CAPTURE_SYNOPSIS, rows, ARRAY_SIZE(rows), argc, argv), words = argc - next;
	int code = capture_check(&o, words);
	struct capture_run r = { .o = &o };
	char filter[1000];
	uint32_t flags;

	if (code)
		return code;
	if (!capture_join(filter, sizeof(filter), argv + next, words - 1)) {
		fprintf(stderr, PROGRAM ": the filter is longer than %zu bytes\n", sizeof(filter) - 1);
		return TOOL_USAGE;
	}
	if (!filter_new(&r.filter, filter))
		return TOOL_USAGE;
	flags = (o.from_guest ? CAPRING_FROM_GUEST : 0) | (o.to_guest ? CAPRING_TO_GUEST : 0);
	flags = (flags ? flags : CAPRING_FROM_GUEST | CAPRING_TO_GUEST) | (o.dropped ? CAPRING_DROPPED : 0);
	session_catch_signals();
	code = session_begin(&r.s, t, argv[argc - 1], flags,
			     *filter && o.snap < CAPTURE_FILTER_BYTES ? CAPTURE_FILTER_BYTES : o.snap);
	if (!code)
		code = capture_to_file(t, &r, filter);
	session_end(r.s);
	filter_free(r.filter);
	return code;
}
