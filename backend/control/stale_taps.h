/* SPDX-License-Identifier: MIT */
/* stale_taps.h - devices of VIFs that went while no daemon was there */
#ifndef NETPAIR_BACKEND_STALE_TAPS_H
#define NETPAIR_BACKEND_STALE_TAPS_H

struct backend;

/* Removes the devices, and what was saved of them, whose VIF is not in xenstore any more. */
void stale_taps_sweep(struct backend *d);

#endif
