/* SPDX-License-Identifier: MIT */
/* session.h - a capture of a VIF's frames as the tool has it: it reads the rings that the workers write
 *
 * The session lasts as long as its connection to the control socket. What is in the rings is checked
 * (capring.h), as a guest may control the process that writes it.
 */
#ifndef NETPAIR_TOOL_SESSION_H
#define NETPAIR_TOOL_SESSION_H

#include "common/wire/capring.h"
#include "netpair.h"

struct session;

/* How a session goes on. */
enum session_state {
	SESSION_ON,
	SESSION_ENDED,		/* the connection of the VIF ended, as the daemon said */
	SESSION_DAEMON_GONE,
	SESSION_BROKEN,		/* a ring makes no sense */
};

/* Begins a session for one VIF; which is its name, or names a guest that has one only. flags are CAPRING_*. Returns
 * TOOL_OK once all workers write; else an exit code, after a line on stderr. */
MUST_CHECK int session_begin(struct session **out, const struct tool *t, const char *which, uint32_t flags, uint32_t snap);

/* Takes the earliest record that is there. Its frame is in *frame until the next call; *worker is the worker that wrote it.
 * Returns false if there is none. */
MUST_CHECK bool session_take(struct session *s, struct capring_record *rec, const uint8_t **frame, unsigned int *worker);

/* Waits for records, at most so many milliseconds, or until other_fd (-1: none) has an error: then *other is true. */
void session_wait(struct session *s, int ms, int other_fd, bool *other);

/* Rings the doorbell, which each worker answers with a record. */
void session_ring(const struct session *s);

/* Returns how it goes on. Records that are there may still be taken. */
enum session_state session_state(const struct session *s);

/* Returns what ended it, for people; "" while it is on. */
const char *session_why(const struct session *s);

/* Return the VIF's name, its workers, and the frames that had no room. */
const char *session_vif(const struct session *s);
unsigned int session_workers(const struct session *s);
uint64_t session_lost(const struct session *s);

/* Returns the time since 1970 of a record's time, in nanoseconds. */
uint64_t session_time(const struct session *s, uint64_t time);

/* Ends it; NULL is ignored. */
void session_end(struct session *s);

/* After SIGINT, SIGTERM or SIGHUP session_stopped() returns true, and session_wait() does not wait. */
void session_catch_signals(void);
bool session_stopped(void);

#endif
