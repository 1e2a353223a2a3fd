/* SPDX-License-Identifier: MIT */
/* reason.h - why a connection could not be made, or cannot go on: the closed list
 *
 * A reason crosses from a data process to control as a number, so control logs and
 * writes to xenstore no text that a process with a guest's pages made up.
 * tools/check-source holds that each reason in the sources is in the list.
 */
#ifndef NETPAIR_BACKEND_REASON_H
#define NETPAIR_BACKEND_REASON_H

#include "common/base/util.h"

#define REASON_LIST(X_) \
	X_("the data process gave no reason") \
	X_("no memory") \
	X_("no memory for buffers") \
	X_("no memory for the frontend's tables") \
	X_("cannot open the event channel device") \
	X_("cannot open the grant device") \
	X_("cannot map tx-ring-ref") \
	X_("cannot map rx-ring-ref") \
	X_("cannot map event-mask-ref") \
	X_("cannot map ctrl-ring-ref") \
	X_("the page of tx-ring-ref is not a ring") \
	X_("the page of rx-ring-ref is not a ring") \
	X_("the control ring page is not a ring") \
	X_("cannot bind the event channel") \
	X_("cannot start the worker") \
	X_("control producer out of range") \
	X_("gtx producer out of range") \
	X_("grx producer out of range") \
	X_("extra info without end") \
	X_("packet of too many slots") \
	X_("packet without end") \
	X_("event channel lost") \
	X_("TAP lost")

#define REASON_COUNT_(text_) + 1
enum { REASON_NONE, REASON_MAX = 0 REASON_LIST(REASON_COUNT_) };
#undef REASON_COUNT_

/* Returns the number of that reason; REASON_NONE if it is not in the list. */
unsigned int reason_number(const char *text);

/* Returns the text of a reason, static; that of REASON_NONE for a number beyond the list. */
const char *reason_text(unsigned int number);

#endif
