/* SPDX-License-Identifier: MIT */
/* agent.c - the guest's end: runs what dom0 asks for */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"
#include "xs.h"

#define AGENT_JOBS 64

struct agent_job {
	pid_t pid;		/* 0: free */
	char seq[64];
};

static struct agent_job agent_job[AGENT_JOBS];

/* Writes a line to the console, which is what is left when the guest dies. */
__attribute__((format(printf, 1, 2))) static void agent_say(const char *format, ...)
{
	int fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	va_list args;

	va_start(args, format);
	if (fd >= 0) {
		vdprintf(fd, format, args);
		close(fd);
	}
	va_end(args);
}

static void agent_out_name(char name[96], const char *seq)
{
	snprintf(name, 96, "/tmp/out.%s", seq);
}

_Noreturn static void agent_exec(const char *seq, const char *command)
{
	char name[96], text[XENSTORE_PAYLOAD_MAX + 32];
	sigset_t none;
	int in = open("/dev/null", O_RDONLY), out;

	agent_out_name(name, seq);
	out = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	close_range(3, ~0u, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	snprintf(text, sizeof(text), ". /lab/lib.sh; %s", command);
	execl("/bin/bash", "bash", "-c", text, (char *)NULL);
	_exit(127);
}

/* Takes a command away and starts it. */
static void agent_start(struct xs *s, const char *seq)
{
	char path[128], command[XENSTORE_PAYLOAD_MAX + 1];
	struct agent_job *j = agent_job;

	if (strlen(seq) >= sizeof(j->seq))
		return;
	snprintf(path, sizeof(path), "data/lab/cmd/%.63s", seq);
	if (xs_read(s, path, command, sizeof(command)) < 0 || xs_remove(s, path) < 0)
		return;
	agent_say("lab: [%s] %s\n", seq, command);
	while (j < agent_job + AGENT_JOBS && j->pid)
		j++;
	if (j == agent_job + AGENT_JOBS) {
		agent_say("lab: [%s] too many commands\n", seq);
		return;
	}
	strcpy(j->seq, seq);
	j->pid = fork();
	if (j->pid == 0)
		agent_exec(seq, command);
	if (j->pid < 0)
		j->pid = 0;
}

/* Starts all commands that are there. */
static void agent_look(struct xs *s)
{
	char names[XENSTORE_PAYLOAD_MAX + 1];
	ssize_t len = xs_list(s, "data/lab/cmd", names, sizeof(names));

	if (len == -ENOENT) {
		xs_write(s, "data/lab/ready", "1", 1);
		return;
	}
	for (char *name = names; len > 0 && name < names + len; name += strlen(name) + 1)
		agent_start(s, name);
}

/* Writes what a command printed and its status, and shows the end of it if it failed. */
static void agent_answer(struct xs *s, const char *seq, int status)
{
	char name[96], path[128], text[AGENT_CHUNK + 32];
	static char out[AGENT_CHUNK * (AGENT_CHUNKS_MAX + 1)];
	int fd, chunks, head;
	ssize_t n, len = 0;

	agent_out_name(name, seq);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read(fd, out + len, sizeof(out) - (size_t)len)) > 0)
		len += n;
	if (fd >= 0)
		close(fd);
	unlink(name);
	agent_say("lab: [%s] status %d\n", seq, status);
	if (status)
		agent_say("%.*s", (int)(len > 2000 ? 2000 : len), out + (len > 2000 ? len - 2000 : 0));
	chunks = (int)((len + AGENT_CHUNK - 1) / AGENT_CHUNK) - 1;
	for (int i = 1; i <= chunks; i++) {
		size_t from = (size_t)i * AGENT_CHUNK, part = (size_t)len - from;

		snprintf(path, sizeof(path), "data/lab/r/%s/%d", seq, i);
		xs_write(s, path, out + from, part < AGENT_CHUNK ? part : AGENT_CHUNK);
	}
	head = snprintf(text, sizeof(text), "%d %d ", status, chunks < 0 ? 0 : chunks);
	n = len < AGENT_CHUNK ? len : AGENT_CHUNK;
	memcpy(text + head, out, (size_t)n);
	snprintf(path, sizeof(path), "data/lab/r/%s", seq);
	xs_write(s, path, text, (size_t)(head + n));
}

/* Reaps all that has ended: this is the guest's first program, which gets the orphans too. */
static void agent_reap(struct xs *s)
{
	pid_t pid;
	int w;

	while ((pid = waitpid(-1, &w, WNOHANG)) > 0)
		for (struct agent_job *j = agent_job; j < agent_job + AGENT_JOBS; j++)
			if (j->pid == pid) {
				agent_answer(s, j->seq, WIFEXITED(w) ? WEXITSTATUS(w) : 128 + WTERMSIG(w));
				j->pid = 0;
			}
}

int agent_main(void)
{
	static struct xs s;
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	struct signalfd_siginfo info;
	sigset_t chld;
	int err = xs_open(&s);

	if (!err)
		err = xs_watch(&s, "data/lab/cmd");
	if (err) {
		agent_say("lab: no xenstore: %s\n", strerror(-err));
		return 1;
	}
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	p[0].fd = s.fd;
	p[1].fd = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	for (;;) {
		/* An event may have come with an answer. */
		if (s.events == 0)
			poll(p, 2, -1);
		if (xs_wait(&s, 0) > 0)
			agent_look(&s);
		while (read(p[1].fd, &info, sizeof(info)) > 0)
			;
		agent_reap(&s);
	}
}
