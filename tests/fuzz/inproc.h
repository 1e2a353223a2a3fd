/* SPDX-License-Identifier: MIT */
/* inproc.h - xensim in this process: its domains, grants and channels, and its libraries on them
 *
 * The host's own code (tools/xensim/host) decides which domain may map or copy what; the
 * libraries (tools/xensim/lib) are the ones that the daemons meet. Only the
 * socket between them is replaced by a call, so that a session takes a
 * millisecond less and always goes the same way.
 */
#ifndef NETPAIR_INPROC_H
#define NETPAIR_INPROC_H

#include <stdint.h>

/* Makes the domains 0...n-1. */
void inproc_start(unsigned int n);

/* As which domain the libraries open handles from now on. */
void inproc_act(uint32_t domid);

/* Called before each segment of a grant copy and each page of a map; what it
 * returns is the segment's GNTST status or, for a map, an errno; 0: go on. */
extern int (*inproc_fault)(int map, uint32_t i, uint32_t n);

#endif
