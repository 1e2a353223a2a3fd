/* SPDX-License-Identifier: MIT */
/* Small helps of the host and the command. */
#ifndef XENSIM_UTIL_H
#define XENSIM_UTIL_H

#include <stddef.h>

/** Zeroed memory; ends the process when there is none. */
void *xalloc(size_t len);

/** As realloc(), but ends the process when there is no memory. */
void *xrealloc(void *p, size_t len);

/** A string made as by printf; ends the process when there is no memory. */
char *xprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** One line "xensim: what: errno's text" on stderr and exit 1. */
void die(const char *what) __attribute__((noreturn));

/** One line on stderr and exit 1. */
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/** Remove a directory and all below it; silent. */
void remove_tree(const char *path);

/** Run a command, its output kept from the terminal when @quiet; 0 if it succeeded. */
int run_quiet(const char *const argv[], int quiet);

/** A listening SOCK_SEQPACKET or SOCK_STREAM socket at @path; -1 and errno. */
int listen_at(const char *path, int type);

/** Connect to @path, with answers within 20 s; -1 and errno. */
int connect_to(const char *path, int type);

#endif
