/* SPDX-License-Identifier: MIT */
/* init.h - the guests' first program */
#ifndef LABTOOL_INIT_H
#define LABTOOL_INIT_H

/* Mounts what a system has, loads modules, starts the frontend that the kernel's
 * command line names (netpair.front=kernel: xen-netfront, =netfrontd: ours with the
 * options in netpair.args, a comma between two, =none: neither), and becomes the
 * agent. One process instead of forty, as each costs a PV guest tens of milliseconds
 * under emulation. Returns only if the agent does. */
int init_main(void);

#endif
