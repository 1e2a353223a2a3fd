/* SPDX-License-Identifier: MIT */
/* refs.h - what must hold of the grefs and ports of an accepted configuration */
#ifndef NETPAIR_FUZZ_REFS_H
#define NETPAIR_FUZZ_REFS_H

struct vif_conf;

/* Checks that no gref and no port occurs twice, and that no port is 0. */
void refs_check(const struct vif_conf *c);

#endif
