/* SPDX-License-Identifier: MIT */
/* run-options.c - the option table: parses each kind of option, and ends with one line and exit
 * code 2 at a wrong one */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "common/host/options.c"

static bool flag;
static const char *text;
static const char *optional;
static uint32_t number;
static enum log_level level;
static uint32_t bits;

static const struct option_word words[] = { { "one", 1 }, { "two", 2 }, { "both", 3 }, { "four", 4 }, { NULL, 0 } };

static const struct option_row rows[] = {
	{ .name = "flag", .help = "a flag", .kind = OPTION_FLAG, .to.flag = &flag },
	{ .name = "text", .value = "WORD", .help = "a text", .kind = OPTION_TEXT, .to.text = &text },
	{ .name = "number", .value = "N", .help = "a number", .kind = OPTION_NUMBER, .to.number = &number,
	  .min = 10, .max = 20 },
	{ .name = "level", .value = "LEVEL", .help = "a level", .kind = OPTION_LEVEL, .to.level = &level },
	{ .name = "long", .value = "some-word|other-word|both", .help = "long", .kind = OPTION_WORDS,
	  .to.words = { &bits, words } },
	{ .name = "maybe", .value = "DIR", .help = "maybe", .kind = OPTION_OPTIONAL, .to.optional = { &optional, "/usual" } },
	{ .name = "words", .value = "WORD,...", .help = "some words", .kind = OPTION_WORDS,
	  .to.words = { &bits, words } },
};

#define ARGS(...) ((char *[]){ arg0, __VA_ARGS__, NULL })

static char arg0[] = "prog";

static int count(char **argv)
{
	int n = 0;

	while (argv[n])
		n++;
	return n;
}

static int parse(char **argv)
{
	flag = false;
	text = NULL;
	optional = NULL;
	number = 0;
	bits = 0;
	level = LOG_LEVEL_INFO;
	return options_parse("prog", "[OPTION]...", rows, ARRAY_SIZE(rows), count(argv), argv);
}

/* Parses in a child process. Returns its exit code; *out is what it wrote to fd, which is 1 or 2. */
static int parse_in_child(char **argv, int fd, char *out, size_t len)
{
	int pipefd[2], status;
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(pipefd), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(pipefd[1], fd);
		close(pipefd[0]);
		(void)!parse(argv);
		_exit(77);
	}
	close(pipefd[1]);
	while (used + 1 < len && (n = read(pipefd[0], out + used, len - 1 - used)) > 0)
		used += (size_t)n;
	out[used] = '\0';
	close(pipefd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Checks that parsing ends with exit code 2 and one line on stderr that contains word. */
static void expect_usage(char **argv, const char *word)
{
	char out[4096];

	assert_int_equal(parse_in_child(argv, 2, out, sizeof(out)), 2);
	assert_int_equal(strncmp(out, "prog: ", 6), 0);
	assert_non_null(strchr(out, '\n'));
	assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
	if (!strstr(out, word))
		fail_msg("no \"%s\" in: %s", word, out);
}

static void none(void **state)
{
	(void)state;
	assert_int_equal(parse(((char *[]){ arg0, NULL })), 1);
}

static void each_kind(void **state)
{
	char a[] = "--flag", b[] = "--text=hello", c[] = "--number=15", d[] = "--level=debug";

	(void)state;
	assert_int_equal(parse(ARGS(a, b, c, d)), 5);
	assert_true(flag);
	assert_string_equal(text, "hello");
	assert_int_equal(number, 15);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
}

static void value_as_next_word(void **state)
{
	char a[] = "--text", b[] = "--odd", c[] = "--number", d[] = "20", e[] = "rest";

	(void)state;
	assert_int_equal(parse(ARGS(a, b, c, d, e)), 5);
	assert_string_equal(text, "--odd");
	assert_int_equal(number, 20);
}

static void value_or_none(void **state)
{
	char a[] = "--maybe", b[] = "--maybe=/other", c[] = "word", d[] = "--maybe=";

	(void)state;
	assert_int_equal(parse(ARGS(a)), 2);
	assert_string_equal(optional, "/usual");
	assert_int_equal(parse(ARGS(b)), 2);
	assert_string_equal(optional, "/other");
	assert_int_equal(parse(ARGS(a, c)), 2);		/* the next word is not the option's value */
	assert_string_equal(optional, "/usual");
	assert_int_equal(parse(((char *[]){ arg0, NULL })), 1);
	assert_null(optional);
	expect_usage(ARGS(d), "--maybe");
}

static void stops_at_other_words(void **state)
{
	char a[] = "--flag", b[] = "word", c[] = "--text=late", d[] = "--";

	(void)state;
	assert_int_equal(parse(ARGS(a, b, c)), 2);
	assert_null(text);
	assert_int_equal(parse(ARGS(a, d, c)), 3);	/* after -- nothing is an option */
	assert_null(text);
}

static void value_may_have_equals(void **state)
{
	char a[] = "--text=a=b";

	(void)state;
	assert_int_equal(parse(ARGS(a)), 2);
	assert_string_equal(text, "a=b");
}

static void last_one_wins(void **state)
{
	char a[] = "--number=10", b[] = "--number=11";

	(void)state;
	assert_int_equal(parse(ARGS(a, b)), 3);
	assert_int_equal(number, 11);
}

static void unknown(void **state)
{
	char a[] = "--flags", b[] = "--fla", c[] = "-x", d[] = "-";

	(void)state;
	expect_usage(ARGS(a), "--flags");
	expect_usage(ARGS(b), "--fla");
	expect_usage(ARGS(c), "-x");
	expect_usage(ARGS(d), "-");
}

static void missing_value(void **state)
{
	char a[] = "--text", b[] = "--text=", c[] = "--number";

	(void)state;
	expect_usage(ARGS(a), "--text");
	expect_usage(ARGS(b), "--text");
	expect_usage(ARGS(c), "--number");
}

static void out_of_range(void **state)
{
	char a[] = "--number=9", b[] = "--number=21", c[] = "--number=-1", d[] = "--number=4294967296",
	     e[] = "--number=12x", f[] = "--number=";

	(void)state;
	expect_usage(ARGS(a), "10 to 20");
	expect_usage(ARGS(b), "10 to 20");
	expect_usage(ARGS(c), "10 to 20");
	expect_usage(ARGS(d), "10 to 20");
	expect_usage(ARGS(e), "10 to 20");
	expect_usage(ARGS(f), "10 to 20");
}

static void bad_level(void **state)
{
	char a[] = "--level=loud";

	(void)state;
	expect_usage(ARGS(a), "error, warn, info, debug");
}

static void words_of_a_list(void **state)
{
	static const struct { const char *arg; uint32_t bits; } good[] = {
		{ "--words=one", 1 }, { "--words=two,four", 6 }, { "--words=both", 3 }, { "--words=four,four", 4 },
	};
	static const char *const bad[] = { "--words=on", "--words=ones", "--words=one,", "--words=,", "--words=",
					   "--words=one,,two", "--words=one two", "--words=one,three" };
	char a[40], b[] = "--words=one", c[] = "--words=four";

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(a, sizeof(a), "%s", good[i].arg);
		assert_int_equal(parse(ARGS(a)), 2);
		assert_int_equal(bits, good[i].bits);
	}
	assert_int_equal(parse(ARGS(b, c)), 3);
	assert_int_equal(bits, 5);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(a, sizeof(a), "%s", bad[i]);
		expect_usage(ARGS(a), "one, two, both, four");
	}
}

