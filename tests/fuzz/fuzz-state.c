/* SPDX-License-Identifier: MIT */
/* fuzz-state.c - the files of the run directory, which may contain anything: a device's state, and the
 * saved state of a VIF (hash, multicast list, static grants)
 *
 * Input: which file (1 byte), how it is made (1), then its text or, for saved state, the bytes of some
 * tables.
 *
 * What must hold, whatever a file contains:
 * - what is accepted is within bounds: an ifindex is a positive int, an entry of the hash's table is a
 *   queue that exists, an address is multicast, a grant is found once, at the page that was mapped;
 * - what was read and is written again is read as the same;
 * - a state file without the right sum is not accepted;
 * - nothing is accepted from a file of another connection;
 * - everything that was mapped is unmapped.
 */
#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#include "common/host/devstate.h"
#include "common/host/statefile.h"
#include "backend/data/saved.c"
#include "backend/data/mapquota.c"
#include "backend/data/gref_map.c"

#define CONNECTION "ctrl=1,2 mask=0,0 3,4,5,5"

static char dir[64];
static const uint8_t *input;
static size_t input_left;

/* --- stands for grant.c: pages that are never accessed ----------------------- */

#define RUN_PAGES_MAX 4096u

static uint8_t *area;
static unsigned int mapped, area_used, fail_after;
static struct { uint32_t ref; enum grant_access access; } at_page[RUN_PAGES_MAX];

void *grant_map_run(struct grant_dev *g, const struct gref *grefs, unsigned int n, enum grant_access access, int *err)
{
	uint8_t *run = area + (size_t)area_used * XEN_PAGE;

	(void)g;
	PROMISE(n > 0 && n <= GREF_LIST_MAX);
	/* An input maps at most all pages, and those of deleted entries once more. */
	if (area_used + n > RUN_PAGES_MAX || fail_after-- == 0) {
		*err = -EINVAL;
		return NULL;
	}
	for (unsigned int i = 0; i < n; i++) {
		at_page[area_used + i].ref = grefs[i].raw;
		at_page[area_used + i].access = access;
	}
	area_used += n;
	mapped += n;
	return run;
}

void grant_unmap_run(struct grant_dev *g, void *pages, unsigned int n)
{
	size_t first = (size_t)((uint8_t *)pages - area) / XEN_PAGE;

	(void)g;
	PROMISE(n <= mapped && first + n <= area_used);
	for (unsigned int i = 0; i < n; i++) {
		PROMISE(at_page[first + i].ref != UINT32_MAX || at_page[first + i].access != (enum grant_access)7);
		at_page[first + i].access = (enum grant_access)7;	/* a second unmap would be found */
		at_page[first + i].ref = UINT32_MAX;
	}
	mapped -= n;
}

/* --- files ------------------------------------------------------------------- */

/* Makes a device's state file of the input. how & 1: as it is; else with the version and the sum. */
static void plant(const char *name, unsigned int how)
{
	static const char version[] = "version=1\n";
	char path[128], sum[STATEFILE_SUM_MAX] = "";
	size_t head = how & 1 ? 0 : strlen(version);
	uint8_t *text = malloc(head + input_left + 1);
	FILE *f;

	PROMISE(text);
	memcpy(text, version, head);
	memcpy(text + head, input, input_left);
	if (!(how & 1))
		statefile_sum(sum, (const char *)text, head + input_left);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	PROMISE(f);
	fwrite(text, 1, head + input_left, f);
	fputs(sum, f);
	PROMISE(fclose(f) == 0);
	free(text);
}

