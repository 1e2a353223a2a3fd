/* SPDX-License-Identifier: MIT */
/* sandbox.h - a process gives up all that it does not need, in order, and for ever
 *
 * A process that a guest's bytes reach keeps its descriptors, its memory and a few
 * system calls. What it needs of the file system, of devices and of other processes it
 * gets before. sandbox.c has the stages, each with its reason, from top to bottom.
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
	SANDBOX_NO_NEW_PRIVS,	/* no program that it executed would get more */
	SANDBOX_LANDLOCK,	/* no access to the file system; Linux 5.13 */
	SANDBOX_SECCOMP,	/* no system call but those that were declared */
	SANDBOX_STAGES,
};

/* What is left to the process. */
struct sandbox {
	uid_t uid;		/* never 0 */
	gid_t gid;		/* never 0 */
	bool own_uid;		/* no other process has that uid: threads can be limited */
	unsigned int threads;	/* it may have so many, itself counted; with own_uid */
	unsigned int files;	/* it may open no descriptor with this number or above */
	bool nice;		/* its threads may raise their priority (boost.h) */
	/* Names of system calls that are allowed whatever their arguments; NULL at the end. */
	const char *const *calls;
	/* The same, of a library that stands in for another; NULL: there is none. */
	const char *const *more_calls;
	/* Requests of ioctl(2) that are allowed, on any descriptor; 0 at the end. */
	const unsigned long *ioctls;
};

/* Closes all descriptors from first on, so that nothing is inherited by mistake. Returns 0 or -errno. */
MUST_CHECK int sandbox_close_from(unsigned int first);

/* Goes through all stages. To be called while the process has one thread; a thread that it
 * starts later is in the sandbox as well. *missing gets a bit for each stage that this
 * kernel does not have, 1u << stage. Returns 0; -errno: the stage *at failed, and the
 * process must end. */
MUST_CHECK int sandbox_enter(const struct sandbox *s, uint32_t *missing, enum sandbox_stage *at);

/* Returns what a stage is for, in words for a log line; static. */
const char *sandbox_stage_name(enum sandbox_stage stage);

#endif
