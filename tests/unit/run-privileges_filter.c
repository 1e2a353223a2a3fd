/* SPDX-License-Identifier: MIT */
/* run-privileges_filter.c - what netfrontd can still do once its filter is set, and that what a program that took
 * it over would want next fails */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "frontend/control/privileges_filter.c"

/* Runs act in a child process with the filter. Returns the exit code, which is what act returned; -1: a signal. */
static int run(int (*act)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			_exit(99);
		privileges_filter("unit");
		_exit(act());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Returns 0 if a call was refused by the filter. */
static int refused(long result)
{
	return result == -1 && errno == EPERM ? 0 : 1;
}

static void *nothing(void *arg)
{
	return arg;
}

static int works(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), file;
	void *p = malloc(1 << 20), *code;
	pthread_t thread;

	if (fd < 0 || sock < 0 || !p || pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
		return 1;
	/* As the loader maps a library. */
	file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
	if (file < 0 || code == MAP_FAILED)
		return 2;
	return prctl(PR_SET_NAME, "name") || write(fd, "x", 1) != 1 ? 3 : 0;
}

static int writable_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *q = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED || q != MAP_FAILED || data == MAP_FAILED || refused(mprotect(data, 4096, PROT_READ | PROT_EXEC));
}

static int other_processes(void)
{
	return refused(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)) || refused(kill(getppid(), 0)) ||
	       refused(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}

static int kernel(void)
{
	return refused(syscall(SYS_bpf, 0, NULL, 0)) || refused(syscall(SYS_init_module, NULL, 0, "")) ||
	       refused(syscall(SYS_unshare, CLONE_NEWUSER)) || refused(syscall(SYS_mount, "", "/", "none", 0, NULL)) ||
	       refused(syscall(SYS_add_key, "user", "a", "b", 1, -2)) || refused(syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0)) ||
	       refused(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0));
}

static int users(void)
{
	return refused(syscall(SYS_setresuid, 0, 0, 0)) || refused(syscall(SYS_setgroups, 0, NULL)) ||
	       refused(prctl(PR_SET_DUMPABLE, 1)) || refused(prctl(PR_SET_SECCOMP, 0));
}

#define CASE(name_) \
	static void name_##_case(void **state) \
	{ \
		(void)state; \
		if (PRIVILEGES_SANITIZED) \
			SKIP("a sanitizer's runtime needs calls of its own"); \
		assert_int_equal(run(name_), 0); \
	}

CASE(works)
CASE(writable_code)
CASE(other_processes)
CASE(kernel)
CASE(users)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(works_case), cmocka_unit_test(writable_code_case), cmocka_unit_test(other_processes_case),
		cmocka_unit_test(kernel_case), cmocka_unit_test(users_case),
	};

	return cmocka_run_group_tests_name("privileges_filter", tests, NULL, NULL);
}
