/* SPDX-License-Identifier: MIT */
/* toolstack.c - creates, destroys, saves and restores domains */
#include "toolstack.h"

#include "dom_nodes.h"
#include "grants.h"
#include "handle.h"
#include "netns.h"
#include "procs.h"
#include "sockets.h"
#include "tools/xensim/base/util.h"
#include "tools/xensim/store/conn.h"
#include "tools/xensim/store/domain_ops.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *toolstack_dir;
static uint32_t toolstack_next_domid;

void toolstack_init(const char *state_dir)
{
	toolstack_dir = state_dir;
}

static char *toolstack_netns_name(const char *domain)
{
	const char *base = strrchr(toolstack_dir, '/');

	base = base ? base + 1 : toolstack_dir;
	if (!strncmp(base, "xensim", 6))
		return xprintf("%s-%s", base, domain);
	return xprintf("xensim-%s-%s", base, domain);
}

static int toolstack_note_netns(const struct dom *d)
{
	char *path = xprintf("%s/netns", d->dir);
	FILE *f = fopen(path, "we");
	int ok = f && fprintf(f, "%s\n", d->netns) > 0;

	if (f && fclose(f))
		ok = 0;
	free(path);
	return ok ? 0 : -1;
}

static int toolstack_add_netns(struct dom *d, char **why)
{
	d->netns = toolstack_netns_name(d->name);
	if (netns_add(d->netns) < 0) {
		*why = xprintf("network namespace %s: %s", d->netns, errno == EEXIST ? "exists already" : "cannot be made (root? iproute2?)");
		free(d->netns);
		d->netns = NULL;
		return -1;
	}
	if (toolstack_note_netns(d) == 0)
		return 0;
	*why = xprintf("%s: %s", d->dir, strerror(errno));
	return -1;
}

/* Gives the guest the uuid that it keeps when its id changes. */
static void toolstack_set_uuid(struct dom *d)
{
	FILE *f = fopen("/proc/sys/kernel/random/uuid", "re");

	if (!f || fscanf(f, "%36s", d->uuid) != 1)
		snprintf(d->uuid, sizeof(d->uuid), "00000000-0000-0000-0000-%012u", d->id);
	if (f)
		fclose(f);
}

static int toolstack_name_valid(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > 32 || (*name >= '0' && *name <= '9'))
		return 0;
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

/* Returns 0, or -1 and why there cannot be such a domain. */
static int toolstack_check(const char *name, const struct dom_options *opt, char **why)
{
	if (!toolstack_name_valid(name))
		*why = xprintf("domain name \"%s\": letters, digits, - and _, a letter first, at most 32", name);
	else if (dom_named(name))
		*why = xprintf("domain %s exists already", name);
	else if (opt->domid && dom_find(opt->domid))
		*why = xprintf("domain id %u is in use", opt->domid);
	else
		return 0;
	return -1;
}

/* Removes what a domain has in the host. */
static void toolstack_remove(struct dom *d)
{
	if (d->netns)
		netns_remove(d->netns);
	dom_mark_dead(d);
	handle_end_all(d);
	conn_end_domain(d->id);
	sockets_close(d);
	dom_destroy(d);
}

static struct dom *toolstack_make(const char *name, const struct dom_options *opt)
{
	struct dom *d = dom_create(toolstack_dir, opt->domid ? opt->domid : toolstack_next_domid, name, opt);
	int err;

	if (!d || sockets_open(d) == 0)
		return d;
	err = errno;
	toolstack_remove(d);
	errno = err;
	return NULL;
}

struct dom *toolstack_create(const char *name, unsigned int flags, const struct dom_options *opt, char **why)
{
	struct dom *d;

	if (toolstack_check(name, opt, why) < 0)
		return NULL;
	d = toolstack_make(name, opt);
	if (!d) {
		*why = xprintf("domain %s: %s", name, errno == ENOSYS ? "this kernel has no memory files (memfd_create)" : strerror(errno));
		return NULL;
	}
	if ((flags & TOOLSTACK_NETNS) && toolstack_add_netns(d, why) < 0) {
		toolstack_remove(d);
		return NULL;
	}
	if (d->id >= toolstack_next_domid)
		toolstack_next_domid = d->id + 1;
	toolstack_set_uuid(d);
	d->driver = (flags & TOOLSTACK_DRIVER) != 0;
	dom_nodes_make(d);
	domain_introduce(d->id);
	return d;
}

void toolstack_destroy(struct dom *d)
{
	uint32_t id = d->id;
	char uuid[sizeof(d->uuid)];

	memcpy(uuid, d->uuid, sizeof(uuid));
	procs_signal(d->dir, SIGKILL);
	toolstack_remove(d);
	dom_nodes_remove(id, uuid);
	domain_release(id);
}

void toolstack_restore(struct dom *d)
{
	uint32_t old = d->id;
	uint32_t id = toolstack_next_domid++;

	handle_forget_all(d);
	grants_follow(old, id);
	dom_set_id(d, id);
	conn_rename(old, id); /* before the nodes go: the guest must get no event of that */
	dom_nodes_remove(old, d->uuid);
	domain_release(old);
	dom_nodes_make(d);
	domain_introduce(id);
	conn_renew_watches(id);
}
