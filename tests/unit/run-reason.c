/* SPDX-License-Identifier: MIT */
/* run-reason.c - a reason in words */
#include "unit.h"
#include "common/base/reason.c"

static char text[REASON_TEXT_MAX];

static const char *print(const struct reason *r)
{
	memset(text, 'x', sizeof(text));
	reason_print(text, sizeof(text), r);
	return text;
}

static void what_alone(void **state)
{
	(void)state;
	assert_string_equal(print(&(struct reason){ .what = "TAP lost" }), "TAP lost");
}

static void what_failed(void **state)
{
	struct reason r = { .what = "as before" };

	(void)state;
	assert_int_equal(reason_fail(&r, "cannot open device", ERRTEXT_TAP, 0), 0);
	assert_string_equal(print(&r), "as before");
	assert_int_equal(reason_fail(&r, "cannot open device", ERRTEXT_TAP, -EBADFD), -EBADFD);
	assert_string_equal(print(&r), "cannot open device: the device was deleted");
	reason_about(&r, "%s", "vif1.0");
	assert_string_equal(print(&r), "cannot open device vif1.0: the device was deleted");
	/* What another failure was about does not stay. */
	assert_int_equal(reason_fail(&r, "cannot map", ERRTEXT_XEN, -EINVAL), -EINVAL);
	assert_string_equal(print(&r), "cannot map: the other domain has not granted or offered it, or took it back");
}

static void keys(void **state)
{
	struct reason r;

	(void)state;
	reason_key(&r, "frontend key", "queue-1/tx-ring-ref", -ENOENT);
	assert_string_equal(print(&r), "frontend key queue-1/tx-ring-ref is missing");
	reason_key(&r, "backend key", "mac", -EINVAL);
	assert_string_equal(print(&r), "backend key mac is not acceptable");
}

/* What others wrote may be all of the text, and of any length. */
static void about_alone(void **state)
{
	struct reason r = { .what = "" };
	char longer[2 * REASON_TEXT_MAX];

	(void)state;
	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	reason_about(&r, "%s", longer);
	print(&r);
	assert_int_equal(strlen(text), REASON_TEXT_MAX - 1);
	assert_int_equal(strspn(text, "a"), REASON_TEXT_MAX - 1);
	r.what = "hotplug script:";
	print(&r);
	assert_int_equal(strlen(text), REASON_TEXT_MAX - 1);
	assert_memory_equal(text, "hotplug script: aa", 18);
	memset(text, 'x', sizeof(text));
	reason_print(text, 8, &r);
	assert_string_equal(text, "hotplug");
	assert_int_equal(text[8], 'x');
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_alone), cmocka_unit_test(what_failed), cmocka_unit_test(keys), cmocka_unit_test(about_alone),
	};

	return RUN_TESTS(tests);
}
