/* SPDX-License-Identifier: MIT */
/* declared.h - the system calls that the sources declare, for struct sandbox
 *
 * tools/syscalls collects the lists from the comments beside the calls when the project is built.
 */
#ifndef NETPAIR_DECLARED_H
#define NETPAIR_DECLARED_H

/* Names of system calls that are made in the sandbox, whatever their arguments; NULL at the end. */
extern const char *const declared_calls[];

/* Requests of ioctl(2) that are made there; 0 at the end. */
extern const unsigned long declared_ioctls[];

/* Returns the names of the calls that a stand-in for the Xen libraries makes once its handles are
 * open (xensim), with NULL at the end; or NULL, as the real libraries have no such list. */
const char *const *declared_by_stand_in(void);

#endif
