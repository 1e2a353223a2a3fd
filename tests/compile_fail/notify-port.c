/* SPDX-License-Identifier: MIT */
/* A port cannot be notified: with an event mask it does not say which ring is meant, and a doorbell does. */
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
