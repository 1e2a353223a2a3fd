/* SPDX-License-Identifier: MIT */
/* A port is not a domain number: libxenevtchn takes both as uint32_t. */
/* fails: incompatible pointer type|incompatible pointer types|passing argument|incompatible type */
#include "common/host/evtchn.h"

int test(struct evt_dev *e, struct domid d, struct evport p, struct evport *l);

int test(struct evt_dev *e, struct domid d, struct evport p, struct evport *l)
{
#ifdef FAIL
	return evt_bind_peer(e, p, d, l);
#else
	return evt_bind_peer(e, d, p, l);
#endif
}
