/* SPDX-License-Identifier: MIT */
/* instance.h - one daemon per domain, and its run directory
 *
 * Two backends would answer the same rings, so there is one netbackd in a Xen
 * domain, whatever its run directory is. A file that exists once in the domain
 * carries a record lock of each; the kernel gives it back when the process
 * ends, and tells which process has it. With XENSTORED_PATH set, as on xensim,
 * where many domains share one file system, the file is beside that socket.
 * A second lock is the run directory's, which two domains must not share.
 */
#ifndef NETPAIR_INSTANCE_H
#define NETPAIR_INSTANCE_H

#include <stdint.h>
#include <sys/types.h>

#include "util.h"

/* The run directory of both daemons, if no option names another. */
#define INSTANCE_RUN_DIR "/run/netpair"

/* What of a domain a process serves: whole, or one device number, of which a
 * process may lock several. */
enum { INSTANCE_ALL = UINT32_MAX };

/* Makes the directory dir, mode 0700, or checks the one that is there; from
 * then on files are made for our own user only (umask 0077). Returns 0;
 * -EPERM: it is another user's, others may write to it, or it is a symbolic
 * link; other -errno. */
MUST_CHECK int instance_run_dir(const char *dir);

/* Takes the lock of the program name in this domain for device devid, or for
 * INSTANCE_ALL. Returns 0, and the lock stays until the process ends; -EBUSY:
 * the process *holder has it, or a part of it, and did not end in patience_ms;
 * -EPERM: as for instance_run_dir(); -ECONNREFUSED: XENSTORED_PATH names
 * nothing; other -errno. After an error the locks of
 * this process on the same file are lost: it has to end. */
MUST_CHECK int instance_lock(const char *name, uint32_t devid, unsigned int patience_ms, pid_t *holder);

/* The same for the file dir/name.lock. */
MUST_CHECK int instance_lock_dir(const char *dir, const char *name, unsigned int patience_ms, pid_t *holder);

/* Says on stderr why a lock or a run directory cannot be had, and exits. dir is
 * the run directory, NULL: it is about the domain's lock. err and holder are
 * what the functions above gave. */
_Noreturn void instance_die(const char *program, const char *dir, int err, pid_t holder);

/* Waits until the process has ended, at most timeout_ms. Returns 0, or
 * -ETIMEDOUT. */
MUST_CHECK int instance_wait_end(pid_t pid, unsigned int timeout_ms);

#endif
