/* SPDX-License-Identifier: MIT */
/* run-xenbus.c - xenstore transactions and states, on a xenstore in memory
 *
 * A transaction that conflicts is tried again, but not for ever. A state is
 * written only into a directory that exists.
 */
#include "unit.h"
#include "keys.h"
#include "common/host/transaction.h"
#include "common/host/xenbus.h"

static struct store keys;

static int clear(void **state)
{
	(void)state;
	memset(&keys, 0, sizeof(keys));
	return 0;
}

/* What body_write() shall do: count its calls in *calls and return err. */
struct body {
	unsigned int *calls;
	int err;
};

static int body_write(struct store *s, const void *arg)
{
	const struct body *b = arg;

	(*b->calls)++;
	return b->err ? b->err : store_write(s, "dir", "key", "1");
}

static void conflicts_are_tried_again(void **state)
{
	unsigned int calls = 0;
	const struct body b = { &calls, 0 };

	(void)state;
	keys.lose = 3;
	assert_int_equal(store_transact(&keys, body_write, &b), 0);
	assert_int_equal(calls, 4);
	assert_int_equal(keys.committed, 1);
	assert_string_equal(keys_get(&keys, "dir/key"), "1");
}

static void conflicts_without_end(void **state)
{
	unsigned int calls = 0;
	const struct body b = { &calls, 0 };

	(void)state;
	keys.lose = 1000;
	assert_int_equal(store_transact(&keys, body_write, &b), -EAGAIN);
	assert_int_equal(calls, 32);
	assert_int_equal(keys.committed, 0);
}

static void failed_body_aborts(void **state)
{
	unsigned int calls = 0;
	const struct body b = { &calls, -ENOSPC };

	(void)state;
	assert_int_equal(store_transact(&keys, body_write, &b), -ENOSPC);
	assert_int_equal(calls, 1);
	assert_int_equal(keys.aborted, 1);
	assert_int_equal(keys.committed, 0);
}

static void state_is_read_or_unknown(void **state)
{
	static const struct { const char *text; enum xenbus_state is; } cases[] = {
		{ "4", XenbusStateConnected }, { "8", XenbusStateReconfigured }, { "9", XenbusStateUnknown },
		{ "", XenbusStateUnknown }, { "-1", XenbusStateUnknown }, { "4294967300", XenbusStateUnknown },
		{ NULL, XenbusStateUnknown },
	};
	enum xenbus_state is;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		keys_set(&keys, "dir/state", cases[i].text);
		assert_int_equal(xenbus_read_state(&keys, "dir", &is), 0);
		assert_int_equal(is, cases[i].is);
	}
	/* Without a directory nothing is read. */
	keys_set(&keys, "/state", "4");
	assert_int_equal(xenbus_read_state(&keys, "", &is), 0);
	assert_int_equal(is, XenbusStateUnknown);
	keys_set(&keys, "dir/state", "4");
	keys.fail = -ENOTCONN;
	assert_int_equal(xenbus_read_state(&keys, "dir", &is), -ENOTCONN);
	assert_int_equal(is, XenbusStateUnknown);
	keys.fail = -EACCES;
	assert_int_equal(xenbus_read_state(&keys, "dir", &is), 0);
	assert_int_equal(is, XenbusStateUnknown);
}

static void state_is_written_where_one_is(void **state)
{
	(void)state;
	assert_int_equal(xenbus_write_state(&keys, "dir", XenbusStateClosed), 0);
	assert_null(keys_get(&keys, "dir/state"));
	keys_set(&keys, "dir/state", "1");
	assert_int_equal(xenbus_write_state(&keys, "dir", XenbusStateClosed), 0);
	assert_string_equal(keys_get(&keys, "dir/state"), "6");
	keys.fail = -ENOTCONN;
	assert_int_equal(xenbus_write_state(&keys, "dir", XenbusStateClosed), -ENOTCONN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(conflicts_are_tried_again, clear),
		cmocka_unit_test_setup(conflicts_without_end, clear),
		cmocka_unit_test_setup(failed_body_aborts, clear),
		cmocka_unit_test_setup(state_is_read_or_unknown, clear),
		cmocka_unit_test_setup(state_is_written_where_one_is, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
