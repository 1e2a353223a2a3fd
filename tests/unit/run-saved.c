/* SPDX-License-Identifier: MIT */
/* run-saved.c - the saved state of a VIF: the next daemon reads every change back, and takes nothing
 * from a damaged file
 *
 * leave() is a daemon that is killed, which does not unmap; load() is the next one.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"
#include "backend/data/saved.c"
#include "backend/data/mapquota.c"
#include "backend/data/gref_map.c"

#define CONNECTION "ctrl=1,2 mask=0,0 3,4,5,5"

static char dir[] = "/tmp/netpair-saved.XXXXXX", path[64];
static struct mapquota quota = { .guest_max = GREF_MAP_MAX, .all_max = GREF_MAP_MAX };
static struct vif_settings settings;
static const struct gref_map_use use = { .quota = &quota, .log = &settings.log };
static struct vif_conn l = { .name = "vif1.0", .settings = &settings, .conf = { .queues = 2, .ctrl = true } };

/* --- stands for grant.c --------------------------------------------------- */

static uint8_t pages[GREF_MAP_MAX][64];
static unsigned int maps_left = UINT_MAX;

/* Stands for the function of conn.c. */
size_t vif_conn_tables_size(void)
{
	return sizeof(struct vif_saved);
}

void *grant_map_run(struct grant_dev *g, const struct gref *grefs, unsigned int n, enum grant_access access, int *err)
{
	(void)g, (void)grefs, (void)n, (void)access;
	if (maps_left-- != 0)
		return pages;
	*err = -EINVAL;
	return NULL;
}

void grant_unmap_run(struct grant_dev *g, void *at, unsigned int n)
{
	(void)g, (void)at, (void)n;
}

/* --- one daemon after the other ------------------------------------------- */

/* Loses what a daemon has in memory, as when it is killed. */
static void leave(void)
{
	if (l.saved)
		vif_saved_close(&l);
	gref_map_free(l.gref_map);
	l.gref_map = NULL;
	memset(&l.hash, 0x55, sizeof(l.hash));
}

/* Loads the tables from a file, and closes it; -1: there is no file. */
static void load_from(int fd, bool resume)
{
	struct vif_conn_params params = { .name = "vif1.0", .tables_fd = fd, .adopt = resume };

	leave();
	assert_int_equal(gref_map_new(&l.gref_map, &use), 0);
	assert_int_equal(vif_saved_open(&l, &params), 0);
	if (fd >= 0)
		close(fd);
}

/* Opens the file as control does, and loads the tables. */
static void load(bool resume)
{
	int fd = resume ? statemap_open(path, vif_conn_tables_size()) : -1;

	load_from(fd < 0 ? statemap_create(path, vif_conn_tables_size()) : fd, resume);
}

