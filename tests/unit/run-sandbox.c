/* SPDX-License-Identifier: MIT */
/* run-sandbox.c - what a process in the sandbox can still do, and that each forbidden act fails or
 * ends the process */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "unit.h"
#include "common/host/sandbox.c"
#include "syscalls.h"

#define NOBODY 65534

static const char *const calls[] = { SYSCALLS_DECLARED };
static const unsigned long ioctls[] = { FIONREAD, 0 };

static struct sandbox conf(void)
{
	return (struct sandbox){ .uid = NOBODY, .gid = NOBODY, .files = 64, .calls = calls, .ioctls = ioctls };
}

/* The result of an act in the sandbox: what it returned, or the signal that ended the process. */
struct result {
	int code;	/* -1: a signal */
	int signal;
};

enum { ENTERED_NOT = 99 };

/* Runs act in a child process in the sandbox. Returns its result; act returns an exit code below 99. */
static struct result run(int (*act)(void), const struct sandbox *s)
{
	enum sandbox_stage at;
	uint32_t missing;
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		int code = sandbox_enter(s, &missing, &at) ? ENTERED_NOT : act();

		syscall(SYS_exit_group, code);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return (struct result){ -1, WTERMSIG(status) };
	return (struct result){ WEXITSTATUS(status), 0 };
}

static void need_root(void)
{
#if defined(__SANITIZE_ADDRESS__)
	SKIP("a sanitizer's runtime maps more memory than the sandbox allows");
#endif
	if (geteuid() != 0)
		SKIP("only root can change its user");
}

/* --- acts that must end the process ---------------------------------------------------------- */

#define ACT(name_, ...) static int name_(void) { return (__VA_ARGS__) < 0 ? 1 : 0; }

ACT(act_open, syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY))
ACT(act_open_privcmd, syscall(SYS_openat, AT_FDCWD, "/dev/xen/privcmd", O_RDWR))
ACT(act_creat, syscall(SYS_creat, "/tmp/netpair-sandbox", 0600))
ACT(act_stat, syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", NULL, 0))
ACT(act_unlink, syscall(SYS_unlink, "/tmp/netpair-sandbox"))
ACT(act_socket, syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0))
ACT(act_connect, syscall(SYS_connect, 0, NULL, 0))
ACT(act_exec, syscall(SYS_execve, "/bin/sh", NULL, NULL))
ACT(act_fork, syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))
ACT(act_vfork, syscall(SYS_vfork))
ACT(act_ptrace, syscall(SYS_ptrace, 16, getppid(), 0, 0))
ACT(act_kill, syscall(SYS_kill, 1, SIGTERM))
ACT(act_read_of_other, syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0))
ACT(act_bpf, syscall(SYS_bpf, 0, NULL, 0))
ACT(act_ring, syscall(SYS_io_uring_setup, 4, NULL))
ACT(act_ring_buffers, syscall(SYS_io_uring_register, 0, IORING_REGISTER_BUFFERS, NULL, 0))
ACT(act_memfd, syscall(SYS_memfd_create, "x", 0))
ACT(act_ioctl, syscall(SYS_ioctl, 0, TIOCSTI, "x"))
ACT(act_setuid, syscall(SYS_setuid, 0))
ACT(act_unshare, syscall(SYS_unshare, CLONE_NEWUSER))
ACT(act_mount, syscall(SYS_mount, "a", "/tmp", "tmpfs", 0, NULL))
ACT(act_map_exec, syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
ACT(act_protect_exec, syscall(SYS_mprotect, (uintptr_t)act_exec & ~4095ul, 4096, PROT_READ | PROT_WRITE | PROT_EXEC))
ACT(act_dumpable, syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0))
ACT(act_priority, syscall(SYS_setpriority, PRIO_PROCESS, 0, -20))
ACT(act_owner, syscall(SYS_fcntl, 0, F_SETOWN, 1))
ACT(act_seccomp, syscall(SYS_seccomp, 0, 0, NULL))

static void forbidden_acts_end_the_process(void **state)
{
	static int (*const acts[])(void) = {
		act_open, act_open_privcmd, act_creat, act_stat, act_unlink, act_socket, act_connect, act_exec, act_fork,
		act_vfork, act_ptrace, act_kill, act_read_of_other, act_bpf, act_ring, act_ring_buffers, act_memfd, act_ioctl,
		act_setuid, act_unshare, act_mount, act_map_exec, act_protect_exec, act_dumpable, act_priority, act_owner,
		act_seccomp,
	};
	struct sandbox s = conf();

	(void)state;
	need_root();
	for (unsigned int i = 0; i < ARRAY_SIZE(acts); i++) {
		struct result got = run(acts[i], &s);

		if (got.signal != SIGSYS)
			fail_msg("act %u: exit code %d, signal %d", i, got.code, got.signal);
	}
}

/* --- acts that are allowed -------------------------------------------------------------------- */

static int act_nothing(void)
{
	return 0;
}

