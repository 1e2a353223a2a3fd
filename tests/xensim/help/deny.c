/* SPDX-License-Identifier: MIT */
/* deny SYSCALL... -- COMMAND...: runs a command for which these system calls fail with ENOSYS. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned int nr;
} known[] = {
	{ "memfd_create", SYS_memfd_create },
	{ "io_setup", SYS_io_setup },
	{ "unshare", SYS_unshare },
};

static int deny(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct sock_filter code[] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, known[i].nr, 0, 1),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		};
		struct sock_fprog prog = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

		if (!strcmp(name, known[i].name))
			return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
	}
	return -1;
}

int main(int argc, char **argv)
{
	int i;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (deny(argv[i]) < 0) {
			fprintf(stderr, "deny: %s\n", argv[i]);
			return 125;
		}
	}
	if (i + 1 < argc)
		execvp(argv[i + 1], argv + i + 1);
	return 126;
}
