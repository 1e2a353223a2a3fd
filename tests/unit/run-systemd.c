/* SPDX-License-Identifier: MIT */
/* run-systemd.c - libsystemd is there, is not, or lacks a function */
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static const char *lacking;		/* a function */
static const char *loaded;		/* the library instead; NULL: the one that is asked for */

static void *test_dlopen(const char *file, int flags) { return dlopen(loaded ? loaded : file, flags); }
static void *test_dlsym(void *library, const char *name)
{
	return dlsym(library, lacking && strcmp(name, lacking) == 0 ? "no_such_function" : name);
}

#define dlopen test_dlopen
#define dlsym test_dlsym
#include "common/host/systemd.c"
#undef dlopen
#undef dlsym

/* Each test in a process of its own, as the library is loaded once. Returns the exit code. */
static int loads(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		const struct systemd *s = systemd();

		unsetenv("NOTIFY_SOCKET");
		_exit(s->sd_notify(0, "READY=1") == 0 && systemd() == s ? 0 : 100);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void library_is_loaded(void **state)
{
	(void)state;
	lacking = loaded = NULL;
	assert_int_equal(loads(), 0);
}

static void without_library_the_program_ends(void **state)
{
	(void)state;
	lacking = NULL;
	loaded = "libno_such_library.so.0";
	assert_int_equal(loads(), EXIT_ENVIRONMENT);
}

static void without_a_function_the_program_ends(void **state)
{
	(void)state;
	lacking = "sd_notify_barrier";
	loaded = NULL;
	assert_int_equal(loads(), EXIT_ENVIRONMENT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(library_is_loaded), cmocka_unit_test(without_library_the_program_ends),
		cmocka_unit_test(without_a_function_the_program_ends),
	};

	return RUN_TESTS(tests);
}
