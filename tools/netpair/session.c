/* SPDX-License-Identifier: MIT */
/* session.c - sessions of session.h */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/errtext.h"
#include "common/host/ctlsock.h"
#include "session.h"

/* What the workers may take to begin, in milliseconds. */
#define SESSION_START_MS 10000

/* Interval of looks at the rings: nothing wakes the tool, as that would cost the worker a call. In milliseconds. */
#define SESSION_LOOK_MS 10

struct session {
	int sock, doorbell_fd;
	char vif[16];
	void *block;
	size_t len;
	unsigned int workers;
	struct capring_reader ring[CAPRING_WORKERS_MAX];
	struct { bool there; struct capring_record rec; uint8_t *frame; } next[CAPRING_WORKERS_MAX];
	int64_t since_1970;	/* of the monotonic clock's zero, nanoseconds */
	enum session_state state;
	char why[200];
};

static volatile sig_atomic_t session_signal;

static void session_on_signal(int signo)
{
	session_signal = signo;
}

void session_catch_signals(void)
{
	const struct sigaction action = { .sa_handler = session_on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

bool session_stopped(void)
{
	return session_signal != 0;
}

/* --- begin and end ----------------------------------------------------------------- */

static int session_fail(const struct tool *t, const char *why)
{
	fprintf(stderr, PROGRAM ": %s: %s\n", t->daemon, why);
	return TOOL_FAILED;
}

/* Gets the name of the one VIF that which is. */
static int session_name(const struct tool *t, char *name, size_t len, const char *which)
{
	json_t *doc;
	int code = ask_vifs(t, &doc, "list", which);

	if (code)
		return code;
	if (json_array_size(json_object_get(doc, "vifs")) != 1) {
		fprintf(stderr, PROGRAM ": %s has several VIFs; name one (" PROGRAM " list %s)\n", which, which);
		code = TOOL_FAILED;
	} else {
		snprintf(name, len, "%s", text_of(json_array_get(json_object_get(doc, "vifs"), 0), "name"));
	}
	json_decref(doc);
	return code;
}

/* Maps the block, if it is as it must be: one that is made shorter would end us. */
static bool session_map(struct session *s, const json_t *doc, int fd)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW;
	uint64_t workers = number_in(doc, "capture", "workers");
	void *map;

	if (workers < 1 || workers > CAPRING_WORKERS_MAX || (fcntl(fd, F_GET_SEALS) & seals) != seals)
		return false;
	s->workers = (unsigned int)workers;
	s->len = capring_block(s->workers);
	if (number_in(doc, "capture", "bytes") != s->len || lseek(fd, 0, SEEK_END) != (off_t)s->len)
		return false;
	map = mmap(NULL, s->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return false;
	s->block = map;
	for (unsigned int i = 0; i < s->workers; i++) {
		capring_read_at(&s->ring[i], s->block, s->workers, i);
		s->next[i].frame = malloc(CAPRING_SNAP_MAX);
		if (!s->next[i].frame)
			return false;
	}
	return true;
}

static bool session_all_started(const struct session *s)
{
	for (unsigned int i = 0; i < s->workers; i++)
		if (!capring_started(&s->ring[i]))
			return false;
	return true;
}

static int session_await_start(struct session *s, const struct tool *t)
{
	uint64_t until = now_us() + SESSION_START_MS * 1000u;
	bool other;

	while (!session_all_started(s)) {
		session_wait(s, 1, -1, &other);
		if (s->state != SESSION_ON) {
			fprintf(stderr, PROGRAM ": %s\n", s->why);
			return s->state == SESSION_DAEMON_GONE ? TOOL_NO_DAEMON : TOOL_FAILED;
		}
		if (session_stopped() || now_us() >= until)
			return session_fail(t, "the workers of the VIF do not begin to capture; the daemon's log may say why");
	}
	return TOOL_OK;
}

static void session_set_clock(struct session *s)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	s->since_1970 = ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec - (int64_t)now_ns();
}

int session_begin(struct session **out, const struct tool *t, const char *which, uint32_t flags, uint32_t snap)
{
	const char *ways[] = { "both", "from-guest", "to-guest", "both" };
	struct session *s = calloc(1, sizeof(*s));
	int fds[CTLSOCK_FDS_MAX], code;
	json_t *doc;

	if (!s)
		return session_fail(t, "no memory");
	s->sock = s->doorbell_fd = -1;
	snprintf(s->why, sizeof(s->why), "%s ended", t->daemon);
	code = session_name(t, s->vif, sizeof(s->vif), which);
	if (!code)
		code = ask_held(t, &doc, &s->sock, fds, "capture %s %s %s %u", s->vif, ways[flags & 3],
				flags & CAPRING_DROPPED ? "dropped" : "all", snap);
	if (!code) {
		s->doorbell_fd = fds[1];
		if (!session_map(s, doc, fds[0]))
			code = session_fail(t, "its memory for frames is not as it must be");
		close(fds[0]);
		json_decref(doc);
	}
	session_set_clock(s);
	if (!code)
		code = session_await_start(s, t);
	if (code)
		session_end(s);
	else
		*out = s;
	return code;
}

void session_end(struct session *s)
{
	if (!s)
		return;
	if (s->sock >= 0)
		close(s->sock);
	if (s->doorbell_fd >= 0)
		close(s->doorbell_fd);
	if (s->block)
		munmap(s->block, s->len);
	for (unsigned int i = 0; i < CAPRING_WORKERS_MAX; i++)
		free(s->next[i].frame);
	free(s);
}

/* --- records ----------------------------------------------------------------------- */

/* Takes the next record of each ring that has one. */
static void session_look(struct session *s)
{
	for (unsigned int i = 0; i < s->workers && s->state != SESSION_BROKEN; i++) {
		int got = s->next[i].there ? 0 : capring_take(&s->ring[i], &s->next[i].rec, s->next[i].frame);

		s->next[i].there = s->next[i].there || got > 0;
		if (got >= 0)
			continue;
		s->state = SESSION_BROKEN;
		snprintf(s->why, sizeof(s->why), "what the process of %s writes makes no sense", s->vif);
	}
}

bool session_take(struct session *s, struct capring_record *rec, const uint8_t **frame, unsigned int *worker)
{
	bool any = false;

	session_look(s);
	for (unsigned int i = 0; i < s->workers; i++) {
		if (!s->next[i].there || (any && s->next[i].rec.time >= rec->time))
			continue;
		*rec = s->next[i].rec;
		*worker = i;
		any = true;
	}
	if (any) {
		s->next[*worker].there = false;
		*frame = s->next[*worker].frame;
	}
	return any;
}

/* Hears what the daemon says: why it ends the session, or that it is gone. */
static void session_hear(struct session *s)
{
	char text[4096];
	ssize_t n = recv(s->sock, text, sizeof(text), MSG_DONTWAIT);
	json_t *doc;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (s->state == SESSION_ON)
		s->state = n > 0 ? SESSION_ENDED : SESSION_DAEMON_GONE;
	if (n <= 0)
		return;
	doc = json_loadb(text, (size_t)n, 0, NULL);
	snprintf(s->why, sizeof(s->why), "%s", text_of(doc, "error"));
	json_decref(doc);
}

void session_wait(struct session *s, int ms, int other_fd, bool *other)
{
	struct pollfd fd[] = { { .fd = s->sock, .events = POLLIN }, { .fd = other_fd } };

	*other = false;
	if (session_stopped() || poll(fd, ARRAY_SIZE(fd), ms < SESSION_LOOK_MS ? ms : SESSION_LOOK_MS) <= 0)
		return;
	if (fd[0].revents)
		session_hear(s);
	*other = fd[1].revents != 0;
}

void session_ring(const struct session *s)
{
	const uint64_t one = 1;

	(void)!write(s->doorbell_fd, &one, sizeof(one));
}

enum session_state session_state(const struct session *s)
{
	return s->state;
}

const char *session_why(const struct session *s)
{
	return s->state == SESSION_ON ? "" : s->why;
}

const char *session_vif(const struct session *s)
{
	return s->vif;
}

unsigned int session_workers(const struct session *s)
{
	return s->workers;
}

uint64_t session_lost(const struct session *s)
{
	uint64_t lost = 0;

	for (unsigned int i = 0; i < s->workers; i++)
		lost += capring_lost(&s->ring[i]);
	return lost;
}

uint64_t session_time(const struct session *s, uint64_t time)
{
	return (uint64_t)(s->since_1970 + (int64_t)time);
}
