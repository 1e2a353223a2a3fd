/* SPDX-License-Identifier: MIT */
/* run-errtext.c - errtext(): each errno has a text for people, which depends on what failed */
#include "unit.h"
#include "common/base/errtext.c"

static void text_names_the_cause(void **state)
{
	(void)state;
	assert_non_null(strstr(errtext(ERRTEXT_STORE, -ENOSPC), "quota"));
	assert_non_null(strstr(errtext(ERRTEXT_STORE, -E2BIG), "quota"));
	assert_non_null(strstr(errtext(ERRTEXT_STORE, -EACCES), "no right"));
	assert_non_null(strstr(errtext(ERRTEXT_TAP, -EBADFD), "deleted"));
	assert_non_null(strstr(errtext(ERRTEXT_TAP, -ENODEV), "module tun"));
	assert_non_null(strstr(errtext(ERRTEXT_XEN, -ENOENT), "module"));
	assert_non_null(strstr(errtext(ERRTEXT_XEN, -ENOSPC), "limit"));
	assert_non_null(strstr(errtext(ERRTEXT_FILE, -ENOSPC), "full"));
}

static void text_depends_on_what_failed(void **state)
{
	static const enum errtext_of all[] = { ERRTEXT_STORE, ERRTEXT_XEN, ERRTEXT_FILE };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++)
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(errtext(all[i], ENOSPC), errtext(all[j], ENOSPC));
}

static void sign_does_not_matter(void **state)
{
	(void)state;
	for (int err = 1; err < 134; err++)
		assert_ptr_equal(errtext(ERRTEXT_TAP, err), errtext(ERRTEXT_TAP, -err));
}

/* The text goes into an error node and a log line: it is never NULL, is short, and has one line. */
static void every_errno_has_a_text(void **state)
{
	(void)state;
	for (enum errtext_of of = ERRTEXT_STORE; of <= ERRTEXT_FILE; of++) {
		for (int err = 0; err < 600; err++) {
			const char *text = errtext(of, err);

			assert_non_null(text);
			assert_in_range(strlen(text), 1, 100);
			assert_null(strpbrk(text, "\"\n"));
		}
	}
	assert_string_equal(errtext(ERRTEXT_FILE, -ENOENT), "No such file or directory");
	assert_string_equal(errtext(ERRTEXT_FILE, 599), "unknown error");
}

/* Of two entries for one errno the second would never be found. */
static void no_entry_twice(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(meanings); i++)
		for (unsigned int j = 0; j < i; j++)
			assert_false(meanings[i].of == meanings[j].of && meanings[i].err == meanings[j].err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_names_the_cause), cmocka_unit_test(text_depends_on_what_failed),
		cmocka_unit_test(sign_does_not_matter), cmocka_unit_test(every_errno_has_a_text),
		cmocka_unit_test(no_entry_twice),
	};

	return RUN_TESTS(tests);
}