static void clear(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

/* --- a device's state -------------------------------------------------------- */

static void device(unsigned int how)
{
	struct devstate st, again;

	plant("nic0", how);
	if (devstate_read(&st, dir, "nic0")) {
		static const struct devstate nothing;

		PROMISE(memcmp(&st, &nothing, sizeof(st)) == 0);
		/* The file was set aside. */
		PROMISE(devstate_read(&again, dir, "nic0") == -ENOENT);
		clear("nic0.bad");
		return;
	}
	PROMISE(st.ifindex > 0 && st.ifindex <= INT_MAX && st.mtu_before <= INT_MAX);
	PROMISE(strlen(st.domain) < sizeof(st.domain) && strlen(st.mac) < sizeof(st.mac) && strlen(st.mtu) < sizeof(st.mtu));
	PROMISE(devstate_write(&st, dir, "nic0") == 0);
	PROMISE(devstate_read(&again, dir, "nic0") == 0);
	PROMISE(st.ifindex == again.ifindex && st.netns == again.netns && st.mtu_before == again.mtu_before &&
		st.mtu_lowered == again.mtu_lowered && st.offloads == again.offloads && strcmp(st.ifname, again.ifname) == 0);
	PROMISE(strcmp(st.domain, again.domain) == 0 && strcmp(st.mac, again.mac) == 0 && strcmp(st.mtu, again.mtu) == 0);
	devstate_remove(dir, "nic0");
}

/* Text of a xenstore key is written or refused. What is read back has no further line. */
static void device_of_text(void)
{
	struct devstate st = { .ifindex = 7, .netns = 8, .mtu_before = 9 }, again;

	eat(st.domain, sizeof(st.domain) - 1, &input, &input_left);
	eat(st.mac, sizeof(st.mac) - 1, &input, &input_left);
	eat(st.mtu, sizeof(st.mtu) - 1, &input, &input_left);
	clear("nic0");
	if (devstate_write(&st, dir, "nic0"))
		return;
	PROMISE(devstate_read(&again, dir, "nic0") == 0);
	PROMISE(again.ifindex == 7 && again.netns == 8 && again.mtu_before == 9);
	PROMISE(strcmp(st.domain, again.domain) == 0 && strcmp(st.mac, again.mac) == 0 && strcmp(st.mtu, again.mtu) == 0);
}

/* --- saved state: multicast list, hash, static grants --------------------------- */

static struct mapquota quota = { .guest_max = GREF_MAP_MAX - 1, .all_max = GREF_MAP_MAX };
static struct vif_settings settings;
static const struct gref_map_use use = { .quota = &quota, .log = &settings.log };
static struct vif_conn l = { .name = "vif1.0", .settings = &settings };

static void load_tables(void)
{
	struct vif_conn_params params = { .name = "vif1.0", .adopt = true };
	char path[128];

	snprintf(path, sizeof(path), "%s/vif1.0.tables", dir);
	params.tables_fd = statemap_open(path, sizeof(struct vif_saved));
	PROMISE(params.tables_fd >= 0);
	memset(&l.hash, 0x55, sizeof(l.hash));
	PROMISE(gref_map_new(&l.gref_map, &use) == 0);
	PROMISE(vif_saved_open(&l, &params) == 0);
	close(params.tables_fd);
}

static void leave_tables(void)
{
	vif_saved_close(&l);
	gref_map_free(l.gref_map);
	PROMISE(mapped == 0 && atomic_load(&quota.all) == 0);
	area_used = 0;
}

static unsigned int list_tables(char *hash, uint8_t (*addr)[6])
{
	memset(addr, 0, MCAST_MAX * sizeof(*addr));
	hash_print(&l.hash, hash, HASH_TEXT_MAX);
	return mcast_list(settings.mcast, addr);
}

/* Checks that each grant of the table is found at the page that was mapped for it, and that no other page is
 * mapped. */
static void check_grants(const struct gref_map *s)
{
	unsigned int found = 0;

	PROMISE(gref_map_count(s) <= GREF_MAP_MAX && gref_map_count(s) == mapped);
	for (unsigned int p = 0; p < area_used; p++) {
		struct gref ref = { at_page[p].ref };
		const uint8_t *page = area + (size_t)p * XEN_PAGE;

		if (at_page[p].access == (enum grant_access)7)
			continue;
		PROMISE(gref_map_read(s, ref, 0) == page);
		PROMISE(gref_map_write(s, ref) == (at_page[p].access == GRANT_READ_WRITE ? page : NULL));
		found++;
	}
	PROMISE(found == mapped && atomic_load(&quota.all) == mapped && mapped <= quota.guest_max);
}

static void check_tables(unsigned int n, uint8_t (*addr)[6])
{
	PROMISE(n <= MCAST_MAX);
	for (unsigned int i = 0; i < n; i++)
		PROMISE(addr[i][0] & 1);
	PROMISE(l.hash.algorithm <= 1 && l.hash.flags <= 15 && l.hash.size <= HASH_MAPPING_MAX);
	for (unsigned int i = 0; i < l.hash.size; i++)
		PROMISE(l.hash.mapping[i] < l.conf.queues);
	check_grants(l.gref_map);
}

/* Makes the file as a daemon leaves it, but with bytes of the input in all of its tables, in one of
 * them, or in the whole file. */
static void plant_tables(unsigned int how)
{
	static struct vif_saved k;
	size_t from = offsetof(struct vif_saved, mcast), to = sizeof(k);
	FILE *f;
	char path[128];

	memset(&k, 0, sizeof(k));
	memcpy(k.magic, SAVED_MAGIC, sizeof(SAVED_MAGIC));
	snprintf(k.connection, sizeof(k.connection), "%s", how & 0x80 ? CONNECTION " " : CONNECTION);
	switch (how >> 4 & 7) {
	case 0:
		from = 0;
		break;
	case 1:
		to = offsetof(struct vif_saved, hash_seq);
		break;
	case 2:
		from = offsetof(struct vif_saved, hash_seq), to = offsetof(struct vif_saved, grants_seq);
		break;
	case 3:
		from = offsetof(struct vif_saved, hash), to = offsetof(struct vif_saved, grants_seq);
		break;
	case 4:
		from = offsetof(struct vif_saved, grants_seq);
		break;
	case 5:
		from = offsetof(struct vif_saved, grant), k.ngrants = (uint32_t)(input_left / sizeof(k.grant[0]));
		break;
	}
	eat((uint8_t *)&k + from, to - from, &input, &input_left);
	snprintf(path, sizeof(path), "%s/vif1.0.tables", dir);
	f = fopen(path, "w");
	PROMISE(f);
	fwrite(&k, 1, sizeof(k), f);
	PROMISE(fclose(f) == 0);
}

static void delete_grants(void)
{
	unsigned int before = gref_map_count(l.gref_map);
	struct xen_netif_gref list[8] = { 0 };

	for (unsigned int i = 0; i < 8; i++)
		list[i].ref = eat8(&input, &input_left);
	before -= gref_map_del(l.gref_map, list, 8, NULL, 0);
	PROMISE(gref_map_count(l.gref_map) <= before);
	check_grants(l.gref_map);
}

static void tables(unsigned int how)
{
	char was[HASH_TEXT_MAX], is[HASH_TEXT_MAX];
	uint8_t addr[MCAST_MAX][6], then[MCAST_MAX][6];
	unsigned int n, grants;

	l.conf.queues = 1 + how % 16;
	l.conf.ctrl = true;
	fail_after = how & 8 ? how & 3 : UINT_MAX;
	snprintf(l.connection, sizeof(l.connection), CONNECTION);
	plant_tables(how);
	load_tables();
	n = list_tables(was, addr);
	check_tables(n, addr);
	grants = gref_map_count(l.gref_map);
	PROMISE(!(how & 0x80) || !(how & 0x70) || (n == 0 && l.hash.algorithm == 0 && l.hash.size == 0 && grants == 0));
	fail_after = UINT_MAX;
	leave_tables();
	load_tables();
	PROMISE(list_tables(is, then) == n && memcmp(addr, then, sizeof(addr)) == 0);
	PROMISE(strcmp(was, is) == 0 && gref_map_count(l.gref_map) == grants);
	check_tables(n, then);
	delete_grants();
	leave_tables();
	clear("vif1.0.tables");
}

static void finish(void)
{
	rmdir(dir);
}

static void start(void)
{
	log_init("fuzz", LOG_LEVEL_ERROR);
	snprintf(dir, sizeof(dir), "%s/netpair-state.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	PROMISE(mkdtemp(dir));
	atexit(finish);
	area = mmap(NULL, (size_t)RUN_PAGES_MAX * XEN_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	PROMISE(area != MAP_FAILED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t what, how;

	if (!area)
		start();
	input = data;
	input_left = size;
	what = eat8(&input, &input_left);
	how = eat8(&input, &input_left);
	switch (what & 3) {
	case 0:
		device(how);
		break;
	case 1:
		device_of_text();
		break;
	default:
		tables(how);
		break;
	}
	return 0;
}
