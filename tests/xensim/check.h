/* SPDX-License-Identifier: MIT */
/* The smallest test frame: named checks, a count at the end, domains to be. */
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

/** Fails the running case if @cond does not hold, and says where. */
#define CHECK(cond_)                                                                             \
	do {                                                                                     \
		if (!(cond_)) {                                                                  \
			printf("# %s:%d: %s (errno %d)\n", __FILE__, __LINE__, #cond_, errno); \
			case_ok = false;                                                         \
		}                                                                                \
	} while (0)

/** Run one case: a function without arguments. */
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

/** From now on handles and store connections are opened as domain @id. */
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
