/* SPDX-License-Identifier: MIT */
/* text.c - numbers, lines and members of documents for people */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "netpair.h"

#define TEXT_COLUMNS 80u

/* Writes value with three digits, space, and the unit that it has after being divided by base as often as it can be. */
static void text_scaled(char *text, double value, double base, const char *space, const char *const *units, unsigned int n)
{
	unsigned int i = 0;

	while (i + 1 < n && value >= base - 0.5) {
		value /= base;
		i++;
	}
	snprintf(text, TEXT_BYTES_MAX, i && value < 99.95 ? "%.1f%s%s" : "%.0f%s%s", value, *units[i] ? space : "", units[i]);
}

const char *text_bytes(char *text, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

	text_scaled(text, (double)bytes, 1024, " ", units, ARRAY_SIZE(units));
	return text;
}

const char *text_count(char *text, double count)
{
	static const char *const units[] = { "", "k", "M", "G", "T", "P" };

	text_scaled(text, count, 1000, "", units, ARRAY_SIZE(units));
	return text;
}

void text_wrap(const char *text, unsigned int indent, unsigned int at)
{
	unsigned int columns = text_columns();

	/* A narrow terminal breaks the lines by itself. */
	if (columns < indent + 20)
		columns = TEXT_COLUMNS;
	while (*text) {
		unsigned int len = (unsigned int)strcspn(text, " ");

		if (at > indent && at + 1 + len > columns) {
			printf("\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			putchar(' ');
			at++;
		}
		printf("%.*s", (int)len, text);
		at += len;
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

uint64_t number_of(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

uint64_t number_in(const json_t *object, const char *member, const char *key)
{
	return number_of(json_object_get(object, member), key);
}

unsigned int text_columns(void)
{
	struct winsize size;

	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : TEXT_COLUMNS;
}

int text_end(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return TOOL_OK;
	if (errno != EPIPE)
		fprintf(stderr, PROGRAM ": cannot write the output: %s\n", errtext(ERRTEXT_FILE, -errno));
	return TOOL_FAILED;
}
