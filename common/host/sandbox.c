/* SPDX-License-Identifier: MIT */
/* sandbox.c - the stages of sandbox.h, in their order
 *
 * The order has reasons:
 * - limits come first, as raising one later needs a capability;
 * - the user changes next, while the process has the capability for that, which removes all
 *   capabilities;
 * - no_new_privs precedes Landlock and seccomp, which need it in an unprivileged process;
 * - the filter is last, as it forbids the calls of the other stages.
 */
#include <errno.h>
#include <cap-ng.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/io_uring.h>
#include <linux/landlock.h>
#include <malloc.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"
#include "syscall_filter.h"

/* Writable private memory, in bytes: far more than the buffers of all workers. */
#define SANDBOX_DATA (256ul << 20)

/* The largest file that can be written, in bytes: the saved tables are mapped and fit. */
#define SANDBOX_FILE (64ul << 10)

/* What RLIMIT_NICE has for nice -20. */
#define SANDBOX_NICE 40

int sandbox_close_from(unsigned int first)
{
	return syscall(SYS_close_range, first, ~0u, 0) < 0 ? -errno : 0;
}

/* #syscalls-before all */

/* --- 1. limits: a process that an attacker controls cannot use up the host ------------ */

static int sandbox_limit(__rlimit_resource_t which, rlim_t most)
{
	const struct rlimit limit = { most, most };

	return setrlimit(which, &limit) < 0 ? -errno : 0;
}

/* A core file would hold guests' pages; a process that is not dumpable can be traced and
 * read through /proc by root only. */
static int sandbox_limits(const struct sandbox *s)
{
	int err = sandbox_limit(RLIMIT_CORE, 0);

	if (!err)
		err = sandbox_limit(RLIMIT_NOFILE, s->files);
	if (!err)
		err = sandbox_limit(RLIMIT_DATA, SANDBOX_DATA);
	/* So the descriptor of a file in the run directory fills no disk. */
	if (!err)
		err = sandbox_limit(RLIMIT_FSIZE, SANDBOX_FILE);
	/* Raising it needs a capability that a service unit may not give: then no priority is raised. */
	if (s->nice)
		(void)!sandbox_limit(RLIMIT_NICE, SANDBOX_NICE);
	/* The kernel counts threads of a user, not of a process. */
	if (!err && s->own_uid)
		err = sandbox_limit(RLIMIT_NPROC, s->threads);
	/* With one arena, malloc(3) does not ask the system for the number of processors. */
	mallopt(M_ARENA_MAX, 1);
	return err;
}

/* --- 2. ids: a user that nothing else on the host has, and no capability ------------------ */

static int sandbox_ids(const struct sandbox *s)
{
	if (s->uid == 0 || s->gid == 0)
		return -EINVAL;
	if (setgroups(0, NULL) < 0 || setresgid(s->gid, s->gid, s->gid) < 0 || setresuid(s->uid, s->uid, s->uid) < 0)
		return -errno;
	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return -EPERM;
	/* Check the result that the kernel reports. */
	if (capng_get_caps_process() != 0 || capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
		return -EPERM;
	/* After a change of user a sysctl decides whether the process is dumpable. */
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? -errno : 0;
}

/* --- 3. no new privileges: a set-user-id program gives none --------------------------------- */

static int sandbox_no_new_privs(const struct sandbox *s)
{
	(void)s;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* --- 4. Landlock: no access to the file system ------------------------------------------------ */

/* All accesses that each version of Landlock can forbid. No rule allows any of them. */
static const uint64_t sandbox_landlock_fs[] = { 0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff };

static int sandbox_landlock(const struct sandbox *s)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr attr;
	int fd, err;

	(void)s;
	if (abi < 0)
		return errno == EOPNOTSUPP ? -ENOSYS : -errno;
	if ((size_t)abi >= ARRAY_SIZE(sandbox_landlock_fs))
		abi = ARRAY_SIZE(sandbox_landlock_fs) - 1;
	attr = (struct landlock_ruleset_attr){ .handled_access_fs = sandbox_landlock_fs[abi] };
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (fd < 0)
		return -errno;
	err = syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* --- 5. seccomp: a call that is not declared ends the process ----------------------------------- */

/* The calls that libc makes by itself: for memory, for threads and their locks, for the return
 * from a signal handler, and for the end of the process.
 *
 * #syscalls brk munmap madvise mremap futex getrandom rt_sigaction rt_sigreturn rt_sigprocmask restart_syscall
 * #syscalls set_robust_list rseq sched_getaffinity gettid exit exit_group close
 */

static int sandbox_allow_ioctls(scmp_filter_ctx filter, const unsigned long *requests)
{
	int err = 0;

	/* The kernel uses the low 32 bits of the request. */
	for (; requests && *requests && !err; requests++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				       SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, *requests));
	return err;
}

/* Allows reading the seals of a memfd: memory from another process must not shrink. */
static int sandbox_allow_seals(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, SCMP_A1(SCMP_CMP_EQ, F_GET_SEALS, 0));
}

