/* SPDX-License-Identifier: MIT */
/* Fault rules: from the command's words into the table that the libraries read. */
#include "host.h"

#include "util.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

const char *option(const char *arg, const char *key)
{
	size_t len = strlen(key);

	if (!strncmp(arg, "--", 2))
		arg += 2;
	return !strncmp(arg, key, len) && arg[len] == '=' ? arg + len + 1 : NULL;
}

static int word(const char *s, const char *const *list, uint32_t *out)
{
	uint32_t i;

	for (i = 0; list[i]; i++) {
		if (strcmp(s, list[i]))
			continue;
		*out = i;
		return 1;
	}
	return 0;
}

static int number(const char *arg, const char *key, uint32_t *out)
{
	const char *v = option(arg, key);
	char *end;

	if (!v || !*v)
		return 0;
	*out = (uint32_t)strtol(v, &end, 0);
	return !*end;
}

static const char *const ops[] = { "", "map", "copy", "notify", "share", "bind", "unmap", "unshare", "unbind", "wake", "store", "read", NULL };
static const char *const whats[] = { "fail", "delay", "drop", "kill", "freeze", "partial", NULL };

static int parse_one(struct xsim_fault *f, const char *arg)
{
	static const char *const wheres[] = { "all", "first", "middle", "last", NULL };
	uint32_t status;

	if (*arg && word(arg, ops, &f->op))
		return 1;
	if (word(arg, whats, &f->what) || word(arg, wheres, &f->where))
		return 1;
	if (number(arg, "every", &f->n) && f->n) {
		f->where = XSIM_AT_EVERY;
		return 1;
	}
	if (number(arg, "random", &f->n)) {
		f->where = XSIM_AT_RANDOM;
		return 1;
	}
	if (number(arg, "status", &status)) {
		f->status = (int32_t)status;
		return 1;
	}
	return number(arg, "seed", &f->seed) || number(arg, "times", &f->times) || number(arg, "after", &f->after) || number(arg, "ms", &f->ms);
}

/* A write to the xenstore that a rule is about. */
struct wanted {
	const char *path;
	const char *value;
};

/* What cannot be at that operation would be a rule that does nothing. */
static int sensible(const struct xsim_fault *f)
{
	switch ((enum xsim_fault_what)f->what) {
	case XSIM_DO_FAIL:
		return f->op < XSIM_ON_UNMAP || f->op == XSIM_ON_READ;
	case XSIM_DO_DELAY:
		return f->op < XSIM_ON_UNMAP && f->ms;
	case XSIM_DO_DROP:
		return f->op == XSIM_ON_NOTIFY;
	case XSIM_DO_PARTIAL:
		return f->op == XSIM_ON_COPY;
	case XSIM_DO_KILL:
	case XSIM_DO_STOP:
		return f->op != XSIM_ON_READ;
	}
	return 0;
}

static int parse(struct xsim_fault *f, struct wanted *pt, char **words, int n, char **why)
{
	int i;

	for (i = 0; i < n; i++) {
		const char *path = option(words[i], "path");
		const char *value = option(words[i], "value");

		if (path && *path)
			pt->path = path;
		else if (value)
			pt->value = value;
		else if (!parse_one(f, words[i])) {
			*why = xprintf("fault: \"%s\" not understood", words[i]);
			return -1;
		}
	}
	if (!f->op)
		*why = xprintf("fault: which operation? map, copy, notify, share, bind, unmap, unshare, unbind, wake, store, read");
	else if (!sensible(f))
		*why = xprintf("fault: %s cannot %s%s", ops[f->op], whats[f->what], f->what == XSIM_DO_DELAY && !f->ms ? " without ms=" : "");
	else if ((f->op >= XSIM_ON_STORE) != (pt->path != NULL))
		*why = xprintf("fault: path= belongs to store and read, and they need it");
	else
		return 0;
	return -1;
}

int fault_add(struct dom *d, char **words, int n, char **why)
{
	uint32_t nr = atomic_load(&d->gnt->nr_faults);
	struct xsim_fault f = { .seed = 1 };
	struct wanted pt = { 0 };

	if (parse(&f, &pt, words, n, why) < 0)
		return -1;
	if (nr == XSIM_MAX_FAULTS) {
		*why = xprintf("fault: no more than %u rules in a domain", XSIM_MAX_FAULTS);
		return -1;
	}
	free(d->point[nr].path);
	free(d->point[nr].value);
	d->point[nr].path = pt.path ? xprintf("%s", pt.path) : NULL;
	d->point[nr].value = pt.value ? xprintf("%s", pt.value) : NULL;
	d->point[nr].seen = 0;
	atomic_fetch_add(&d->gnt->fault_seq, 1);
	d->gnt->fault[nr] = f;
	atomic_store(&d->gnt->nr_faults, nr + 1);
	atomic_fetch_add(&d->gnt->fault_seq, 1);
	return 0;
}

void fault_clear(struct dom *d)
{
	d->nr_clears++;
	atomic_fetch_add(&d->gnt->fault_seq, 1);
	atomic_store(&d->gnt->nr_faults, 0);
	atomic_fetch_add(&d->gnt->fault_seq, 1);
}

static int ends_with(const char *path, const char *end)
{
	size_t len = strlen(path);
	size_t n = strlen(end);

	return len >= n && !strcmp(path + len - n, end);
}

/* Whether the rule is for this path, and it is its turn; counts it. */
static int hits(const struct xsim_fault *f, struct point *pt, uint32_t op, const char *path)
{
	if (f->op != op || !ends_with(path, pt->path))
		return 0;
	pt->seen++;
	return pt->seen > f->after && (!f->times || pt->seen <= f->after + f->times);
}

int fault_read(uint32_t domid, const char *path)
{
	struct dom *d = dom_find(domid);
	uint32_t nr = d ? atomic_load(&d->gnt->nr_faults) : 0;
	uint32_t i;

	for (i = 0; i < nr; i++)
		if (hits(&d->gnt->fault[i], &d->point[i], XSIM_ON_READ, path))
			return d->gnt->fault[i].status ? d->gnt->fault[i].status : EIO;
	return 0;
}

void fault_store(uint32_t domid, const char *path, const char *value, size_t len)
{
	struct dom *d = dom_find(domid);
	uint32_t nr = d ? atomic_load(&d->gnt->nr_faults) : 0;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		const struct xsim_fault *f = &d->gnt->fault[i];
		struct point *pt = &d->point[i];

		if (pt->value && (len != strlen(pt->value) || memcmp(pt->value, value, len) != 0))
			continue;
		if (hits(f, pt, XSIM_ON_STORE, path))
			procs_signal(d->dir, f->what == XSIM_DO_KILL ? SIGKILL : SIGSTOP);
	}
}
