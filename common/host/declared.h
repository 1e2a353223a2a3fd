/* SPDX-License-Identifier: MIT */
/* declared.h - the system calls that the sources declare, for struct sandbox
 *
 * tools/syscalls collects the lists from the comments beside the calls when the project is built.
 */
#ifndef NETPAIR_DECLARED_H
#define NETPAIR_DECLARED_H

/* Names of system calls that are made in the sandbox, whatever their arguments; NULL at the end. */
extern const char *const declared_calls[];

/* Names of the system calls that netfrontd makes, whatever their arguments; NULL at the end. */
extern const char *const declared_by_netfrontd[];

/* Requests of ioctl(2) that are made there; 0 at the end. */
extern const unsigned long declared_ioctls[];

/* Returns the names of the calls that stand-ins for the Xen libraries (xensim's) make once their
 * handles are open, with NULL at the end. Returns NULL with the real libraries, which have no
 * such list. */
const char *const *declared_by_stand_in(void);

#endif
