/* SPDX-License-Identifier: MIT */
/* run-errtext.c - errors in words for people */
#include "unit.h"
#include "common/base/errtext.c"

static void names_the_cause(void **state)
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

static void one_errno_means_what_failed(void **state)
{
	static const enum errtext_of all[] = { ERRTEXT_STORE, ERRTEXT_XEN, ERRTEXT_FILE };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++)
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(errtext(all[i], ENOSPC), errtext(all[j], ENOSPC));
}

static void either_sign(void **state)
{
	(void)state;
	for (int err = 1; err < 134; err++)
		assert_ptr_equal(errtext(ERRTEXT_TAP, err), errtext(ERRTEXT_TAP, -err));
}

/* Text goes into an error node and a log line: never NULL, never long, one line. */
static void always_text(void **state)
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

/* A meaning that is there twice would be found once only. */
static void each_meaning_once(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(meanings); i++)
		for (unsigned int j = 0; j < i; j++)
			assert_false(meanings[i].of == meanings[j].of && meanings[i].err == meanings[j].err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_cause), cmocka_unit_test(one_errno_means_what_failed),
		cmocka_unit_test(either_sign), cmocka_unit_test(always_text), cmocka_unit_test(each_meaning_once),
	};

	return RUN_TESTS(tests);
}