static void *thread_main(void *arg)
{
	/* A worker allocates with malloc(3) and sets its name. */
	void *p = malloc(100000);

	prctl(PR_SET_NAME, "vif1.0");
	memset(p, 1, 100000);
	free(p);
	return arg;
}

static int act_thread(void)
{
	void *got = NULL;
	pthread_t t;
	int token;

	if (pthread_create(&t, NULL, thread_main, &token) != 0 || pthread_join(t, &got) != 0)
		return 1;
	return got == &token ? 0 : 2;
}

static int act_work(void)
{
	int fd = eventfd(0, EFD_NONBLOCK), n;
	uint64_t one = 1;

	if (fd < 0 || write(fd, &one, sizeof(one)) != sizeof(one) || read(fd, &one, sizeof(one)) != sizeof(one))
		return 1;
	/* The call is allowed, but this descriptor does not support it. */
	if (ioctl(fd, FIONREAD, &n) == 0 || errno != ENOTTY)
		return 2;
	if (fcntl(fd, F_GET_SEALS) >= 0 || errno != EINVAL)
		return 3;
	return syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS ? 0 : 4;
}

static void what_workers_do_goes_on(void **state)
{
	struct sandbox s = conf();

	(void)state;
	need_root();
	assert_int_equal(run(act_nothing, &s).code, 0);
	assert_int_equal(run(act_work, &s).code, 0);
	assert_int_equal(run(act_thread, &s).code, 0);
}

/* Runs act in a child process that is not in the sandbox: act enters parts of it by itself. Returns
 * its exit code. */
static int alone(int (*act)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(act());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int act_limit_raised(void)
{
	return sandbox_limit(RLIMIT_NICE, SANDBOX_NICE) != 0;
}

static int act_priority_own(void)
{
	return setpriority(PRIO_PROCESS, 0, -20) < 0;
}

static void priority_without_a_capability(void **state)
{
	struct sandbox s = conf();

	(void)state;
	need_root();
	if (alone(act_limit_raised))
		SKIP("no capability to raise a limit");
	s.nice = true;
	assert_int_equal(run(act_priority_own, &s).code, 0);
}

/* --- each layer of the sandbox by itself --------------------------------------------------------- */

static int stages_to(enum sandbox_stage last)
{
	struct sandbox s = conf();

	for (enum sandbox_stage at = SANDBOX_LIMITS; at <= last; at++)
		if (stages[at].run(&s))
			return ENTERED_NOT;
	return 0;
}

static int act_landlock_alone(void)
{
	if (stages_to(SANDBOX_NO_NEW_PRIVS))
		return ENTERED_NOT;
	if (sandbox_landlock(NULL))
		return 77;
	return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 0 : 1;
}

static int act_ids_alone(void)
{
	if (stages_to(SANDBOX_NO_NEW_PRIVS))
		return ENTERED_NOT;
	if (getuid() != NOBODY || geteuid() != NOBODY || getgid() != NOBODY || getgroups(0, NULL) != 0)
		return 1;
	if (setuid(0) == 0 || capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN))
		return 2;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 3;
}

static int act_limits_alone(void)
{
	struct rlimit l;

	if (stages_to(SANDBOX_LIMITS) || getrlimit(RLIMIT_CORE, &l) < 0 || l.rlim_max != 0)
		return 1;
	return getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_max == 64 ? 0 : 2;
}

static void each_layer_protects_alone(void **state)
{
	int code;

	(void)state;
	need_root();
	assert_int_equal(alone(act_limits_alone), 0);
	assert_int_equal(alone(act_ids_alone), 0);
	code = alone(act_landlock_alone);
	if (code == 77)
		SKIP("this kernel has no Landlock");
	assert_int_equal(code, 0);
}

static int act_none(void)
{
	return 0;
}

static void root_is_refused(void **state)
{
	struct sandbox s = conf();

	(void)state;
	need_root();
	s.uid = 0;
	assert_int_equal(run(act_none, &s).code, ENTERED_NOT);
	s = conf();
	s.gid = 0;
	assert_int_equal(run(act_none, &s).code, ENTERED_NOT);
}

static void a_call_that_does_not_exist_is_refused(void **state)
{
	static const char *const unknown[] = { "no_such_call", NULL };
	struct sandbox s = conf();

	(void)state;
	need_root();
	s.more_calls = unknown;
	assert_int_equal(run(act_none, &s).code, ENTERED_NOT);
}

static int act_closed(void)
{
	int fd = dup(0);

	if (fd < 0 || sandbox_close_from(3) != 0)
		return 1;
	return write(fd, "", 0) < 0 && errno == EBADF ? 0 : 2;
}

static void inherited_descriptors_are_closed(void **state)
{
	(void)state;
	assert_int_equal(alone(act_closed), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forbidden_acts_end_the_process),
		cmocka_unit_test(what_workers_do_goes_on),
		cmocka_unit_test(priority_without_a_capability),
		cmocka_unit_test(each_layer_protects_alone),
		cmocka_unit_test(root_is_refused),
		cmocka_unit_test(a_call_that_does_not_exist_is_refused),
		cmocka_unit_test(inherited_descriptors_are_closed),
	};

	return RUN_TESTS(tests);
}