static ino_t file_number(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static void fill(void)
{
	static const struct xen_netif_gref refs[] = { { .ref = 8 }, { .ref = 9, .flags = XEN_NETIF_CTRLF_GREF_readonly } };
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
		assert_int_equal(mcast_add(settings.mcast, addr), 0);
	assert_int_equal(gref_map_add(l.gref_map, refs, 2), 0);
	vif_saved_hash(&l);
	vif_saved_grants(&l);
}

static unsigned int addresses(void)
{
	uint8_t addr[MCAST_MAX][6];

	return mcast_list(settings.mcast, addr);
}

/* Checks that the tables are empty. deliver_all: whether there was something that was lost. */
static void is_empty(bool deliver_all)
{
	struct hash none;

	hash_init(&none);
	assert_memory_equal(&l.hash, &none, sizeof(none));
	assert_int_equal(addresses(), 0);
	assert_int_equal(gref_map_count(l.gref_map), 0);
	assert_int_equal(atomic_load(&settings.all_multicast), deliver_all);
}

static void is_full(void)
{
	assert_int_equal(l.hash.algorithm, 1);
	assert_int_equal(l.hash.mapping[125], 1);
	assert_int_equal(addresses(), MCAST_MAX);
	assert_int_equal(gref_map_count(l.gref_map), 2);
	assert_non_null(gref_map_write(l.gref_map, gref_of(8)));
	assert_null(gref_map_write(l.gref_map, gref_of(9)));
	assert_non_null(gref_map_read(l.gref_map, gref_of(9), 0));
	assert_false(atomic_load(&settings.all_multicast));
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
	is_full();
	/* A second daemon can take over from the same file. */
	load(true);
	is_full();
}

/* Any number of changes, none of which makes a new file. Whenever the daemon ends, the file has
 * the last change. */
static void every_change(void **state)
{
	uint8_t addr[6] = { 0x33, 0x33 };
	uint64_t word;
	FILE *file;

	(void)state;
	snprintf(l.connection, sizeof(l.connection), CONNECTION);
	load(false);
	file = fopen(path, "r");
	assert_non_null(file);
	for (unsigned int i = 0; i < 100000; i++) {
		addr[4] = (uint8_t)(i >> 8), addr[5] = (uint8_t)i;
		assert_int_equal(mcast_add(settings.mcast, addr), 0);
		/* It is the same file as at the start. */
		assert_int_equal(pread(fileno(file), &word, sizeof(word), offsetof(struct vif_saved, mcast)), sizeof(word));
		assert_int_equal(word, UINT64_C(0x333300000000) | (i & 0xffff));
		if (i % 1000 == 0) {
			load(true);
			assert_true(mcast_match(settings.mcast, addr));
		}
		assert_int_equal(mcast_del(settings.mcast, addr), 0);
	}
	fclose(file);
	load(true);
	is_empty(false);
}

/* The longest names of a connection's keys. */
static void many_queues(void **state)
{
	(void)state;
	memset(l.connection, '9', sizeof(l.connection) - 1);
	l.connection[sizeof(l.connection) - 1] = '\0';
	load(false);
	assert_int_equal(hash_set_algorithm(&l.hash, 1), 0);
	vif_saved_hash(&l);
	load(true);
	assert_int_equal(l.hash.algorithm, 1);
}

static void new_connection(void **state)
{
	(void)state;
	fill();
	load(false);
	is_empty(false);
	/* No later daemon finds it either. */
	load(true);
	is_empty(false);
}

/* Tables of another connection are not used, and ours count as lost. */
static void of_another(void **state)
{
	(void)state;
	fill();
	snprintf(l.connection, sizeof(l.connection), CONNECTION "0");
	load(true);
	is_empty(true);
	fill();
	snprintf(l.connection, sizeof(l.connection), "ctrl=1,2");
	load(true);
	is_empty(true);
	/* The next daemon finds nothing either. */
	load(true);
	is_empty(true);
	load(false);
	is_empty(false);
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
	assert_int_equal(gref_map_count(l.gref_map), 2);
}

static void no_control_ring(void **state)
{
	(void)state;
	fill();
	l.conf.ctrl = false;
	load(true);
	l.conf.ctrl = true;
	assert_int_equal(gref_map_count(l.gref_map), 0);
	assert_int_equal(addresses(), MCAST_MAX);
}

/* A table that the daemon was writing when it died is lost. The others are not. */
static unsigned int warnings;

static bool count_warning(enum log_level level, const char *text)
{
	(void)text;
	warnings += level == LOG_LEVEL_WARN;
	return true;
}

/* Addresses that were lost stay unknown over restarts, and that is told once. */
static void lost_addresses_are_told_once(void **state)
{
	(void)state;
	warnings = 0;
	log_set_level(LOG_LEVEL_WARN);
	log_set_output(count_warning);
	fill();
	atomic_store(&settings.mcast->addr[3], UINT64_MAX);
	load(true);
	assert_true(atomic_load(&settings.all_multicast));
	assert_int_equal(warnings, 1);
	load(true);
	assert_true(atomic_load(&settings.all_multicast));
	assert_int_equal(warnings, 1);
	/* As a takeover from the kernel's driver, which has no such tables. */
	unlink(path);
	load(true);
	assert_int_equal(warnings, 2);
	load(true);
	assert_true(atomic_load(&settings.all_multicast));
	assert_int_equal(warnings, 2);
	log_set_output(NULL);
	log_set_level(LOG_LEVEL_ERROR);
}

static void half_written(void **state)
{
	(void)state;
	fill();
	saved_write_begin(&l.saved->hash_seq);
	l.saved->hash[7] ^= 1;
	load(true);
	assert_int_equal(l.hash.algorithm, 0);
	assert_int_equal(gref_map_count(l.gref_map), 2);
	assert_int_equal(addresses(), MCAST_MAX);
	/* The next change makes it whole again. */
	assert_int_equal(hash_set_algorithm(&l.hash, 1), 0);
	vif_saved_hash(&l);
	load(true);
	assert_int_equal(l.hash.algorithm, 1);

	fill();
	saved_write_begin(&l.saved->grants_seq);
	load(true);
	assert_int_equal(gref_map_count(l.gref_map), 0);
	assert_int_equal(l.hash.algorithm, 1);
	load(true);
	assert_int_equal(gref_map_count(l.gref_map), 0);
	assert_int_equal(l.saved->grants_seq & 1, 0);
}

static void not_mapped_again(void **state)
{
	(void)state;
	fill();
	maps_left = 1;
	load(true);
	maps_left = UINT_MAX;
	assert_int_equal(gref_map_count(l.gref_map), 0);
	load(true);
	assert_int_equal(gref_map_count(l.gref_map), 0);
}

/* Malformed text, addresses and numbers are refused, and nothing is read beyond the file's end. */
static void nonsense(void **state)
{
	(void)state;
	fill();
	memset(l.saved->hash, 'h', sizeof(l.saved->hash));
	atomic_store(&l.saved->mcast.addr[3], UINT64_C(0x00163e000001));
	atomic_store(&l.saved->mcast.addr[4], UINT64_C(0xffff333300000001));
	l.saved->ngrants = GREF_MAP_MAX + 1;
	load(true);
	assert_int_equal(l.hash.algorithm, 0);
	assert_int_equal(gref_map_count(l.gref_map), 0);
	assert_int_equal(addresses(), MCAST_MAX - 2);
	assert_true(atomic_load(&settings.all_multicast));

	fill();
	memset(l.saved->connection, 'c', sizeof(l.saved->connection));
	load(true);
	is_empty(true);
	fill();
	l.saved->magic[sizeof(SAVED_MAGIC) - 2]++;
	load(true);
	is_empty(true);
}

/* A file that is not a daemon's own counts as missing (see run-statemap.c). */
static void other_file(void **state)
{
	(void)state;
	fill();
	assert_int_equal(truncate(path, sizeof(struct vif_saved) + 1), 0);
	load(true);
	is_empty(true);
	fill();
	assert_int_equal(unlink(path), 0);
	load(true);
	is_empty(true);
}

/* Without a file the connection works, but nothing is saved for the next daemon. */
static void nowhere(void **state)
{
	static const uint8_t addr[6] = { 0x33, 0x33 };

	(void)state;
	snprintf(l.connection, sizeof(l.connection), CONNECTION);
	load_from(-1, false);
	is_empty(false);
	assert_int_equal(mcast_add(settings.mcast, addr), 0);
	vif_saved_hash(&l);
	load_from(-1, true);
	is_empty(true);
}

/* A file of another size is not changed. */
static void wrong_size(void **state)
{
	struct stat st;
	int fd;

	(void)state;
	fill();
	assert_int_equal(truncate(path, sizeof(struct vif_saved) - 1), 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	load_from(fd, true);
	is_empty(true);
	vif_saved_hash(&l);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, sizeof(struct vif_saved) - 1);
}

/* Tables of another connection are cleared in the same file, as this process makes no file. */
static void emptied_in_place(void **state)
{
	struct vif_saved now;
	ino_t was;
	int fd;

	(void)state;
	fill();
	was = file_number();
	snprintf(l.connection, sizeof(l.connection), CONNECTION "0");
	load(true);
	is_empty(true);
	assert_int_equal(file_number(), was);
	/* A new connection uses nothing of the file that it is given. */
	snprintf(l.connection, sizeof(l.connection), CONNECTION);
	fill();
	was = file_number();
	fd = statemap_open(path, sizeof(now));
	load_from(fd, false);
	is_empty(false);
	assert_int_equal(file_number(), was);
	fd = statemap_open(path, sizeof(now));
	assert_int_equal(read(fd, &now, sizeof(now)), sizeof(now));
	close(fd);
	assert_string_equal(now.magic, SAVED_MAGIC);
	assert_string_equal(now.connection, CONNECTION);
	for (const char *at = (const char *)&now.mcast; at < (const char *)(&now + 1); at++)
		assert_int_equal(*at, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken_over), cmocka_unit_test(every_change), cmocka_unit_test(many_queues),
		cmocka_unit_test(new_connection), cmocka_unit_test(of_another), cmocka_unit_test(fewer_queues),
		cmocka_unit_test(no_control_ring), cmocka_unit_test(half_written), cmocka_unit_test(lost_addresses_are_told_once), cmocka_unit_test(not_mapped_again),
		cmocka_unit_test(nonsense), cmocka_unit_test(other_file), cmocka_unit_test(nowhere),
		cmocka_unit_test(wrong_size), cmocka_unit_test(emptied_in_place),
	};
	int failed;

	log_init("run-kept", LOG_LEVEL_ERROR);
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/vif1.0.tables", dir);
	failed = RUN_TESTS(tests);
	leave();
	unlink(path);
	rmdir(dir);
	return failed;
}
