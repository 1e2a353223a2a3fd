/* SPDX-License-Identifier: MIT */
/* privileges_filter.h - netfrontd's filter of system calls */
#ifndef NETPAIR_PRIVILEGES_FILTER_H
#define NETPAIR_PRIVILEGES_FILTER_H

/* Forbids all system calls but those that the sources declare (tools/syscalls). They fail with EPERM then.
 * Does nothing in a build with a sanitizer. Called before the first thread starts; exits with a line on
 * stderr if it fails. */
void privileges_filter(const char *program);

#endif
