/* SPDX-License-Identifier: MIT */
/* check.h - what the tests of xensim include: checks, cases with a name, a count at the end, and the
 * choice of the domain to act as */
#ifndef XENSIM_CHECK_H
#define XENSIM_CHECK_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks_passed;
static int checks_failed;
static bool case_ok;

/* Fails the running case if cond_ does not hold, and prints where. */
#define CHECK(cond_)                                                                             \
	do {                                                                                     \
		if (!(cond_)) {                                                                  \
			printf("# %s:%d: %s (errno %d)\n", __FILE__, __LINE__, #cond_, errno); \
			case_ok = false;                                                         \
		}                                                                                \
	} while (0)

/* Runs a case, which is a function without arguments. */
#define CASE(fn_) run_case(#fn_, fn_)

static void run_case(const char *name, void (*fn)(void))
{
	case_ok = true;
	fn();
	printf("%s %s\n", case_ok ? "ok" : "not ok", name);
	if (case_ok)
		checks_passed++;
	else
		checks_failed++;
	fflush(stdout);
}

/* From now on the process opens handles and connections to the xenstore as domain id. */
static void be_domain(unsigned id)
{
	const char *dir = getenv("XENSIM_DIR");
	char buf[512];

	snprintf(buf, sizeof(buf), "%s/dom/%u", dir ? dir : "", id);
	setenv("XENSIM_DOM", buf, 1);
	snprintf(buf, sizeof(buf), "%s/dom/%u/xenstored.sock", dir ? dir : "", id);
	setenv("XENSTORED_PATH", buf, 1);
}

static int checks_done(void)
{
	printf("%d passed, %d failed, 0 skipped\n", checks_passed, checks_failed);
	return checks_failed ? 1 : 0;
}

#endif
