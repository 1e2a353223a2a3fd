/* SPDX-License-Identifier: MIT */
/* fuzz-state.c - the files of the run directory, with anything in them: a device's state, a guest's
 * tables, its static grants
 *
 * Input: one byte which file, one how, then its text. Where a file begins with the connection that
 * it is of, the right one is put in front, unless the input says otherwise.
 *
 * Promised, whatever is in a file:
 * - what is believed is within bounds: an ifindex is a positive int, an entry of the hash's table is
 *   a queue that there is, an address is a multicast one, a grant is found once, where it was mapped;
 * - what was read is written, and read again as the same;
 * - of a file of another connection nothing is believed;
 * - what is mapped is unmapped.
 */
#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#include "../../common/devstate.h"
#include "../../backend/kept.c"
#include "../../backend/statics.c"

#define CONNECTION "ctrl=1,2 mask=0,0 3,4,5,5"

static char dir[64];
static const uint8_t *input;
static size_t input_left;

/* --- in place of grant.c: pages that nobody touches ------------------------- */

#define RUN_PAGES_MAX 4096u

static uint8_t *area;
static unsigned int mapped, area_used, fail_after;
static struct { uint32_t ref; enum grant_access access; } at_page[RUN_PAGES_MAX];

void *grant_map_run(struct grant_dev *g, const struct gref *grefs, unsigned int n, enum grant_access access, int *err)
{
	uint8_t *run = area + (size_t)area_used * XEN_PAGE;

	(void)g;
	PROMISE(n > 0 && n <= STATICS_LIST_MAX);
	/* A deleted entry's run is mapped anew: more than that no input does. */
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
		at_page[first + i].access = (enum grant_access)7;	/* not a second time */
		at_page[first + i].ref = UINT32_MAX;
	}
	mapped -= n;
}

/* --- files ------------------------------------------------------------------- */

/* A file of the run directory, its first line the connection, its rest the input's. */
static void plant(const char *name, const char *first)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	PROMISE(f);
	if (first)
		fprintf(f, "%s\n", first);
	fwrite(input, 1, input_left, f);
	PROMISE(fclose(f) == 0);
}

