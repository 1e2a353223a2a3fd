/* SPDX-License-Identifier: MIT */
/* calls.h - what a process that uses these libraries must be allowed
 *
 * A handle connects to the host when it is opened and never again: everything
 * that it needs later, also descriptors, comes over that connection.  So a
 * process can enter a sandbox with its handles open.
 */
#ifndef XENSIM_CALLS_H
#define XENSIM_CALLS_H

/* The names of the system calls that the libraries make with open handles, NULL
 * at the end, besides mmap without PROT_EXEC and those of libc for memory and
 * locks.  Both libraries export it, for a weak reference: the real ones do not
 * have it. */
extern const char *const xensim_calls_after_open[];

#endif
