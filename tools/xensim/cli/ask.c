/* SPDX-License-Identifier: MIT */
/* ask.c - sends a request to the host and receives its answer */
#include "ask.h"

#include "tools/xensim/base/util.h"
#include "tools/xensim/host/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ASK_MAX 65536u

static const char *ask_host_dir;

void ask_set_dir(const char *dir)
{
	char cwd[4096];

	if (*dir == '/')
		ask_host_dir = dir;
	else if (getcwd(cwd, sizeof(cwd)))
		ask_host_dir = xprintf("%s/%s", cwd, dir);
	else
		die("the current directory");
	if (strlen(ask_host_dir) > 64)
		fail("%s: too long for the path of a socket (64)", ask_host_dir);
}

const char *ask_dir(void)
{
	return ask_host_dir;
}

static int ask_connect(void)
{
	char *path = xprintf("%s/ctl.sock", ask_host_dir);
	int fd = connect_to(path, SOCK_SEQPACKET);

	free(path);
	return fd;
}

/* Sends a request. Returns what send() does. */
static ssize_t ask_send(int fd, char **words, int n)
{
	size_t room = 1;
	ssize_t sent;
	char *buf;
	char *p;
	int i;

	for (i = 0; i < n; i++)
		room += strlen(words[i]) + 1;
	buf = p = xalloc(room);
	for (i = 0; i < n; i++)
		p = stpcpy(p, words[i]) + 1;
	sent = send(fd, buf, (size_t)(p - buf), MSG_NOSIGNAL);
	free(buf);
	return sent;
}

char *ask_host(char **words, int n)
{
	int fd = ask_connect();
	char *in = xalloc(ASK_MAX + 1);
	char *text;

	if (fd < 0)
		fail("no host runs in %s", ask_host_dir);
	errno = 0;
	if (ask_send(fd, words, n) < 0 || recv(fd, in, ASK_MAX, 0) < 1)
		fail("the host in %s %s", ask_host_dir, errno == EAGAIN ? "does not answer" : "has gone");
	if (*in != '0')
		fail("%s", in + 1);
	close(fd);
	text = xprintf("%s", in + 1);
	free(in);
	return text;
}

void ask_on_domain(const char *word, const char *domain)
{
	char *words[] = { xprintf("%s", word), xprintf("%s", domain) };

	free(ask_host(words, 2));
	free(words[0]);
	free(words[1]);
}

void ask_lookup(const char *name, struct ask_dom *d)
{
	char *words[] = { xprintf("lookup"), xprintf("%s", name) };
	char *text = ask_host(words, 2);

	if (sscanf(text, "%u %63s %255s %127s", &d->id, d->name, d->dir, d->netns) != 4)
		fail("the host's answer is not understood");
	if (!strcmp(d->netns, "-"))
		d->netns[0] = '\0';
	free(text);
	free(words[0]);
	free(words[1]);
}

int ask_stop(void)
{
	char stop[] = "stop";
	char *words[] = { stop };
	int fd = ask_connect();
	int dying = fd >= 0 || errno == ECONNREFUSED; /* a killed host may close its socket before its lock */
	ssize_t n = 1;
	char byte;

	/* The host hangs up when it ends; it may also have been killed just now. */
	if (fd >= 0 && ask_send(fd, words, 1) > 0)
		while (n > 0)
			n = recv(fd, &byte, 1, 0);
	if (n < 0 && errno == EAGAIN)
		dying = 0;
	if (state_clear(ask_host_dir, dying) == 0 || (dying && errno == ENOENT))
		return 0;
	if (errno == EWOULDBLOCK)
		fail("the host in %s does not answer", ask_host_dir);
	return -1;
}
