/* SPDX-License-Identifier: MIT */
/* inproc.h - xensim in this process: its domains, grants and channels, and its libraries
 *
 * The host's code (tools/xensim/host) decides which domain may map or copy what. The libraries
 * (tools/xensim/lib) are those that the daemons use. Only the socket between the two is replaced, by a
 * call: a session takes a millisecond less, and an input always has the same effect.
 */
#ifndef NETPAIR_INPROC_H
#define NETPAIR_INPROC_H

#include <stdint.h>

/* Makes the domains 0...n-1. */
void inproc_start(unsigned int n);

/* Sets the domain for which the libraries open handles from now on. */
void inproc_act(uint32_t domid);

/* Is called before each segment of a grant copy (map is 0) and each page of a map. Returns 0 to go on;
 * else the segment's GNTST status or, for a map, an errno. */
extern int (*inproc_fault)(int map, uint32_t i, uint32_t n);

#endif
