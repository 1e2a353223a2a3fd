/* SPDX-License-Identifier: MIT */
/* reason_list.h - all reasons why a connection could not be made, or cannot go on
 *
 * A data process sends a reason to control as a number and an errno. So control never logs, or
 * writes to xenstore, text from a process that a guest may control. tools/check-source checks
 * that each reason in the sources is in the list.
 */
#ifndef NETPAIR_BACKEND_REASON_LIST_H
#define NETPAIR_BACKEND_REASON_LIST_H

#include "common/base/reason.h"
#include "common/base/util.h"

/* For each reason: what its errno belongs to (ERRTEXT_), and its text. */
#define REASON_LIST(X_) \
	X_(FILE, "the data process gave no reason") \
	X_(FILE, "cannot make the connection") \
	X_(FILE, "cannot allocate its buffers") \
	X_(FILE, "cannot make the frontend's tables") \
	X_(XEN, "cannot open the event channel device") \
	X_(XEN, "cannot open the grant device") \
	X_(FILE, "cannot give the worker device handles, as all of its process are used up") \
	X_(XEN, "cannot map tx-ring-ref") \
	X_(XEN, "cannot map rx-ring-ref") \
	X_(XEN, "cannot map event-mask-ref") \
	X_(XEN, "cannot map ctrl-ring-ref") \
	X_(XEN, "the page of tx-ring-ref is not a ring") \
	X_(XEN, "the page of rx-ring-ref is not a ring") \
	X_(XEN, "the control ring page is not a ring") \
	X_(XEN, "cannot bind the event channel") \
	X_(FILE, "cannot start the worker") \
	X_(FILE, "cannot make the vhost-user port") \
	X_(XEN, "control producer out of range") \
	X_(XEN, "gtx producer out of range") \
	X_(XEN, "grx producer out of range") \
	X_(XEN, "extra info without end") \
	X_(XEN, "packet of too many slots") \
	X_(XEN, "packet without end") \
	X_(XEN, "event channel lost") \
	X_(TAP, "TAP lost")

#define REASON_COUNT_(of_, text_) + 1
enum { REASON_NONE, REASON_MAX = 0 REASON_LIST(REASON_COUNT_) };
#undef REASON_COUNT_

/* Fills r with that reason of the list, if err is not 0; with REASON_NONE if the list does not
 * have it. Returns err. */
MUST_CHECK int reason_list_fail(struct reason *r, const char *what, int err);

/* Returns the number of what r says; REASON_NONE if it is not in the list. */
unsigned int reason_list_number(const struct reason *r);

/* Fills r with the reason of that number, or with REASON_NONE beyond the list; err is 0 or -errno. */
void reason_list_get(struct reason *r, unsigned int number, int err);

#endif
