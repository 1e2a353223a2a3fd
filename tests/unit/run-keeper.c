/* SPDX-License-Identifier: MIT */
/* run-keeper.c - the keeper, a process that holds event channels open over a restore: there is one
 * for all, and it refuses descriptors from other users and malformed messages
 *
 * The keepers of these tests are this program, which starts itself again.
 */
#include <dirent.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "unit.h"
#include "frontend/control/evtchn_keeper.c"

static char dir[] = "/tmp/netpair-keeper.XXXXXX";

/* Returns a connection to the keeper, or -errno. */
static int keeper_connect(void)
{
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	assert_true(sock >= 0);
	assert_int_equal(evtchn_keeper_address(&addr, dir), 0);
	evtchn_keeper_set_timeouts(sock, KEEPER_ANSWER_MS);
	if (connect(sock, (const struct sockaddr *)&addr, sizeof(addr)) < 0) {
		close(sock);
		return -errno;
	}
	return sock;
}

/* Returns the number of keepers that are our children. *newest is the newest one's process id. */
static unsigned int keepers(pid_t *newest)
{
	char path[64], text[4096] = "", *at;
	unsigned int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	f = fopen(path, "r");
	assert_non_null(f);
	(void)!fgets(text, sizeof(text), f);
	fclose(f);
	for (at = strtok(text, " "); at; at = strtok(NULL, " "), n++)
		*newest = (pid_t)atoi(at);
	return n;
}

static unsigned int open_files(pid_t pid)
{
	char path[64];
	unsigned int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

/* Checks that the keeper holds n descriptors besides its socket and /dev/null. Waits for that: it
 * closes the last connection a moment after it has answered. */
static void holds(pid_t pid, unsigned int n)
{
	for (unsigned int i = 0; i < 1000 && open_files(pid) != 3 + n; i++)
		usleep(1000);
	assert_int_equal(open_files(pid), 3 + n);
}

static void is_called(pid_t pid, const char *file, const char *want)
{
	char path[64], text[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_string_equal(text, want);
}

static void give(void)
{
	int fd[2];

	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	assert_int_equal(evtchn_keeper_give(dir, fd[1]), 0);
	close(fd[1]);
	/* The keeper holds the write end open: if not, the reader would see the end of the file. */
	assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(read(fd[0], &(char){ 0 }, 1), -1);
	assert_int_equal(errno, EAGAIN);
	close(fd[0]);
}

static void end_all(void)
{
	pid_t pid = 0;

	while (keepers(&pid)) {
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
}

static void one_for_all(void **state)
{
	pid_t pid = 0;

	(void)state;
	for (unsigned int i = 0; i < 12; i++) {
		give();
		assert_int_equal(keepers(&pid), 1);
		holds(pid, 1 + i);
	}
	is_called(pid, "comm", "evtchn-keeper\n");
	/* systemd spares a process whose command line begins with @ when it stops all others. */
	is_called(pid, "cmdline", "@netfrontd: keeper");
	/* The signals that end services and sessions do not end it. */
	kill(pid, SIGTERM);
	kill(pid, SIGHUP);
	give();
	holds(pid, 13);
	end_all();
}

/* Sends a text with n copies of our standard error. Returns true if the keeper takes them. */
static bool keeper_takes(const char *text, size_t len, unsigned int n)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(4 * sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(n * sizeof(int)), .cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { (void *)(uintptr_t)text, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd = STDERR_FILENO, sock;
	char word = 0;
	bool kept;

	for (unsigned int i = 0; i < n; i++)
		memcpy(CMSG_DATA(&control.head) + i * sizeof(fd), &fd, sizeof(fd));
	if (n) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_LEN(n * sizeof(fd));
	}
	sock = keeper_connect();
	if (sock < 0)
		return false;
	kept = sendmsg(sock, &msg, MSG_NOSIGNAL) >= 0 && recv(sock, &word, 1, 0) == 1 && word == KEEPER_KEPT;
	close(sock);
	return kept;
}

static void not_taken(void **state)
{
	pid_t pid = 0;

	(void)state;
	give();
	assert_int_equal(keepers(&pid), 1);
	assert_false(keeper_takes("K", 1, 0));
	assert_false(keeper_takes("K", 1, 2));
	assert_false(keeper_takes("K", 1, 4));
	assert_false(keeper_takes("k", 1, 1));
	assert_false(keeper_takes("KK", 2, 1));
	assert_false(keeper_takes("Knitting", 8, 1));
	holds(pid, 1);
	assert_true(keeper_takes("K", 1, 1));
	holds(pid, 2);
	end_all();
}

/* Runs in a process of another user. Returns its exit code, 0 if the keeper refused it. */
static int as_nobody(void)
{
	return setgid(65534) == 0 && setuid(65534) == 0 && !keeper_takes("K", 1, 1) ? 0 : 1;
}

static void of_another_user(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int status;
	pid_t pid = 0, other;

	(void)state;
	if (geteuid() != 0)
		SKIP("it needs root");
	give();
	assert_int_equal(keepers(&pid), 1);
	assert_int_equal(evtchn_keeper_address(&addr, dir), 0);
	/* First with the directory's mode as it is, then with one that lets every user in. */
	for (mode_t mode = 0600; mode; mode = mode == 0600 ? 0666 : 0) {
		assert_int_equal(chmod(dir, 0755), 0);
		assert_int_equal(chmod(addr.sun_path, mode), 0);
		other = fork();
		if (other == 0)
			_exit(as_nobody());
		assert_int_equal(waitpid(other, &status, 0), other);
		assert_int_equal(status, 0);
	}
	holds(pid, 1);
	end_all();
}

static void silent(void **state)
{
	pid_t pid = 0;
	int sock[2];

	(void)state;
	give();
	for (unsigned int i = 0; i < ARRAY_SIZE(sock); i++)
		sock[i] = keeper_connect();
	give();
	assert_int_equal(keepers(&pid), 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(sock); i++)
		close(sock[i]);
	end_all();
}

static void replaced(void **state)
{
	struct rlimit few;
	pid_t first = 0, second = 0;

	(void)state;
	give();
	assert_int_equal(keepers(&first), 1);
	/* The first keeper can take no more. Another one is started, and the first holds what it has. */
	few.rlim_cur = few.rlim_max = 5;
	assert_int_equal(prlimit(first, RLIMIT_NOFILE, &few, NULL), 0);
	give();
	assert_int_equal(keepers(&second), 2);
	holds(first, 1);
	holds(second, 1);
	/* The keeper has ended, and its socket's file is still there. */
	end_all();
	give();
	assert_int_equal(keepers(&second), 1);
	end_all();
}

static void nowhere(void **state)
{
	char name[128];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(evtchn_keeper_give(name, STDERR_FILENO), -ENAMETOOLONG);
	assert_int_equal(evtchn_keeper_give("/nowhere", STDERR_FILENO), -ENOENT);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_for_all), cmocka_unit_test(not_taken), cmocka_unit_test(of_another_user),
		cmocka_unit_test(silent), cmocka_unit_test(replaced), cmocka_unit_test(nowhere),
	};
	char path[64];
	int failed;

	if (argc == 2 && strcmp(argv[1], EVTCHN_KEEPER_ARG) == 0)
		evtchn_keeper_main();
	if (!mkdtemp(dir))
		return 1;
	failed = RUN_TESTS(tests);
	snprintf(path, sizeof(path), "%s/keeper", dir);
	unlink(path);
	rmdir(dir);
	return failed;
}
