/* SPDX-License-Identifier: MIT */
/* reason.h - why something failed or was refused, in words for people
 *
 * The function that fails fills a struct reason. Its callers pass it on, and the last one
 * prints it to the log, or to a key that a person reads.
 */
#ifndef NETPAIR_REASON_H
#define NETPAIR_REASON_H

#include <stddef.h>

#include "errtext.h"
#include "util.h"

/* Bytes of a printed reason, with its NUL: the longest value that netpair writes to xenstore. */
#define REASON_TEXT_MAX 256

struct reason {
	const char *what;		/* what failed, or what is wrong; static; NULL: nothing */
	char about[REASON_TEXT_MAX];	/* text after it: the key or device, or what is wrong with it; may be "" */
	enum errtext_of of;		/* what err belongs to */
	int err;			/* -errno of what failed; 0: none */
};

/* Fills r with what failed, if err is not 0. Returns err. */
MUST_CHECK int reason_fail(struct reason *r, const char *what, enum errtext_of of, int err);

/* Sets the text that follows r->what, and cuts it off at REASON_TEXT_MAX. */
void reason_about(struct reason *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Fills r with a key that cannot be used; whose names its owner ("frontend key"). err is the
 * result of the read. -ENOENT: the key is missing; any other one: its value is not acceptable. */
void reason_key(struct reason *r, const char *whose, const char *key, int err);

/* Prints a reason to text, which has len bytes: "WHAT ABOUT: ERROR". */
void reason_print(char *text, size_t len, const struct reason *r);

#endif
