/* SPDX-License-Identifier: MIT */
/* stale_taps.h - removes the TAPs of devices that were removed while no netfrontd ran */
#ifndef NETPAIR_FRONTEND_STALE_TAPS_H
#define NETPAIR_FRONTEND_STALE_TAPS_H

#include <stdbool.h>
#include <stdint.h>

struct store;

/* Where to look for stale TAPs: in run_dir, among the devices of this daemon, for
 * which serves() returns true. */
struct stale_taps {
	struct store *store;
	const char *run_dir;
	bool (*serves)(const void *daemon, uint32_t devid);
	const void *daemon;
};

/* Removes the TAPs and saved states of devices that xenstore no longer has. */
void stale_taps_remove(struct stale_taps *t);

#endif
