/* SPDX-License-Identifier: MIT */
/* statemap.h - saved state in a mapped file, for the next daemon
 *
 * A file of the run directory is mapped into memory. A store changes the file at
 * once, without a system call, and the change stays if the process is killed at
 * any instruction. So it suits state that changes on a worker's thread
 * (statefile.h is for the control thread's). The caller guards values that must be
 * consistent, for example with a sequence number.
 *
 * A file is used only if it is a regular file of our own user that no other user
 * may write, and has the expected size. The caller checks its contents. The process
 * that maps a file need not be the one that opened it, and needs no path.
 */
#ifndef NETPAIR_STATEMAP_H
#define NETPAIR_STATEMAP_H

#include <stddef.h>

#include "common/base/util.h"

/* Makes the file path anew, with len zero bytes and mode 0600; a directory that is there is moved aside. It allocates the
 * space now, so that a store never fails on a full disk. Returns its descriptor, or -errno. */
MUST_CHECK int statemap_create(const char *path, size_t len);

/* Opens the file as it is. Returns its descriptor; -ENOENT: there is no file; -EPERM: it
 * is not a regular file of ours, or others may write it; -EINVAL: it has another
 * size; other -errno. */
MUST_CHECK int statemap_open(const char *path, size_t len);

/* Removes the file, if there is one. */
void statemap_remove(const char *path);

/* Maps the file fd, which the caller keeps and may close afterwards. Returns 0;
 * -EINVAL: it has another size; other -errno. */
MUST_CHECK int statemap_map(void **out, int fd, size_t len);

/* Unmaps the file, which stays. NULL is allowed. */
void statemap_unmap(void *map, size_t len);

#endif
