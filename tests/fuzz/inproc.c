/* SPDX-License-Identifier: MIT */
/* inproc.c - calls the request handler of xensim's host from the libraries' client, and stands for the
 * host's loop */
#include "inproc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/xensim/base/util.h"
#include "tools/xensim/host/handle.h"
#include "tools/xensim/lib/client.h"
#include "tools/xensim/lib/fault.h"

int (*inproc_fault)(int map, uint32_t i, uint32_t n);

static uint32_t acting;

/* --- stands for the host's loop.c -------------------------------------------- */

int loop_add(struct source *s, uint32_t events)
{
	(void)s;
	(void)events;
	return 0;
}

void loop_drop(struct source *s)
{
	close(s->fd);
	free(s);
}

void loop_after(uint32_t ms, void (*fn)(void *arg), void *arg)
{
	(void)ms;
	fn(arg);
}

void inproc_start(unsigned int n)
{
	struct dom_options opt = { .max_pages = 4096, .max_refs = 4096 };
	char dir[] = "/tmp/netpair-fuzz.XXXXXX", path[64];

	if (!mkdtemp(dir))
		die("mkdtemp");
	snprintf(path, sizeof(path), "%s/dom", dir);
	if (mkdir(path, 0700) < 0)
		die("mkdir");
	for (uint32_t i = 0; i < n; i++)
		if (!dom_create(dir, i, "fuzz", &opt))
			die("dom_create");
	remove_tree(dir);
}

void inproc_act(uint32_t domid)
{
	acting = domid;
}

/* --- stands for the libraries' client.c ------------------------------------ */

static struct handle *handle_of(const struct client *c)
{
	for (struct dom *d = doms; d; d = d->next)
		for (struct handle *h = d->handles; h; h = h->next)
			if (h->src.fd == c->sock)
				return h;
	return NULL;
}

int client_call(struct client *c, const struct xsim_req *req, size_t len, struct xsim_rep *rep, size_t replen, int *fds)
{
	int own[HANDLE_FDS] = { -1, -1, -1 };

	memset(rep, 0, replen);
	rep->err = handle_serve(handle_of(c), req, len, rep, own);
	for (int i = 0; fds && i < CLIENT_FDS; i++)
		fds[i] = -1;
	if (rep->err) {
		errno = rep->err;
		return -1;
	}
	for (int i = 0; fds && i < HANDLE_FDS && own[i] >= 0; i++)
		fds[i] = fcntl(own[i], F_DUPFD_CLOEXEC, 0);
	return 0;
}

int client_open(struct client *c, enum xsim_kind kind, struct xentoollog_logger *log, int fds[CLIENT_FDS], const char *name)
{
	struct xsim_req req = { .op = XSIM_HELLO, .arg = { kind, 0 } };
	struct xsim_rep rep;

	(void)log;
	(void)name;
	memset(c, 0, sizeof(*c));
	pthread_mutex_init(&c->lock, NULL);
	c->sock = eventfd(0, EFD_CLOEXEC);
	handle_new(dom_find(acting), c->sock);
	if (client_call(c, &req, sizeof(req), &rep, sizeof(rep), fds) < 0)
		return -1;
	c->gnt = client_map(fds[0], XSIM_GNT_BYTES, PROT_READ);
	close(fds[0]);
	return 0;
}

void client_close(struct client *c)
{
	handle_end(handle_of(c));
	munmap((void *)(uintptr_t)c->gnt, XSIM_GNT_BYTES);
	pthread_mutex_destroy(&c->lock);
}

uint32_t client_domid(const struct client *c)
{
	return atomic_load_explicit(&c->gnt->domid, memory_order_relaxed);
}

bool client_lost(const struct client *c)
{
	(void)c;
	return false;
}

void client_error(const struct client *c, const char *what)
{
	(void)c;
	(void)what;
}

void *client_map(int fd, size_t len, int prot)
{
	void *p = mmap(NULL, len, prot, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

const struct xsim_fault *client_fault(struct client *c, enum xsim_fault_op op, uint32_t i, uint32_t n)
{
	static struct xsim_fault fault = { .what = XSIM_DO_FAIL };

	(void)c;
	if (!inproc_fault || op != XSIM_ON_COPY)
		return NULL;
	fault.status = inproc_fault(0, i, n);
	return fault.status ? &fault : NULL;
}

int client_fault_errno(struct client *c, enum xsim_fault_op op, uint32_t i, uint32_t n, int fallback)
{
	(void)c;
	(void)fallback;
	return inproc_fault && op == XSIM_ON_MAP ? inproc_fault(1, i, n) : 0;
}
