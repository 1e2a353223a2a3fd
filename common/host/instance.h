/* SPDX-License-Identifier: MIT */
/* instance.h - one daemon per domain, and its run directory
 *
 * Two backends would answer the same rings, so a Xen domain has one netbackd,
 * whatever its run directory is. The daemon takes a record lock on a file that
 * exists once in the domain. The kernel releases the lock when the process ends,
 * and tells which process holds it. With XENSTORED_PATH set, as on xensim,
 * where many domains share one file system, the file is beside that socket.
 * A second lock is on the run directory, which two domains must not share.
 */
#ifndef NETPAIR_INSTANCE_H
#define NETPAIR_INSTANCE_H

#include <stdint.h>
#include <sys/types.h>

#include "common/base/util.h"

/* The run directories of netbackd and of netfrontd, unless an option names another. They are two, as
 * the daemons are different users. */
#define INSTANCE_RUN_DIR "/run/netpair"
#define INSTANCE_FRONT_DIR "/run/netfrontd"

/* The lock for all devices of a domain. Else the lock is for one device number; a
 * process may lock several. */
enum { INSTANCE_ALL = UINT32_MAX };

/* Makes the directory dir, mode 0700, or checks the one that is there, and
 * sets the umask to 0077, so that other users cannot read our files. Returns 0;
 * -EPERM: another user owns it, others may write to it, or it is a symbolic
 * link; other -errno. */
MUST_CHECK int instance_run_dir(const char *dir);

/* Takes the lock of the program name in this domain for device devid, or for
 * INSTANCE_ALL. Returns 0, and the lock stays until the process ends; -EBUSY:
 * the process *holder has it, or a part of it, and did not end in wait_ms
 * milliseconds; -EPERM: as for instance_run_dir(); -ECONNREFUSED: XENSTORED_PATH
 * does not exist; other -errno. An error closes the file, and so releases all
 * locks of this process on it: the process must end. */
MUST_CHECK int instance_lock(const char *name, uint32_t devid, unsigned int wait_ms, pid_t *holder);

/* Takes the lock of the file dir/name.lock. Returns as instance_lock(). */
MUST_CHECK int instance_lock_dir(const char *dir, const char *name, unsigned int wait_ms, pid_t *holder);

/* Gives the run directory dir of the program name from one user to another, with the program's files in it and
 * the file of its domain's lock; makes what is not there. For a program that becomes another user after
 * its start, before it takes a lock. Returns 0, also if it is the other user's already; -EPERM: it is a third
 * user's, or has other files; other -errno. */
MUST_CHECK int instance_give(const char *name, const char *dir, uid_t from, uid_t to, gid_t gid);

/* Prints on stderr why a lock or a run directory is not available, and exits. dir
 * is the run directory; NULL: the domain's lock failed. err and holder are the
 * results of the functions above. */
_Noreturn void instance_die(const char *program, const char *dir, int err, pid_t holder);

/* Waits until the process has ended, at most timeout_ms. Returns 0, or
 * -ETIMEDOUT. */
MUST_CHECK int instance_wait_end(pid_t pid, unsigned int timeout_ms);

#endif
