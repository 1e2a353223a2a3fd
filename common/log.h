/* SPDX-License-Identifier: MIT */
/* log.h - one line an event on stderr: "level words key=value"
 *
 * systemd's journal reads the level from a <N> prefix, which is written when
 * stderr is the journal. Safe from every thread; a line is one write().
 */
#ifndef NETPAIR_LOG_H
#define NETPAIR_LOG_H

#include <stdbool.h>

#include "util.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Sets the program's name, as in "netbackd: ..."; the string must stay. */
void log_init(const char *program, enum log_level level);

/* Returns whether stderr is systemd's journal, as JOURNAL_STREAM says. */
MUST_CHECK bool log_to_journal(void);

/* The level of a name ("error" ... "debug"); false: no such. */
MUST_CHECK bool log_level_from_name(enum log_level *out, const char *name);

void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