/* Allows memory, but none that is executable. */
static int sandbox_allow_memory(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp not_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_exec);

	return err ? err : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_exec);
}

/* Allows new threads, and no new process. */
static int sandbox_allow_threads(scmp_filter_ctx filter)
{
	const uint64_t flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				   SCMP_A0(SCMP_CMP_MASKED_EQ, flags | CLONE_NEWUSER, flags));

	return err ? err : syscall_filter_no_clone3(filter);
}

/* Allows a thread to set its own name and timer slack and, with s->nice, its own priority. */
static int sandbox_allow_own_thread(scmp_filter_ctx filter, const struct sandbox *s)
{
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));

	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_TIMERSLACK, 0));
	return err || !s->nice ? err : syscall_filter_priority(filter);
}

/* A ring that was made disabled and restricted before is enabled by its worker; nothing else
 * about a ring can be changed. */
static int sandbox_allow_rings(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(io_uring_register), 1,
				SCMP_A1(SCMP_CMP_EQ, IORING_REGISTER_ENABLE_RINGS, 0));
}

static int sandbox_fill_filter(scmp_filter_ctx filter, const struct sandbox *s)
{
	/* Apply the filter to all threads, as a library may have started some. */
	int err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (!err)
		err = syscall_filter_names(filter, s->calls);
	if (!err)
		err = syscall_filter_names(filter, s->more_calls);
	if (!err)
		err = sandbox_allow_ioctls(filter, s->ioctls);
	if (!err)
		err = sandbox_allow_memory(filter);
	if (!err)
		err = sandbox_allow_seals(filter);
	if (!err)
		err = sandbox_allow_threads(filter);
	if (!err)
		err = sandbox_allow_own_thread(filter, s);
	if (!err)
		err = sandbox_allow_rings(filter);
	return err ? err : seccomp_load(filter);
}

static int sandbox_seccomp(const struct sandbox *s)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int err = filter ? sandbox_fill_filter(filter, s) : -ENOMEM;

	return syscall_filter_end(filter, err);
}

/* --- all stages ------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(const struct sandbox *s);
} stages[SANDBOX_STAGES] = {
	[SANDBOX_LIMITS] = { "limits of resources", sandbox_limits },
	[SANDBOX_IDS] = { "a user of its own without capabilities", sandbox_ids },
	[SANDBOX_NO_NEW_PRIVS] = { "no new privileges", sandbox_no_new_privs },
	[SANDBOX_LANDLOCK] = { "no access to files (Landlock)", sandbox_landlock },
	[SANDBOX_SECCOMP] = { "a filter of system calls (seccomp)", sandbox_seccomp },
};

const char *sandbox_stage_name(enum sandbox_stage stage)
{
	return stages[stage].name;
}

int sandbox_enter(const struct sandbox *s, uint32_t *missing, enum sandbox_stage *at)
{
	*missing = 0;
	for (*at = SANDBOX_LIMITS; *at < SANDBOX_STAGES; (*at)++) {
		int err = stages[*at].run(s);

		/* Without Landlock the sandbox is closed all the same: seccomp allows no call that opens a file. */
		if (err == -ENOSYS && *at == SANDBOX_LANDLOCK)
			*missing |= 1u << *at;
		else if (err)
			return err;
	}
	*at = SANDBOX_LIMITS;
	return 0;
}
