/* SPDX-License-Identifier: MIT */
/* options.h - command line options as a table */
#ifndef NETPAIR_OPTIONS_H
#define NETPAIR_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/log.h"
#include "common/base/util.h"

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER, OPTION_LEVEL, OPTION_WORDS, OPTION_OPTIONAL };

/* A word of OPTION_WORDS, and the bits that it sets. */
struct option_word {
	const char *name;
	uint32_t bits;
};

struct option_row {
	const char *name;	/* without the dashes; "x,name": -x is short for --name */
	const char *value;	/* its placeholder in the help; NULL: a flag */
	const char *help;
	enum option_kind kind;
	union {
		bool *flag;
		const char **text;
		uint32_t *number;
		enum log_level *level;
		struct {
			const char **text;
			const char *otherwise;	/* of --name without a value */
		} optional;
		struct {
			uint32_t *bits;
			const struct option_word *list;	/* ends with no name */
		} words;
	} to;
	uint32_t min, max;	/* of OPTION_NUMBER */
};

/* The rows that both daemons have; to is where the value goes. tools/check-docs reads them here. */
#define OPTION_TAKE_OVER(to_) \
	{ "take-over", NULL, "unbind the kernel's driver from each VIF and serve it", OPTION_FLAG, { .flag = to_ }, 0, 0 }
#define OPTION_RUN_DIR(to_) \
	{ "run-dir", "DIR", "where the lock and the saved state are (/run/netpair)", OPTION_TEXT, { .text = to_ }, 0, 0 }
#define OPTION_LOG_LEVEL(to_) \
	{ "log-level", "LEVEL", "error, warn, info (default) or debug", OPTION_LEVEL, { .level = to_ }, 0, 0 }

/* Parses --name, --name=value, --name value, -x and -x value; OPTION_OPTIONAL takes no next word. Returns the index of the first word
 * that is no option. --help (-h) and --version (-V) print and exit with 0. A wrong
 * option prints a line on stderr and exits with EXIT_USAGE. The help shows synopsis. */
MUST_CHECK int options_parse(const char *program, const char *synopsis, const struct option_row *rows,
			     unsigned int n, int argc, char **argv);

#endif
