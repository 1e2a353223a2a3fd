/* SPDX-License-Identifier: MIT */
/* Fault rules: from the command's words into the table that the libraries read. */
#include "host.h"

#include "util.h"

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

static int parse_one(struct xsim_fault *f, const char *arg)
{
	static const char *const ops[] = { "", "map", "copy", "notify", "share", NULL };
	static const char *const whats[] = { "fail", "delay", "drop", "kill", "freeze", NULL };
	static const char *const wheres[] = { "all", "first", "middle", "last", NULL };
	uint32_t status;

	if (*arg && word(arg, ops, &f->op))
		return 1;
	if (word(arg, whats, &f->what) || word(arg, wheres, &f->where))
		return 1;
	if (number(arg, "every", &f->n)) {
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

int fault_add(struct dom *d, char **words, int n, char **why)
{
	uint32_t nr = atomic_load(&d->gnt->nr_faults);
	struct xsim_fault f = { .seed = 1 };
	int i;

	for (i = 0; i < n; i++) {
		if (parse_one(&f, words[i]))
			continue;
		*why = xprintf("fault: \"%s\" not understood", words[i]);
		return -1;
	}
	if (!f.op) {
		*why = xprintf("fault: one of map, copy, notify, share is needed");
		return -1;
	}
	if (nr == XSIM_MAX_FAULTS) {
		*why = xprintf("fault: no more than %u rules in a domain", XSIM_MAX_FAULTS);
		return -1;
	}
	atomic_fetch_add(&d->gnt->fault_seq, 1);
	d->gnt->fault[nr] = f;
	atomic_store(&d->gnt->nr_faults, nr + 1);
	atomic_fetch_add(&d->gnt->fault_seq, 1);
	return 0;
}

void fault_clear(struct dom *d)
{
	atomic_fetch_add(&d->gnt->fault_seq, 1);
	atomic_store(&d->gnt->nr_faults, 0);
	atomic_fetch_add(&d->gnt->fault_seq, 1);
}
