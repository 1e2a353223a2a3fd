/* SPDX-License-Identifier: MIT */
/* reason.c - fills and prints a struct reason */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "reason.h"

int reason_fail(struct reason *r, const char *what, enum errtext_of of, int err)
{
	if (err)
		*r = (struct reason){ .what = what, .of = of, .err = err };
	return err;
}

void reason_about(struct reason *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->about, sizeof(r->about), fmt, ap);
	va_end(ap);
}

void reason_key(struct reason *r, const char *whose, const char *key, int err)
{
	*r = (struct reason){ .what = whose };
	reason_about(r, "%s is %s", key, err == -ENOENT ? "missing" : "not acceptable");
}

void reason_print(char *text, size_t len, const struct reason *r)
{
	snprintf(text, len, "%s%s%s%s%s", r->what, *r->what && *r->about ? " " : "", r->about, r->err ? ": " : "",
		 r->err ? errtext(r->of, r->err) : "");
}
