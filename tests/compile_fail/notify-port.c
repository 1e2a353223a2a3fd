/* SPDX-License-Identifier: MIT */
/* with an event mask a port does not tell which ring is meant: a doorbell does */
/* fails: incompatible type|passing argument */
#include "common/host/worker.h"

void test(struct worker *w, struct doorbell b);

void test(struct worker *w, struct doorbell b)
{
#ifdef FAIL
	worker_notify(w, b.port);
#else
	worker_notify(w, b);
#endif
}
