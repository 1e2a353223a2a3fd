/* SPDX-License-Identifier: MIT */
/* syscall_filter.h - the rules that all seccomp filters of the daemons have
 *
 * A data process (sandbox.c) and netfrontd (privileges_filter.c) have filters of their own.
 */
#ifndef NETPAIR_SYSCALL_FILTER_H
#define NETPAIR_SYSCALL_FILTER_H

#include <seccomp.h>

#include "common/base/util.h"

/* Allows calls by their names, with any arguments; NULL ends the names, and is no list. Returns 0; -EINVAL: there is
 * no call of a name; other -errno. */
MUST_CHECK int syscall_filter_names(scmp_filter_ctx filter, const char *const *names);

/* Lets clone3(2) fail with ENOSYS, as its flags are in memory, which a filter cannot read. glibc then uses
 * clone(2). Returns 0 or -errno. */
MUST_CHECK int syscall_filter_no_clone3(scmp_filter_ctx filter);

/* Allows a thread to set its own priority. Returns 0 or -errno. */
MUST_CHECK int syscall_filter_priority(scmp_filter_ctx filter);

/* Frees a filter, which may be NULL, and the memory that was used to make it. Returns err, the result of
 * seccomp_load() or of a rule before it, as -errno. */
MUST_CHECK int syscall_filter_end(scmp_filter_ctx filter, int err);

#endif
