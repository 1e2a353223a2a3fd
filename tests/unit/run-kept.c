/* SPDX-License-Identifier: MIT */
/* run-kept.c - the note of a guest's tables: what the next daemon makes of it, and of a damaged one */
#include "unit.h"
#include "../../backend/kept.c"

#define CONNECTION "ctrl=1,2 mask=0,0 3,4,5,5"

static char dir[] = "/tmp/netpair-kept.XXXXXX", path[64];
static struct vif_live live;
static struct vif_link l = { .name = "vif1.0", .live = &live, .conf = { .queues = 2 } };
static struct vif_worker w = { .link = &l };

static void load(bool resume)
{
	struct vif_place place = { .name = "vif1.0", .run_dir = dir, .resume = resume };

	/* What was there before must not stay. */
	memset(&l.hash, 0x55, sizeof(l.hash));
	memset(&live.mcast, 0x55, sizeof(live.mcast));
	vif_kept_load(&l, &place);
	assert_string_equal(l.kept_path, path);
}

static void fill(void)
{
	static const uint32_t entry[] = { 1, 0, 1 };
	static const uint8_t key[] = { 1, 2, 3 };
	uint8_t addr[6] = { 0x33, 0x33 };

	snprintf(l.connection, sizeof(l.connection), CONNECTION);
	load(false);
	assert_int_equal(hash_set_algorithm(&l.hash, 1), 0);
	assert_int_equal(hash_set_flags(&l.hash, 5), 0);
	assert_int_equal(hash_set_key(&l.hash, key, 3), 0);
	assert_int_equal(hash_set_size(&l.hash, 128), 0);
	assert_int_equal(hash_set_mapping(&l.hash, entry, 3, 125, 2), 0);
	for (addr[5] = 0; addr[5] < MCAST_MAX; addr[5]++)
		assert_int_equal(mcast_add(&live.mcast, addr), 0);
	w.kept_changed = true;
	vif_kept_save(&w);
	assert_false(w.kept_changed);
}

static unsigned int addresses(void)
{
	uint8_t addr[MCAST_MAX][6];

	return mcast_list(&live.mcast, addr);
}

static void is_empty(void)
{
	struct hash none;

	hash_init(&none);
	assert_memory_equal(&l.hash, &none, sizeof(none));
	assert_int_equal(addresses(), 0);
}

static void write_note(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void taken_over(void **state)
{
	char was[HASH_TEXT_MAX], is[HASH_TEXT_MAX];

	(void)state;
	fill();
	hash_print(&l.hash, was, sizeof(was));
	load(true);
	hash_print(&l.hash, is, sizeof(is));
	assert_string_equal(was, is);
	assert_int_equal(addresses(), MCAST_MAX);
	/* And once more: a daemon that takes over does not use the note up. */
	load(true);
	assert_int_equal(addresses(), MCAST_MAX);
}

/* The longest names that a connection has. */
static void many_queues(void **state)
{
	(void)state;
	memset(l.connection, '9', sizeof(l.connection) - 1);
	l.connection[sizeof(l.connection) - 1] = '\0';
	load(false);
	assert_int_equal(hash_set_algorithm(&l.hash, 1), 0);
	vif_kept_save(&w);
	load(true);
	assert_int_equal(l.hash.algorithm, 1);
}

static void new_connection(void **state)
{
	(void)state;
	fill();
	load(false);
	is_empty();
	/* It is gone for good. */
	load(true);
	is_empty();
}

static void of_another(void **state)
{
	(void)state;
	fill();
	snprintf(l.connection, sizeof(l.connection), CONNECTION "0");
	load(true);
	is_empty();
	fill();
	snprintf(l.connection, sizeof(l.connection), "ctrl=1,2");
	load(true);
	is_empty();
}

static void fewer_queues(void **state)
{
	(void)state;
	fill();
	l.conf.queues = 1;
	load(true);
	l.conf.queues = 2;
	assert_int_equal(l.hash.size, 0);
	assert_int_equal(addresses(), MCAST_MAX);
}

static void damaged(void **state)
{
	static const char *const lines[] = {
		"", "\n", CONNECTION, CONNECTION "\n", CONNECTION "\nhash", CONNECTION "\nhash 1 15 00 1\n",
		CONNECTION "\nhash 9 15\nmcast\nmcast \nmcast 00:16:3e:00:00:01\nmcast zz\n\n\nnonsense\n",
		"\n" CONNECTION "\nmcast 33:33:00:00:00:01\n",
	};

	(void)state;
	snprintf(l.connection, sizeof(l.connection), CONNECTION);
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		write_note(lines[i]);
		load(true);
		is_empty();
	}
	write_note(CONNECTION "\njunk\nmcast 33:33:00:00:00:01\nmcast 33:33:00:00:00:01");
	load(true);
	assert_int_equal(addresses(), 1);
}

static void nowhere(void **state)
{
	(void)state;
	fill();
	snprintf(l.kept_path, sizeof(l.kept_path), "%s/absent/vif1.0.tables", dir);
	w.kept_changed = true;
	vif_kept_save(&w);
	assert_false(w.kept_changed);
	load(true);
	assert_int_equal(addresses(), MCAST_MAX);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken_over), cmocka_unit_test(many_queues), cmocka_unit_test(new_connection),
		cmocka_unit_test(of_another), cmocka_unit_test(fewer_queues), cmocka_unit_test(damaged),
		cmocka_unit_test(nowhere),
	};
	int failed;

	log_init("run-kept", LOG_LEVEL_ERROR);
	if (!mkdtemp(dir) || pthread_mutex_init(&l.kept_lock, NULL))
		return 1;
	snprintf(path, sizeof(path), "%s/vif1.0.tables", dir);
	failed = RUN_TESTS(tests);
	unlink(path);
	rmdir(dir);
	return failed;
}
