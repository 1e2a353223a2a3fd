/* SPDX-License-Identifier: MIT */
/* with an event mask a port does not tell which ring is meant: a bell does */
/* fails: incompatible type|passing argument */
#include "../../common/worker.h"

void test(struct worker *w, struct bell b);

void test(struct worker *w, struct bell b)
{
#ifdef FAIL
	worker_notify(w, b.port);
#else
	worker_notify(w, b);
#endif
}
