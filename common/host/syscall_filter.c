/* SPDX-License-Identifier: MIT */
/* syscall_filter.c - the rules of syscall_filter.h */
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <sys/resource.h>

#include "syscall_filter.h"

/* #syscalls-before all */

int syscall_filter_names(scmp_filter_ctx filter, const char *const *names)
{
	int err = 0;

	for (; names && *names && !err; names++) {
		int nr = seccomp_syscall_resolve_name(*names);

		err = nr == __NR_SCMP_ERROR ? -EINVAL : seccomp_rule_add(filter, SCMP_ACT_ALLOW, nr, 0);
	}
	return err;
}

int syscall_filter_no_clone3(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

int syscall_filter_priority(scmp_filter_ctx filter)
{
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setpriority), 2,
				   SCMP_A0(SCMP_CMP_EQ, PRIO_PROCESS, 0), SCMP_A1(SCMP_CMP_EQ, 0, 0));

	return err ? err : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sched_setscheduler), 2,
					    SCMP_A0(SCMP_CMP_EQ, 0, 0), SCMP_A1(SCMP_CMP_EQ, SCHED_BATCH, 0));
}

int syscall_filter_end(scmp_filter_ctx filter, int err)
{
	seccomp_release(filter);
	/* What the making of the filter took is not kept for the life of the process. */
	malloc_trim(0);
	/* libseccomp returns -ECANCELED for an error of the kernel. */
	return err == -ECANCELED ? -EINVAL : err;
}
