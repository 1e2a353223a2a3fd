/* SPDX-License-Identifier: MIT */
/* refs.h - what must hold of the references and ports of an accepted configuration */
#ifndef NETPAIR_FUZZ_REFS_H
#define NETPAIR_FUZZ_REFS_H

struct vif_conf;

/* Promises that no reference and no port is there twice, and that no port is 0. */
void refs_check(const struct vif_conf *c);

#endif
