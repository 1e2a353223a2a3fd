/* SPDX-License-Identifier: MIT */
/* A grant reference is not an event channel's port. */
/* fails: incompatible pointer type|incompatible pointer types|passing argument|incompatible type */
#include "common/host/evtchn.h"

void test(struct evt_dev *e, struct evport p, struct gref g);

void test(struct evt_dev *e, struct evport p, struct gref g)
{
#ifdef FAIL
	evt_notify(e, g);
#else
	evt_notify(e, p);
#endif
}