static void flag_with_value(void **state)
{
	char a[] = "--flag=yes";

	(void)state;
	expect_usage(ARGS(a), "--flag");
}

static void help_lists_all(void **state)
{
	char a[] = "--help", out[4096];

	(void)state;
	assert_int_equal(parse_in_child(ARGS(a), 1, out, sizeof(out)), 0);
	assert_non_null(strstr(out, "usage: prog [OPTION]..."));
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_non_null(strstr(out, rows[i].name));
		assert_non_null(strstr(out, rows[i].help));
	}
	assert_non_null(strstr(out, "--number=N"));
}

/* An option that is too long for its column has a line of its own. */
static void help_has_two_columns(void **state)
{
	char a[] = "-h", out[4096], *line, *save = NULL;
	unsigned int texts = 0;

	(void)state;
	assert_int_equal(parse_in_child(ARGS(a), 1, out, sizeof(out)), 0);
	for (line = strtok_r(out, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (line[0] != ' ' || !strstr(line + 2, "  "))
			continue;
		assert_memory_equal(line + HELP_COLUMN - 2, "  ", 2);
		assert_int_not_equal(line[HELP_COLUMN], ' ');
		texts++;
	}
	assert_int_equal(texts, ARRAY_SIZE(rows) + 2);
}

static void short_ones(void **state)
{
	char a[] = "-V", b[] = "--flag", c[] = "-hV", out[4096];

	(void)state;
	assert_int_equal(parse_in_child(ARGS(b, a), 1, out, sizeof(out)), 0);
	assert_string_equal(out, "prog " NETPAIR_VERSION "\n");
	expect_usage(ARGS(c), "-hV");
}

/* A row whose name begins with a letter has both names. */
static void letters(void **state)
{
	static bool batch;
	static uint32_t times;
	static const struct option_row with[] = {
		{ .name = "b,batch", .help = "a flag", .kind = OPTION_FLAG, .to.flag = &batch },
		{ .name = "n,times", .value = "N", .help = "a number", .kind = OPTION_NUMBER, .to.number = &times, .min = 1, .max = 9 },
	};
	char b[] = "-b", n[] = "-n", five[] = "5", l[] = "--batch", t[] = "--times=7";
	char *shorts[] = { arg0, b, n, five, NULL }, *longs[] = { arg0, l, t, NULL };

	(void)state;
	assert_int_equal(options_parse("prog", "", with, ARRAY_SIZE(with), 4, shorts), 4);
	assert_true(batch);
	assert_int_equal(times, 5);
	batch = false;
	assert_int_equal(options_parse("prog", "", with, ARRAY_SIZE(with), 3, longs), 3);
	assert_true(batch);
	assert_int_equal(times, 7);
	expect_usage(ARGS(b), "-b");
}

static void version(void **state)
{
	char a[] = "--version", out[256];

	(void)state;
	assert_int_equal(parse_in_child(ARGS(a), 1, out, sizeof(out)), 0);
	assert_string_equal(out, "prog " NETPAIR_VERSION "\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(none), cmocka_unit_test(each_kind), cmocka_unit_test(value_as_next_word), cmocka_unit_test(value_or_none),
		cmocka_unit_test(stops_at_other_words), cmocka_unit_test(value_may_have_equals),
		cmocka_unit_test(last_one_wins), cmocka_unit_test(unknown), cmocka_unit_test(missing_value),
		cmocka_unit_test(out_of_range), cmocka_unit_test(bad_level), cmocka_unit_test(words_of_a_list),
		cmocka_unit_test(flag_with_value),
		cmocka_unit_test(help_lists_all), cmocka_unit_test(help_has_two_columns), cmocka_unit_test(short_ones), cmocka_unit_test(letters), cmocka_unit_test(version),
	};

	return RUN_TESTS(tests);
}
