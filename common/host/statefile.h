/* SPDX-License-Identifier: MIT */
/* statefile.h - small text files in the run directory that the next daemon reads
 *
 * A file is written under another name and renamed, so that a reader finds the
 * whole file or none. Its last line is a checksum of the others: a disk that was full, a
 * crash of the host or an editor may leave anything. A file is used only if it is a
 * regular file of our own user that no other user may write, with the right sum. What else
 * is in its place is moved aside, to one name, so that a person can look at it and the
 * next file can be written. The reader checks what the text means. For the control thread.
 */
#ifndef NETPAIR_STATEFILE_H
#define NETPAIR_STATEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/util.h"

/* The largest size of a file, in bytes. */
#define STATEFILE_MAX 65536u

/* The line with the checksum, with its newline and NUL. */
#define STATEFILE_SUM_MAX 24u

/* Writes the line that follows len bytes of text to line. */
void statefile_sum(char line[STATEFILE_SUM_MAX], const char *text, size_t len);

/* Writes len bytes of text, which are lines, to the file path, mode 0600, in place of whatever is there. Returns 0 or
 * -errno; after an error an earlier file is unchanged. */
MUST_CHECK int statefile_write(const char *path, const char *text, size_t len);

/* Reads the whole file but its sum into *text, which ends with a NUL byte and which the
 * caller frees. Returns 0; -ENOENT: there is no file; -EPERM: it is not a
 * regular file of ours, or others may write it; -EINVAL: its sum is wrong, it is too long or
 * holds a NUL byte; other -errno. */
MUST_CHECK int statefile_read(char **text, const char *path);

/* Returns -EPERM for an error of open(2) that says that something else than a regular file is there; else -err. */
MUST_CHECK int statefile_open_error(int err);

/* Returns whether fd is a regular file of our own user that no other
 * user may write; *size gets its size in bytes. */
MUST_CHECK bool statefile_is_ours(int fd, uint64_t *size);

/* Renames what is at path and not valid to path.bad, in place of an earlier one, where a person can
 * examine it, and logs that with the reason why. What cannot be renamed is removed. */
void statefile_set_aside(const char *path, const char *why);

/* Copies the value of the line "key=value" to buf, truncated to len - 1 bytes.
 * Returns false if there is no such line; buf is empty then. */
bool statefile_value(const char *text, const char *key, char *buf, size_t len);

/* Reads the value of the line "key=value" as an unsigned decimal number of up to 64
 * bits. Returns false if there is no such line or no number; *out is 0 then. */
bool statefile_number(const char *text, const char *key, uint64_t *out);

#endif
