/* SPDX-License-Identifier: MIT */
/* faketap.h - stands for common/host/tapstate.c and the files that it uses, without a kernel: devices,
 * their holders, and the state files, which stay when a daemon ends */
#ifndef NETPAIR_FAKETAP_H
#define NETPAIR_FAKETAP_H

#include <stdbool.h>

/* Removes all devices and state files. */
void faketap_start(void);

/* Is called by each call that can fail. Returns 0, or the -errno with which that call fails. */
extern int (*faketap_fault)(void);

/* Return the number of devices, and of open descriptors of devices. */
unsigned int faketap_devices(void);
unsigned int faketap_open(void);

/* Returns the number of a descriptor's device, which no other device ever has; 0 if there is no such device. */
unsigned int faketap_of(int fd);
bool faketap_carrier(int fd);

/* Deletes a device, as a person can. Its holder keeps a descriptor that is of no device any more. */
void faketap_delete(unsigned int nth);

#endif
