/* SPDX-License-Identifier: MIT */
/* util.h - memory, strings, errors and sockets for the host and the command */
#ifndef XENSIM_UTIL_H
#define XENSIM_UTIL_H

#include <stddef.h>

/* Returns zeroed memory; ends the process if there is none. */
void *xalloc(size_t len);

/* Works as realloc(), but ends the process if there is no memory. */
void *xrealloc(void *p, size_t len);

/* Returns a string formatted as by printf, to be freed; ends the process if there is no memory. */
char *xprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Writes one line "xensim: what: errno's text" to stderr and exits with 1. */
void die(const char *what) __attribute__((noreturn));

/* Writes one line to stderr and exits with 1. */
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Removes a directory and all below it; reports no errors. */
void remove_tree(const char *path);

enum run_output { RUN_SHOW, RUN_QUIET };

/* Runs a command and waits for it; RUN_QUIET discards its output. Returns 0 if it succeeded. */
int run_command(const char *const argv[], enum run_output output);

/* Returns a listening SOCK_SEQPACKET or SOCK_STREAM socket at path, or -1 and errno. */
int listen_at(const char *path, int type);

/* Connects to path; a receive waits at most 20 s. Returns the socket, or -1 and errno. */
int connect_to(const char *path, int type);

/* Returns the value of a command line's "key=value" or "--key=value", or NULL if arg is another. */
const char *option(const char *arg, const char *key);

#endif