static void clear(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

/* --- a device's state -------------------------------------------------------- */

static void device(void)
{
	struct devstate st, again;

	plant("nic0", NULL);
	if (devstate_read(&st, dir, "nic0")) {
		static const struct devstate nothing;

		PROMISE(memcmp(&st, &nothing, sizeof(st)) == 0);
		/* It is out of the way. */
		PROMISE(devstate_read(&again, dir, "nic0") == -ENOENT);
		clear("nic0.bad");
		return;
	}
	PROMISE(st.ifindex > 0 && st.ifindex <= INT_MAX && st.mtu_before <= INT_MAX);
	PROMISE(strlen(st.domain) < sizeof(st.domain) && strlen(st.mac) < sizeof(st.mac) && strlen(st.mtu) < sizeof(st.mtu));
	PROMISE(devstate_write(&st, dir, "nic0") == 0);
	PROMISE(devstate_read(&again, dir, "nic0") == 0);
	PROMISE(st.ifindex == again.ifindex && st.netns == again.netns && st.mtu_before == again.mtu_before);
	PROMISE(strcmp(st.domain, again.domain) == 0 && strcmp(st.mac, again.mac) == 0 && strcmp(st.mtu, again.mtu) == 0);
	devstate_remove(dir, "nic0");
}

/* Text of a key as it comes from xenstore is written, or refused: no line more is read than was meant. */
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

/* --- a guest's tables --------------------------------------------------------- */

static struct vif_live live;
static struct vif_link l = { .name = "vif1.0", .live = &live };

static void load_tables(void)
{
	struct vif_place place = { .name = "vif1.0", .run_dir = dir, .resume = true };

	memset(&l.hash, 0x55, sizeof(l.hash));
	memset(&live.mcast, 0x55, sizeof(live.mcast));
	vif_kept_load(&l, &place);
}

static unsigned int list_tables(char *hash, uint8_t (*addr)[6])
{
	memset(addr, 0, MCAST_MAX * sizeof(*addr));
	hash_print(&l.hash, hash, HASH_TEXT_MAX);
	return mcast_list(&live.mcast, addr);
}

static void tables(unsigned int how)
{
	char was[HASH_TEXT_MAX], is[HASH_TEXT_MAX];
	uint8_t addr[MCAST_MAX][6], then[MCAST_MAX][6];
	struct vif_worker w = { .link = &l };
	unsigned int n;

	l.conf.queues = 1 + how % 16;
	snprintf(l.connection, sizeof(l.connection), CONNECTION);
	plant("vif1.0.tables", how & 0x80 ? CONNECTION " " : CONNECTION);
	load_tables();
	n = list_tables(was, addr);
	PROMISE(n <= MCAST_MAX);
	for (unsigned int i = 0; i < n; i++)
		PROMISE(mcast_applies(addr[i]));
	PROMISE(l.hash.algorithm <= 1 && l.hash.flags <= 15 && l.hash.size <= HASH_MAPPING_MAX);
	for (unsigned int i = 0; i < l.hash.size; i++)
		PROMISE(l.hash.mapping[i] < l.conf.queues);
	PROMISE(!(how & 0x80) || (n == 0 && l.hash.algorithm == 0 && l.hash.size == 0));
	vif_kept_save(&w);
	load_tables();
	PROMISE(list_tables(is, then) == n && memcmp(addr, then, sizeof(addr)) == 0);
	PROMISE(strcmp(was, is) == 0);
	clear("vif1.0.tables");
}

/* --- static grants ------------------------------------------------------------- */

/* Each that the table has is found at the page that was mapped for it, and so are all that are mapped. */
static void check_grants(const struct statics *s)
{
	unsigned int found = 0;

	PROMISE(statics_count(s) <= STATICS_MAX && statics_count(s) == mapped);
	for (unsigned int p = 0; p < area_used; p++) {
		struct gref ref = { at_page[p].ref };
		const uint8_t *page = area + (size_t)p * XEN_PAGE;

		if (at_page[p].access == (enum grant_access)7)
			continue;
		PROMISE(statics_read(s, ref, 0) == page);
		PROMISE(statics_write(s, ref) == (at_page[p].access == GRANT_READ_WRITE ? page : NULL));
		found++;
	}
	PROMISE(found == mapped);
}

static void grants(unsigned int how)
{
	struct statics *s, *next;
	struct xen_netif_gref list[8] = { 0 };
	char path[128];
	unsigned int before;

	area_used = 0;
	fail_after = how & 0x40 ? how & 3 : UINT_MAX;
	snprintf(path, sizeof(path), "%s/vif1.0.grants", dir);
	plant("vif1.0.grants", how & 0x80 ? CONNECTION "0" : CONNECTION);
	PROMISE(statics_new(&s, NULL) == 0);
	statics_load(s, path, CONNECTION);
	check_grants(s);
	PROMISE(!(how & 0x80) || statics_count(s) == 0);
	fail_after = UINT_MAX;
	before = statics_count(s);
	PROMISE(statics_save(s, path, CONNECTION) == 0);
	PROMISE(statics_new(&next, NULL) == 0);
	statics_free(s);
	PROMISE(mapped == 0);
	area_used = 0;
	statics_load(next, path, CONNECTION);
	PROMISE(statics_count(next) == before);
	check_grants(next);
	for (unsigned int i = 0; i < 8; i++)
		list[i].ref = eat8(&input, &input_left) - (uint32_t)'0';
	before -= statics_del(next, list, 8, NULL, 0);
	PROMISE(statics_count(next) <= before);
	check_grants(next);
	statics_free(next);
	PROMISE(mapped == 0);
	clear("vif1.0.grants");
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
	pthread_mutex_init(&l.kept_lock, NULL);
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
		device();
		break;
	case 1:
		device_of_text();
		break;
	case 2:
		tables(how);
		break;
	default:
		grants(how);
		break;
	}
	return 0;
}
