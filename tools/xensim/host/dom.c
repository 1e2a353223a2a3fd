/* SPDX-License-Identifier: MIT */
/* dom.c - makes and removes the memory of domains */
#include "dom.h"

#include "tools/xensim/base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

static void *dom_memory_file(const char *name, size_t len, int *fd)
{
	void *p;

	*fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0 || ftruncate(*fd, (off_t)len) < 0)
		return NULL;
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

static int dom_make_memory(struct dom *d, const struct dom_options *opt)
{
	uint32_t i;

	d->gnt = dom_memory_file("xensim-grants", XSIM_GNT_BYTES, &d->gnt_fd);
	d->evt = dom_memory_file("xensim-events", sizeof(*d->evt), &d->evt_fd);
	d->pages_map = dom_memory_file("xensim-pages", (size_t)XSIM_NR_PAGES * XSIM_PAGE, &d->pages_fd);
	if (!d->gnt || !d->evt || !d->pages_map)
		return -1;
	/* The host keeps its mapping; each later one is read-only. */
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

static void dom_free(struct dom *d)
{
	int err = errno;
	uint32_t i;

	for (i = 0; i < XSIM_MAX_FAULTS; i++) {
		free(d->fault_point[i].path);
		free(d->fault_point[i].value);
	}
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
	if (mkdir(d->dir, 0755) < 0 || dom_make_memory(d, opt) < 0) {
		dom_free(d);
		return NULL;
	}
	dom_link(d);
	return d;
}

void dom_set_id(struct dom *d, uint32_t id)
{
	dom_unlink(d);
	d->id = id;
	atomic_store(&d->gnt->domid, id);
	dom_link(d);
}

void dom_mark_dead(struct dom *d)
{
	atomic_store(&d->gnt->dead, 1);
	atomic_store(&d->evt->dead, 1);
}

void dom_destroy(struct dom *d)
{
	dom_unlink(d);
	dom_free(d);
}
