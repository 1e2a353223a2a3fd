/* SPDX-License-Identifier: MIT */
/* statemap.h - state that the next daemon reads, written by plain stores
 *
 * A file of the run directory, mapped into memory. What is stored there is in
 * the file at once, without a system call, and stays when the process is killed
 * at any instruction. So it is for state that changes on a worker's thread
 * (statefile.h is for the control thread's). What must be whole is guarded by
 * its user, with a sequence number say.
 *
 * The file is believed only if it is a regular file of our own user that nobody
 * else may write, and of the expected size. What is in it is checked by its user.
 */
#ifndef NETPAIR_STATEMAP_H
#define NETPAIR_STATEMAP_H

#include <stddef.h>

#include "util.h"

/* Makes the file path anew, of len zero bytes and mode 0600, and maps it. Its
 * space is taken now, so that a store never fails for want of it. Returns 0 or -errno. */
MUST_CHECK int statemap_create(void **out, const char *path, size_t len);

/* Maps the file as it is. Returns 0; -ENOENT: there is none; -EPERM: it is not a
 * regular file of ours, or others may write it; -EINVAL: its size is another;
 * other -errno. */
MUST_CHECK int statemap_open(void **out, const char *path, size_t len);

/* Unmaps it; the file stays. NULL is fine. */
void statemap_close(void *map, size_t len);

#endif
