/* SPDX-License-Identifier: MIT */
/* options.h - command line options as a table */
#ifndef NETPAIR_OPTIONS_H
#define NETPAIR_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "log.h"
#include "util.h"

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER, OPTION_LEVEL, OPTION_WORDS };

/* One of the words of OPTION_WORDS, and the bits that it sets. */
struct option_word {
	const char *name;
	uint32_t bits;
};

struct option_row {
	const char *name;	/* without the dashes */
	const char *value;	/* its placeholder in the help; NULL: a flag */
	const char *help;
	enum option_kind kind;
	union {
		bool *flag;
		const char **text;
		uint32_t *number;
		enum log_level *level;
		struct {
			uint32_t *bits;
			const struct option_word *list;	/* ends with no name */
		} words;
	} to;
	uint32_t min, max;	/* of OPTION_NUMBER */
};

/* Reads --name, --name=value and --name value until the first other word,
 * whose index it returns. --help (-h) and --version (-V) print and exit 0; a
 * wrong option is one line on stderr and exit 2. synopsis goes into the help. */
MUST_CHECK int options_parse(const char *program, const char *synopsis, const struct option_row *rows,
			     unsigned int n, int argc, char **argv);

#endif
