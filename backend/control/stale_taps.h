/* SPDX-License-Identifier: MIT */
/* stale_taps.h - removes the devices of VIFs that were removed while no netbackd ran */
#ifndef NETPAIR_BACKEND_STALE_TAPS_H
#define NETPAIR_BACKEND_STALE_TAPS_H

struct backend;

/* Removes the devices, and their state files, whose VIF is no longer in xenstore. */
void stale_taps_sweep(struct backend *d);

#endif
