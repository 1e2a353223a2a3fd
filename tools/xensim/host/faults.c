/* SPDX-License-Identifier: MIT */
/* faults.c - parses fault rules and applies those of the xenstore */
#include "faults.h"

#include "procs.h"
#include "tools/xensim/base/util.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static int faults_word(const char *s, const char *const *list, uint32_t *out)
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

static int faults_number(const char *arg, const char *key, uint32_t *out)
{
	const char *v = option(arg, key);
	char *end;

	if (!v || !*v)
		return 0;
	*out = (uint32_t)strtol(v, &end, 0);
	return !*end;
}

static const char *const faults_ops[] = { "", "map", "copy", "notify", "share", "bind", "unmap", "unshare", "unbind", "wake", "store", "read", NULL };
static const char *const faults_whats[] = { "fail", "delay", "drop", "kill", "freeze", "partial", NULL };

static int faults_parse_word(struct xsim_fault *f, const char *arg)
{
	static const char *const wheres[] = { "all", "first", "middle", "last", NULL };
	uint32_t status;

	if (*arg && faults_word(arg, faults_ops, &f->op))
		return 1;
	if (faults_word(arg, faults_whats, &f->what) || faults_word(arg, wheres, &f->where))
		return 1;
	if (faults_number(arg, "every", &f->n) && f->n) {
		f->where = XSIM_AT_EVERY;
		return 1;
	}
	if (faults_number(arg, "random", &f->n)) {
		f->where = XSIM_AT_RANDOM;
		return 1;
	}
	if (faults_number(arg, "status", &status)) {
		f->status = (int32_t)status;
		return 1;
	}
	return faults_number(arg, "seed", &f->seed) || faults_number(arg, "times", &f->times) || faults_number(arg, "after", &f->after) || faults_number(arg, "ms", &f->ms);
}

/* The accesses to the xenstore that a rule is for. */
struct faults_store {
	const char *path;
	const char *value;
};

/* Returns whether the fault can happen at that operation; else the rule would do nothing. */
static int faults_possible(const struct xsim_fault *f)
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
		return 1;
	}
	return 0;
}

static int faults_parse(struct xsim_fault *f, struct faults_store *st, char **words, int n, char **why)
{
	int i;

	for (i = 0; i < n; i++) {
		const char *path = option(words[i], "path");
		const char *value = option(words[i], "value");

		if (path && *path)
			st->path = path;
		else if (value)
			st->value = value;
		else if (!faults_parse_word(f, words[i])) {
			*why = xprintf("fault: \"%s\" not understood", words[i]);
			return -1;
		}
	}
	if (!f->op)
		*why = xprintf("fault: which operation? map, copy, notify, share, bind, unmap, unshare, unbind, wake, store, read");
	else if (!faults_possible(f))
		*why = xprintf("fault: %s cannot %s%s", faults_ops[f->op], faults_whats[f->what], f->what == XSIM_DO_DELAY && !f->ms ? " without ms=" : "");
	else if ((f->op >= XSIM_ON_STORE) != (st->path != NULL))
		*why = xprintf("fault: path= belongs to store and read, and they need it");
	else
		return 0;
	return -1;
}

int faults_add(struct dom *d, char **words, int n, char **why)
{
	uint32_t nr = atomic_load(&d->gnt->nr_faults);
	struct xsim_fault f = { .seed = 1 };
	struct faults_store st = { 0 };

	if (faults_parse(&f, &st, words, n, why) < 0)
		return -1;
	if (nr == XSIM_MAX_FAULTS) {
		*why = xprintf("fault: no more than %u rules in a domain", XSIM_MAX_FAULTS);
		return -1;
	}
	free(d->fault_point[nr].path);
	free(d->fault_point[nr].value);
	d->fault_point[nr].path = st.path ? xprintf("%s", st.path) : NULL;
	d->fault_point[nr].value = st.value ? xprintf("%s", st.value) : NULL;
	d->fault_point[nr].seen = 0;
	atomic_fetch_add(&d->gnt->fault_seq, 1);
	d->gnt->fault[nr] = f;
	atomic_store(&d->gnt->nr_faults, nr + 1);
	atomic_fetch_add(&d->gnt->fault_seq, 1);
	return 0;
}

void faults_clear(struct dom *d)
{
	d->nr_clears++;
	atomic_fetch_add(&d->gnt->fault_seq, 1);
	atomic_store(&d->gnt->nr_faults, 0);
	atomic_fetch_add(&d->gnt->fault_seq, 1);
}

static int faults_path_ends(const char *path, const char *end)
{
	size_t len = strlen(path);
	size_t n = strlen(end);

	return len >= n && !strcmp(path + len - n, end);
}

/* Counts an access and returns whether the rule strikes it. */
static int faults_hit(const struct xsim_fault *f, struct fault_point *pt, uint32_t op, const char *path)
{
	if (f->op != op || !faults_path_ends(path, pt->path))
		return 0;
	pt->seen++;
	return pt->seen > f->after && (!f->times || pt->seen <= f->after + f->times);
}

static int faults_signal_of(const struct xsim_fault *f)
{
	return f->what == XSIM_DO_KILL ? SIGKILL : SIGSTOP;
}

int faults_on_read(uint32_t domid, const char *path)
{
	struct dom *d = dom_find(domid);
	uint32_t nr = d ? atomic_load(&d->gnt->nr_faults) : 0;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		const struct xsim_fault *f = &d->gnt->fault[i];

		if (!faults_hit(f, &d->fault_point[i], XSIM_ON_READ, path))
			continue;
		if (f->what == XSIM_DO_FAIL)
			return f->status ? f->status : EIO;
		procs_signal(d->dir, faults_signal_of(f));
	}
	return 0;
}

void faults_on_write(uint32_t domid, const char *path, const char *value, size_t len)
{
	struct dom *d = dom_find(domid);
	uint32_t nr = d ? atomic_load(&d->gnt->nr_faults) : 0;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		const struct xsim_fault *f = &d->gnt->fault[i];
		struct fault_point *pt = &d->fault_point[i];

		if (pt->value && (len != strlen(pt->value) || memcmp(pt->value, value, len) != 0))
			continue;
		if (faults_hit(f, pt, XSIM_ON_STORE, path))
			procs_signal(d->dir, faults_signal_of(f));
	}
}
