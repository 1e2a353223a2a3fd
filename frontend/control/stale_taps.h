/* SPDX-License-Identifier: MIT */
/* stale_taps.h - the TAPs of devices that went while no netfrontd was there */
#ifndef NETPAIR_FRONTEND_STALE_TAPS_H
#define NETPAIR_FRONTEND_STALE_TAPS_H

#include <stdbool.h>
#include <stdint.h>

struct store;

/* What to look through: the run directory, and of the devices there those that
 * serves() returns true for. */
struct stale_taps {
	struct store *store;
	const char *run_dir;
	bool (*serves)(const void *daemon, uint32_t devid);
	const void *daemon;
};

/* Removes the TAPs and saved states of devices that xenstore no longer has. */
void stale_taps_remove(struct stale_taps *t);

#endif
