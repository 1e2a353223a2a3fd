/* SPDX-License-Identifier: MIT */
/* sandbox.h - a process permanently gives up all rights that it does not need
 *
 * A process that handles a guest's bytes keeps its descriptors, its memory and a few
 * system calls. Before, it gets what it needs from the file system, from devices and from
 * other processes. sandbox.c has the stages in their order, each with its reason.
 */
#ifndef NETPAIR_SANDBOX_H
#define NETPAIR_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/util.h"

/* The stages, in their order. */
enum sandbox_stage {
	SANDBOX_LIMITS,		/* rlimits, not dumpable */
	SANDBOX_IDS,		/* user and group, no capability */
	SANDBOX_NO_NEW_PRIVS,	/* executing a program gives no privileges */
	SANDBOX_LANDLOCK,	/* no access to the file system; Linux 5.13 */
	SANDBOX_SECCOMP,	/* no system call but those that were declared */
	SANDBOX_STAGES,
};

/* What the process keeps. */
struct sandbox {
	uid_t uid;		/* never 0 */
	gid_t gid;		/* never 0 */
	bool own_uid;		/* no other process has that uid: threads can be limited */
	unsigned int threads;	/* the most threads, including the first one; with own_uid */
	unsigned int files;	/* every descriptor is below this number */
	bool nice;		/* its threads may raise their priority (boost.h) */
	/* Names of system calls that are allowed whatever their arguments; NULL at the end. */
	const char *const *calls;
	/* Further names, of stand-ins for the Xen libraries; NULL: there are none. */
	const char *const *more_calls;
	/* Requests of ioctl(2) that are allowed, on any descriptor; 0 at the end. */
	const unsigned long *ioctls;
};

/* Closes all descriptors from first on, so that nothing is inherited by mistake. Returns 0 or -errno. */
MUST_CHECK int sandbox_close_from(unsigned int first);

/* Enters all stages. Called while the process has one thread; threads that it starts later
 * are in the sandbox, too. *missing gets the bit 1u << stage for each stage that this kernel
 * does not have. Returns 0; -errno: the stage *at failed, and the process must end. */
MUST_CHECK int sandbox_enter(const struct sandbox *s, uint32_t *missing, enum sandbox_stage *at);

/* Returns the name of a stage for a log line. The text is static. */
const char *sandbox_stage_name(enum sandbox_stage stage);

#endif
