/* SPDX-License-Identifier: MIT */
/* netpair.h - what the commands of the tool netpair share
 *
 * A command asks a daemon at its control socket (docs/control-socket.md), and prints what it
 * says. It returns the program's exit code.
 */
#ifndef NETPAIR_TOOL_NETPAIR_H
#define NETPAIR_TOOL_NETPAIR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "common/base/util.h"

#define PROGRAM "netpair"

/* Exit codes: a request was refused or something is wrong; a wrong command line; there is no daemon. */
enum { TOOL_OK = 0, TOOL_FAILED = 1, TOOL_USAGE = 2, TOOL_NO_DAEMON = 3 };

struct tool {
	const char *daemon;	/* "netbackd" or "netfrontd" */
	const char *run_dir;
	bool frontend;
	bool json;
};

/* A command: argv[0] is its name. */
typedef int tool_command(const struct tool *t, int argc, char **argv);
tool_command list_run, show_run, stats_run, drops_run, top_run, check_run;
tool_command capture_run, latency_run, log_level_run, set_run, drain_run, attach_run, detach_run;

/* --- ask.c --- */

/* Sends a request and reads the document, which the caller releases. Returns TOOL_OK; else an exit code, after
 * a line on stderr: nobody listens, the daemon refused, or its answer is not whole. */
MUST_CHECK int ask(const struct tool *t, json_t **doc, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Does the same for a request whose connection stays: the answer is one packet with two descriptors, fds, which the caller
 * owns then, as *sock. */
MUST_CHECK int ask_held(const struct tool *t, json_t **doc, int *sock, int *fds, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* Asks for VIFs. what is list, show, stats or drops; which is "" (all), a VIF's name, a domain id or a guest's
 * name. *doc has at least one VIF if which is not "". Returns as ask(); TOOL_FAILED also if there is no such
 * VIF or guest, or two guests have that name. */
MUST_CHECK int ask_vifs(const struct tool *t, json_t **doc, const char *what, const char *which);

/* The same for a command line that has at most one word after its options; next is the index of that word. */
MUST_CHECK int ask_argument(const struct tool *t, json_t **doc, const char *what, int next, int argc, char **argv);

/* Prints a document as --json has it, and releases it. Returns TOOL_OK, or TOOL_FAILED if stdout takes no more. */
int ask_print_json(json_t *doc);

/* Prints what ask_argument() got, and releases it: with --json the document, else head, unless it is NULL, and each
 * VIF by print. Returns as ask_print_json(). */
int ask_print_vifs(const struct tool *t, json_t *doc, const char *head, void (*print)(const json_t *vif));

/* Returns the VIF called name of a document; NULL: it has none. */
const json_t *ask_find_vif(const json_t *doc, const char *name);

/* --- text.c --- */

/* Bytes for text_bytes(). */
#define TEXT_BYTES_MAX 16

/* Writes a number of bytes in units for people ("1.2 GiB") to text of TEXT_BYTES_MAX bytes, which is returned. */
const char *text_bytes(char *text, uint64_t bytes);

/* Writes a number in units of 1000 ("1.2M") to text of TEXT_BYTES_MAX bytes, which is returned. */
const char *text_count(char *text, double count);

/* Prints text in lines of at most 80 columns, each after so many spaces; the first begins at column at. */
void text_wrap(const char *text, unsigned int indent, unsigned int at);

/* Return a member as text ("-" without) or number (0 without). */
const char *text_of(const json_t *object, const char *key);
uint64_t number_of(const json_t *object, const char *key);

/* Returns a member of a member, as number_of(). */
uint64_t number_in(const json_t *object, const char *member, const char *key);

/* Returns the columns of the terminal at stdout; 80 if it is none. */
unsigned int text_columns(void);

/* Flushes stdout. Returns TOOL_OK, or TOOL_FAILED after a line on stderr; a pipe that was closed early is no error. */
int text_end(void);

/* --- rate.c --- */

/* Writes a rate as the xenstore key has it, "BYTES,USECS", to key of len bytes. text is in the form of a vif line's
 * rate= ("10MB/s", "800Kb/s@20ms"), or the key's, or "none", which both stay as they are. Returns false if it is not. */
MUST_CHECK bool rate_key(char *key, size_t len, const char *text);

/* --- metrics.c --- */

/* Prints all VIFs of a document of stats in Prometheus' text format. */
void metrics_print(const json_t *doc);

#endif
