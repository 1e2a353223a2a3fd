/* SPDX-License-Identifier: MIT */
/* log.h - one line an event on stderr: "level words key=value"
 *
 * systemd's journal reads the level from a <N> prefix, which is written when
 * stderr is the journal. Safe from every thread; a line is one write(). No
 * thread ever waits for the program that reads the log: a line that would block
 * is dropped and counted, and the number is told once lines pass again.
 *
 * A line that a peer can provoke goes through the log_bucket of its VIF, so
 * that a guest that fails over and over fills no disk.
 */
#ifndef NETPAIR_LOG_H
#define NETPAIR_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "util.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Sets the program's name, as in "netbackd: ..."; the string must stay. */
void log_init(const char *program, enum log_level level);

/* Returns whether stderr is systemd's journal, as JOURNAL_STREAM says. */
MUST_CHECK bool log_to_journal(void);

/* The level of a name ("error" ... "debug"); false: no such. */
MUST_CHECK bool log_level_from_name(enum log_level *out, const char *name);

void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Tells of lines that were lost, if there are any. Returns false if they still cannot be told of. */
bool log_tell_lost(void);

/* Bounds the lines about one VIF: 50 at once, then one each two seconds. The
 * zero value is ready for use. The members are log.c's. */
struct log_bucket {
	uint64_t refilled_ms;
	uint64_t error_ms;	/* when the latest warning or error was written */
	uint64_t told_ms;	/* when log_bucket_tell() wrote a line; 0: never */
	uint32_t error;		/* its hash; 0: there was none */
	unsigned int spent;	/* tokens that are missing */
	unsigned int suppressed, repeated;	/* lines held back, since a line was written */
};

/* Writes a line if the bucket has a token. A warning or error that says the
 * same as the one before is counted only, for a minute. The next line that is
 * written ends with "suppressed=N" (no token) and "repeated=N" (said already).
 * At log level debug every line is written. Safe from every thread. */
void log_bucket_line(struct log_bucket *b, enum log_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Tells of what was held back of the VIF called name, if no line has done so for
 * a while: suppressed lines each ten seconds, repeated ones a minute after the
 * error was written. For a timer. */
void log_bucket_tell(struct log_bucket *b, const char *name);

#define log_error_in(bucket_, ...) log_bucket_line(bucket_, LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn_in(bucket_, ...) log_bucket_line(bucket_, LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info_in(bucket_, ...) log_bucket_line(bucket_, LOG_LEVEL_INFO, __VA_ARGS__)

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
