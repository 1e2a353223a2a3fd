/* SPDX-License-Identifier: MIT */
/* A domain's birth and end: memory files, sockets, directory. */
#include "dom.h"

#include "../store/store.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct dom *doms;

struct dom *dom_find(uint32_t id)
{
	struct dom *d;

	for (d = doms; d; d = d->next)
		if (d->id == id)
			return d;
	return NULL;
}

struct dom *dom_named(const char *name)
{
	struct dom *d;
	char *end;
	unsigned long id = strtoul(name, &end, 10);

	for (d = doms; d; d = d->next)
		if (!strcmp(d->name, name))
			return d;
	return *name && !*end ? dom_find((uint32_t)id) : NULL;
}

static void *memory_file(const char *name, size_t len, int *fd)
{
	void *p;

	*fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0 || ftruncate(*fd, (off_t)len) < 0)
		return NULL;
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

static int dom_memory(struct dom *d, const struct dom_options *opt)
{
	uint32_t i;

	d->gnt = memory_file("xensim-grants", XSIM_GNT_BYTES, &d->gnt_fd);
	d->evt = memory_file("xensim-events", sizeof(*d->evt), &d->evt_fd);
	d->pages_map = memory_file("xensim-pages", (size_t)XSIM_NR_PAGES * XSIM_PAGE, &d->pages_fd);
	if (!d->gnt || !d->evt || !d->pages_map)
		return -1;
	/* The host has its mapping; every later one can only read. */
	if (fcntl(d->gnt_fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		return -1;
	d->gnt->magic = d->evt->magic = XSIM_MAGIC;
	d->gnt->nr_refs = opt->max_refs;
	atomic_init(&d->gnt->domid, d->id);
	for (i = 0; i < XSIM_NR_PORTS; i++)
		atomic_init(&d->evt->word[i], XSIM_EV_MASKED);
	d->max_pages = opt->max_pages;
	d->next_ref = DOM_FIRST_REF;
	d->pages = xalloc(XSIM_NR_PAGES * sizeof(*d->pages));
	return 0;
}

static void xen_ready(struct source *s, uint32_t events)
{
	struct dom_listener *l = (struct dom_listener *)s;
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0)
		handle_new(l->dom, fd);
}

static void store_ready(struct source *s, uint32_t events)
{
	struct dom_listener *l = (struct dom_listener *)s;
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0)
		store_connect(fd, l->dom->id);
}

static struct dom_listener *dom_listen(struct dom *d, const char *name, int type, void (*ready)(struct source *, uint32_t))
{
	struct dom_listener *l = xalloc(sizeof(*l));
	char *path = xprintf("%s/%s", d->dir, name);

	l->dom = d;
	l->src.ready = ready;
	l->src.fd = listen_at(path, type);
	free(path);
	if (l->src.fd >= 0 && loop_add(&l->src, EPOLLIN) == 0)
		return l;
	if (l->src.fd >= 0)
		close(l->src.fd);
	free(l);
	return NULL;
}

int dom_store_open(struct dom *d)
{
	char *path = xprintf("%s/xenstored.sock", d->dir);

	unlink(path); /* of one that died */
	free(path);
	d->store = dom_listen(d, "xenstored.sock", SOCK_STREAM, store_ready);
	return d->store ? 0 : -1;
}

void dom_store_close(struct dom *d)
{
	if (d->store)
		loop_drop(&d->store->src);
	d->store = NULL;
}

void dom_store_pause(struct dom *d)
{
	loop_pause(&d->store->src);
}

void dom_store_go_on(struct dom *d)
{
	loop_add(&d->store->src, EPOLLIN);
}

static void dom_free(struct dom *d)
{
	int err = errno;
	uint32_t i;

	for (i = 0; i < XSIM_MAX_FAULTS; i++) {
		free(d->point[i].path);
		free(d->point[i].value);
	}
	if (d->xen)
		loop_drop(&d->xen->src);
	dom_store_close(d);
	if (d->gnt)
		munmap(d->gnt, XSIM_GNT_BYTES);
	if (d->evt)
		munmap(d->evt, sizeof(*d->evt));
	if (d->pages_map)
		munmap(d->pages_map, (size_t)XSIM_NR_PAGES * XSIM_PAGE);
	if (d->gnt_fd >= 0)
		close(d->gnt_fd);
	if (d->evt_fd >= 0)
		close(d->evt_fd);
	if (d->pages_fd >= 0)
		close(d->pages_fd);
	remove_tree(d->dir);
	free(d->pages);
	free(d->dir);
	free(d->name);
	free(d->netns);
	free(d);
	errno = err;
}

static void dom_link(struct dom *d)
{
	struct dom **p;

	for (p = &doms; *p && (*p)->id < d->id; p = &(*p)->next)
		;
	d->next = *p;
	*p = d;
}

static void dom_unlink(struct dom *d)
{
	struct dom **p;

	for (p = &doms; *p != d; p = &(*p)->next)
		;
	*p = d->next;
}

struct dom *dom_create(const char *state_dir, uint32_t id, const char *name, const struct dom_options *opt)
{
	struct dom *d = xalloc(sizeof(*d));

	d->id = id;
	d->gnt_fd = d->evt_fd = d->pages_fd = -1;
	d->name = xprintf("%s", name);
	d->dir = xprintf("%s/dom/%u", state_dir, id);
	if (mkdir(d->dir, 0755) < 0 || dom_memory(d, opt) < 0)
		goto fail;
	d->xen = dom_listen(d, "xen.sock", SOCK_SEQPACKET, xen_ready);
	if (!d->xen || dom_store_open(d) < 0)
		goto fail;
	dom_link(d);
	return d;
fail:
	dom_free(d);
	return NULL;
}

void dom_rename(struct dom *d, uint32_t id)
{
	struct handle *h;

	for (h = d->handles; h; h = h->next) {
		events_close_all(h);
		grants_forget(h);
	}
	grants_follow(d->id, id);
	dom_unlink(d);
	d->id = id;
	atomic_store(&d->gnt->domid, id);
	dom_link(d);
}

void dom_destroy(struct dom *d)
{
	atomic_store(&d->gnt->dead, 1);
	atomic_store(&d->evt->dead, 1);
	while (d->handles)
		handle_end(d->handles);
	store_domain_gone(d->id);
	dom_unlink(d);
	dom_free(d);
}
