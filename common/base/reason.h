/* SPDX-License-Identifier: MIT */
/* reason.h - why something failed or was refused, in words for people
 *
 * The function where it happens fills a struct reason, its callers hand it on, and the last
 * one prints it: to the log, or to a key that a person reads.
 */
#ifndef NETPAIR_REASON_H
#define NETPAIR_REASON_H

#include <stddef.h>

#include "errtext.h"
#include "util.h"

/* Bytes of a printed reason, with its NUL: as many as a value in xenstore may have of ours. */
#define REASON_TEXT_MAX 256

struct reason {
	const char *what;		/* static: what failed, or what is wrong; NULL: nothing */
	char about[REASON_TEXT_MAX];	/* what follows that: of which key or device, or what is wrong with it; may be "" */
	enum errtext_of of;		/* what err belongs to */
	int err;			/* -errno of what failed; 0: what and about tell all */
};

/* Fills r with what failed, if err is not 0. Returns err. */
MUST_CHECK int reason_fail(struct reason *r, const char *what, enum errtext_of of, int err);

/* Sets what follows r->what in the text, cut off at its length. */
void reason_about(struct reason *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Fills r with a key that cannot be used: whose says of whom it is ("frontend key"). err is
 * that of the read: -ENOENT is a key that is missing, any other one is not acceptable. */
void reason_key(struct reason *r, const char *whose, const char *key, int err);

/* Prints a reason to text, which has len bytes: "WHAT ABOUT: ERROR". */
void reason_print(char *text, size_t len, const struct reason *r);

#endif
