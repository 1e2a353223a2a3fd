/* SPDX-License-Identifier: MIT */
/* privileges_filter.c - a list of system calls, for privileges_filter.h */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "common/base/errtext.h"
#include "common/host/daemon.h"
#include "common/host/declared.h"
#include "common/host/syscall_filter.h"
#include "privileges_filter.h"

/* What a sanitizer's runtime calls is not known. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PRIVILEGES_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define PRIVILEGES_SANITIZED 1
#endif
#endif
#ifndef PRIVILEGES_SANITIZED
#define PRIVILEGES_SANITIZED 0
#endif

/* What libraries call by themselves, or by another name than their function has.
 *
 * libc: memory, threads, files, directories, programs:
 * #syscalls-control brk munmap mremap madvise futex getrandom rt_sigaction rt_sigreturn rt_sigprocmask
 * #syscalls-control set_robust_list rseq gettid getpid tgkill exit exit_group restart_syscall uname
 * #syscalls-control openat newfstatat fstat statx lseek fcntl getdents64 getdents pread64 pwrite64 readlinkat
 * #syscalls-control faccessat faccessat2 unlinkat renameat renameat2 mkdirat dup dup2 dup3 pipe pipe2
 * #syscalls-control eventfd2 epoll_pwait epoll_create1 pselect6 clock_nanosleep clock_getres recvfrom sendto
 * #syscalls-control getsockname getpeername ppoll select wait4 execve setsid
 * libsystemd: its loop, and messages to the service manager:
 * #syscalls-control signalfd4 timerfd_create timerfd_settime epoll_ctl epoll_wait sendmsg getuid getgid geteuid
 * #syscalls-control sched_getaffinity getegid getppid
 * The loader, at the start of the keeper:
 * #syscalls-control arch_prctl set_tid_address prlimit64 access readlink fstatfs
 * #syscalls-some mmap mprotect clone clone3 prctl setpriority sched_setscheduler
 */

/* What stand-ins for the Xen libraries call besides when they open a handle. */
static const char *const stand_in_opens[] = { "io_setup", NULL };

/* Allows memory that can be executed only where a file is mapped and cannot be written: libraries. */
static int privileges_filter_allow_memory(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp not_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_exec);

	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC),
				       SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0));
	return err ? err : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_exec);
}

/* Allows threads, and a child that executes the keeper, but no new namespace. */
static int privileges_filter_allow_clone(scmp_filter_ctx filter)
{
	const uint64_t spaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, spaces, 0));

	return err ? err : syscall_filter_no_clone3(filter);
}

/* Allows a thread to set its own name and timer slack, and what libcap-ng asks when the keeper starts. */
static int privileges_filter_allow_prctl(scmp_filter_ctx filter)
{
	static const int options[] = { PR_SET_NAME, PR_SET_TIMERSLACK, PR_CAPBSET_READ, PR_GET_SECUREBITS, PR_GET_NO_NEW_PRIVS };
	int err = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(options) && !err; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)options[i], 0));
	return err ? err : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 2, SCMP_A0(SCMP_CMP_EQ, PR_CAP_AMBIENT, 0),
					    SCMP_A1(SCMP_CMP_EQ, PR_CAP_AMBIENT_IS_SET, 0));
}

static int privileges_filter_load(scmp_filter_ctx filter)
{
	int err = syscall_filter_names(filter, declared_by_netfrontd);

	if (!err)
		err = syscall_filter_names(filter, declared_by_stand_in());
	if (!err && declared_by_stand_in())
		err = syscall_filter_names(filter, stand_in_opens);
	if (!err)
		err = privileges_filter_allow_memory(filter);
	if (!err)
		err = privileges_filter_allow_clone(filter);
	if (!err)
		err = privileges_filter_allow_prctl(filter);
	if (!err)
		err = syscall_filter_priority(filter);
	return err ? err : seccomp_load(filter);
}

void privileges_filter(const char *program)
{
	scmp_filter_ctx filter;
	int err = -ENOMEM;

	if (PRIVILEGES_SANITIZED)
		return;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (filter)
		err = privileges_filter_load(filter);
	err = syscall_filter_end(filter, err);
	if (err)
		die(program, EXIT_ENVIRONMENT, "cannot set the filter of system calls (seccomp): %s",
		    errtext(ERRTEXT_FILE, err));
}
