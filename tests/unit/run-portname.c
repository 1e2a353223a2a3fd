/* SPDX-License-Identifier: MIT */
/* run-portname.c - the texts that name a port: a known kind, its argument where it has one, and nothing else */
#include "unit.h"
#include "common/wire/portname.c"

static void every_kind_has_its_word(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(port_kinds); i++) {
		const char *word = port_kind_word(port_kinds[i].kind);
		struct port_name name = { .arg = "left over" }, bare = name;
		char text[PORT_NAME_MAX];

		assert_non_null(strstr(port_name_forms(), word));
		assert_int_equal(port_name_parse(&bare, word), port_kinds[i].takes_arg ? -EINVAL : 0);
		snprintf(text, sizeof(text), "%s:a/b", word);
		assert_int_equal(port_name_parse(&name, text), port_kinds[i].takes_arg ? 0 : -EINVAL);
		assert_true(!port_kinds[i].takes_arg || name.kind == port_kinds[i].kind);
		assert_string_equal(name.arg, port_kinds[i].takes_arg ? "a/b" : "left over");
	}
}

static void other_texts_are_none(void **state)
{
	static const char *const bad[] = {
		"", " ", ":", "TAP", "tap ", " tap", "tap:", "tap:x", "tapx", "ta", "tap\n", "no-such-kind", "no-such-kind:x", ":tap", "tap,tap",
	};
	struct port_name name = { .arg = "untouched" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(port_name_parse(&name, bad[i]), -EINVAL);
	assert_string_equal(name.arg, "untouched");
}

/* An argument is one word of printable characters, and has room. */
static void arguments(void **state)
{
	char longest[PORT_NAME_MAX + 1];
	struct port_name name = { .arg = "" };

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[PORT_NAME_MAX - 1] = '\0';
	assert_int_equal(port_name_take_arg(&name, longest), 0);
	assert_string_equal(name.arg, longest);
	longest[PORT_NAME_MAX - 1] = 'a';
	longest[PORT_NAME_MAX] = '\0';
	assert_int_equal(port_name_take_arg(&name, longest), -EINVAL);
	assert_int_equal(port_name_take_arg(&name, ""), -EINVAL);
	assert_int_equal(port_name_take_arg(&name, "a b"), -EINVAL);
	assert_int_equal(port_name_take_arg(&name, "a\n"), -EINVAL);
	assert_int_equal(port_name_take_arg(&name, "\x7f"), -EINVAL);
	assert_int_equal(port_name_take_arg(&name, "\xc3\xa4"), -EINVAL);
}

static void an_unknown_kind_has_no_word(void **state)
{
	(void)state;
	assert_string_equal(port_kind_word((enum port_kind)1000), "");
	assert_string_equal(port_kind_word(PORT_TAP), "tap");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_its_word), cmocka_unit_test(other_texts_are_none), cmocka_unit_test(arguments),
		cmocka_unit_test(an_unknown_kind_has_no_word),
	};

	return RUN_TESTS(tests);
}
