/* SPDX-License-Identifier: MIT */
/* options.c - the parser of options.h; it may exit, as no loop runs yet */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire/parse.h"
#include "daemon.h"
#include "options.h"
#include "store.h"

/* #syscalls-control exit */

#define HELP_COLUMN 28	/* column of the texts; a longer option has a line of its own */

/* Returns the letter of a row named "x,name"; 0: it has none. */
static char options_letter(const struct option_row *row)
{
	return row->name[1] == ',' ? row->name[0] : '\0';
}

static const char *options_long(const struct option_row *row)
{
	return row->name + (options_letter(row) ? 2 : 0);
}

static void options_help_row(const char *left, const char *text)
{
	printf("  %-*s", HELP_COLUMN - 2, left);
	if (strlen(left) + 4 > HELP_COLUMN)
		printf("\n%*s", HELP_COLUMN, "");
	puts(text);
}

static _Noreturn void options_help(const char *program, const char *synopsis, const struct option_row *rows, unsigned int n)
{
	printf("usage: %s %s\n\n", program, synopsis);
	for (unsigned int i = 0; i < n; i++) {
		char left[64];

		snprintf(left, sizeof(left), rows[i].kind == OPTION_OPTIONAL ? "%s%.*s%s--%s[%s%s]" : "%s%.*s%s--%s%s%s",
			 options_letter(&rows[i]) ? "-" : "", options_letter(&rows[i]) ? 1 : 0, rows[i].name, options_letter(&rows[i]) ? ", " : "", options_long(&rows[i]),
			 rows[i].value ? "=" : "", rows[i].value ? rows[i].value : "");
		options_help_row(left, rows[i].help);
	}
	options_help_row("-h, --help", "print this text and exit");
	options_help_row("-V, --version", "print the version and exit");
	printf("\nThe manual page %s(8) has the whole story.\n", program);
	exit(EXIT_SUCCESS);
}

static const struct option_row *options_find(const struct option_row *rows, unsigned int n, const char *name, size_t len)
{
	for (unsigned int i = 0; i < n; i++)
		if (strlen(options_long(&rows[i])) == len && memcmp(options_long(&rows[i]), name, len) == 0)
			return &rows[i];
	return NULL;
}

static _Noreturn void options_no_such_word(const char *program, const struct option_row *row, const char *word, size_t len)
{
	char all[200] = "";
	size_t used = 0;

	for (const struct option_word *w = row->to.words.list; w->name && used < sizeof(all); w++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", used ? ", " : "", w->name);
	die(program, EXIT_USAGE, "option --%s: \"%.*s\" is not one of %s", options_long(row), (int)len, word, all);
}

/* Applies a list of words, which commas separate. */
static void options_apply_words(const char *program, const struct option_row *row, const char *value)
{
	for (const char *at = value;; at++) {
		const struct option_word *w = row->to.words.list;
		size_t len = strcspn(at, ",");

		while (w->name && (strlen(w->name) != len || memcmp(w->name, at, len) != 0))
			w++;
		if (!w->name)
			options_no_such_word(program, row, at, len);
		*row->to.words.bits |= w->bits;
		at += len;
		if (!*at)
			break;
	}
}

static void options_apply(const char *program, const struct option_row *row, const char *value)
{
	uint32_t number;

	switch (row->kind) {
	case OPTION_FLAG:
		*row->to.flag = true;
		break;
	case OPTION_TEXT:
		if (!*value)
			die(program, EXIT_USAGE, "option --%s: the value is empty, %s is wanted", options_long(row), row->value);
		*row->to.text = value;
		break;
	case OPTION_OPTIONAL:
		if (value && !*value)
			die(program, EXIT_USAGE, "option --%s: the value is empty, %s is wanted", options_long(row), row->value);
		*row->to.optional.text = value ? value : row->to.optional.otherwise;
		break;
	case OPTION_NUMBER:
		if (!parse_u32(&number, value) || number < row->min || number > row->max)
			die(program, EXIT_USAGE, "option --%s: \"%s\" is not a number from %" PRIu32 " to %" PRIu32,
			    options_long(row), value, row->min, row->max);
		*row->to.number = number;
		break;
	case OPTION_LEVEL:
		if (!log_level_from_name(row->to.level, value))
			die(program, EXIT_USAGE, "option --%s: \"%s\" is not one of error, warn, info, debug",
			    options_long(row), value);
		break;
	case OPTION_WORDS:
		options_apply_words(program, row, value);
		break;
	}
}

static _Noreturn void options_unknown(const char *program, const char *arg)
{
	die(program, EXIT_USAGE, "unknown option %s; --help lists what there is", arg);
}

/* Returns the name behind the dashes; short options are other names of long ones. */
static const char *options_name_of(const char *program, const struct option_row *rows, unsigned int n, const char *arg)
{
	for (unsigned int i = 0; i < n && arg[1] != '-'; i++)
		if (arg[1] && arg[1] == options_letter(&rows[i]) && !arg[2])
			return options_long(&rows[i]);
	if (strcmp(arg, "-h") == 0)
		return "help";
	if (strcmp(arg, "-V") == 0)
		return "version";
	if (arg[1] != '-')
		options_unknown(program, arg);
	return arg + 2;
}

int options_parse(const char *program, const char *synopsis, const struct option_row *rows,
		  unsigned int n, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		const char *name = options_name_of(program, rows, n, argv[i]), *equals = strchr(name, '=');
		size_t len = equals ? (size_t)(equals - name) : strlen(name);
		const struct option_row *row = options_find(rows, n, name, len);
		const char *value = equals ? equals + 1 : NULL;

		if (len == 0)
			return i + 1;	/* a bare -- */
		if (strcmp(name, "help") == 0)
			options_help(program, synopsis, rows, n);
		if (strcmp(name, "version") == 0) {
			printf("%s %s\n", program, NETPAIR_VERSION);
			exit(EXIT_SUCCESS);
		}
		if (!row)
			options_unknown(program, argv[i]);
		assert((row->kind == OPTION_FLAG) == !row->value);
		if (row->kind == OPTION_OPTIONAL) {
			options_apply(program, row, value);
			continue;
		}
		if (row->value && !value && ++i == argc)
			die(program, EXIT_USAGE, "option --%s: the value is missing, %s is wanted", options_long(row), row->value);
		if (!row->value && value)
			die(program, EXIT_USAGE, "option --%s takes no value", options_long(row));
		options_apply(program, row, row->value && !value ? argv[i] : value);
	}
	return i;
}
