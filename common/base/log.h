/* SPDX-License-Identifier: MIT */
/* log.h - one line on stderr for each event: "level words key=value"
 *
 * If stderr is systemd's journal, a line begins with a <N> prefix, from which the
 * journal reads the level. All functions are safe from every thread; a line is one
 * write(). No thread waits for the program that reads the log: a line that would
 * block is dropped and counted, and the number is logged once lines pass again.
 *
 * A line that a peer can cause goes through the log_bucket of its VIF, so that a
 * guest that fails over and over does not fill the disk.
 */
#ifndef NETPAIR_LOG_H
#define NETPAIR_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "util.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Sets the program's name, as in "netbackd: ...", which must stay valid, and the level. */
void log_init(const char *program, enum log_level level);

/* Returns whether stderr is systemd's journal, as JOURNAL_STREAM says. */
MUST_CHECK bool log_to_journal(void);

/* Sets the level. */
void log_set_level(enum log_level level);

/* Gives each line to put instead of stderr, without a prefix and without the newline: for a
 * process whose lines another one writes. Any thread calls put, which must not block; it returns
 * false if the line would have to wait. */
void log_set_output(bool (*put)(enum log_level level, const char *text));

/* Gets the level of a name ("error" ... "debug"). Returns false if there is no such level. */
MUST_CHECK bool log_level_from_name(enum log_level *out, const char *name);

/* Writes a line if level is enabled. */
void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Logs the number of dropped lines, if there are any. Returns false if that line is
 * dropped too. */
bool log_tell_lost(void);

/* Limits the lines about one VIF: 50 at once, then one every two seconds. The zero
 * value is ready for use. The members are private to log.c. */
struct log_bucket {
	uint64_t refilled_ms;
	uint64_t error_ms;	/* when the latest warning or error was written */
	uint64_t told_ms;	/* when log_bucket_tell() wrote a line; 0: never */
	uint32_t error;		/* hash of that line; 0: there was none */
	unsigned int spent;	/* tokens that were used */
	unsigned int suppressed, repeated;	/* lines not written since the last one */
};

/* Writes a line if the bucket has a token. A warning or error with the same
 * text as the one before is only counted, for a minute. The next line that is
 * written ends with "suppressed=N" (no token) and "repeated=N" (same text). At log
 * level debug every line is written. */
void log_bucket_line(struct log_bucket *b, enum log_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Logs the numbers of suppressed and repeated lines of the VIF called name, unless a
 * line has done so: suppressed lines every ten seconds, repeated ones a minute
 * after the error was written. A timer calls it. */
void log_bucket_tell(struct log_bucket *b, const char *name);

#define log_error_in(bucket_, ...) log_bucket_line(bucket_, LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn_in(bucket_, ...) log_bucket_line(bucket_, LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info_in(bucket_, ...) log_bucket_line(bucket_, LOG_LEVEL_INFO, __VA_ARGS__)

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
