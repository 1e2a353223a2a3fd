/* SPDX-License-Identifier: MIT */
/* faketap.h - common/host/tapstate.c and what it stands on, without a kernel: devices, their holders, and
 * the state files that outlive a daemon */
#ifndef NETPAIR_FAKETAP_H
#define NETPAIR_FAKETAP_H

#include <stdbool.h>

/* No devices, no state files. */
void faketap_start(void);

/* Asked by calls that can fail: 0 or -errno. */
extern int (*faketap_fault)(void);

/* Devices that there are, and descriptors of them that are open. */
unsigned int faketap_devices(void);
unsigned int faketap_open(void);

/* Which device a descriptor is of, a number that no other device ever has; 0: none that is there. */
unsigned int faketap_of(int fd);
bool faketap_carrier(int fd);

/* What a person does: deletes a device, whose holder keeps a dead descriptor. */
void faketap_delete(unsigned int nth);

#endif
