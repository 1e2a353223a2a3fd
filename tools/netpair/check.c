/* SPDX-License-Identifier: MIT */
/* check.c - netpair check: what a daemon's start would need on this host, with the cure for what lacks */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/abi.h"
#include "common/base/errtext.h"
#include "common/host/kernel.h"
#include "common/host/options.h"
#include "common/host/store.h"
#include "common/host/taplimit.h"
#include "netpair.h"
#include "xen.h"

enum check_result { CHECK_OK, CHECK_WEAKER, CHECK_MISSING };

struct check {
	const struct tool *tool;
	json_t *rows;
	bool missing;		/* something without which the daemon does not start */
};

/* Adds a row: what was looked at, what was seen, and what helps. */
static void check_add(struct check *c, enum check_result result, const char *what, const char *seen, const char *cure)
{
	static const char *const names[] = { "ok", "weaker", "missing" };
	json_t *row = json_object();

	(void)!json_object_set_new(row, "check", json_string(what));
	(void)!json_object_set_new(row, "result", json_string(names[result]));
	(void)!json_object_set_new(row, "seen", json_string(seen));
	if (result != CHECK_OK)
		(void)!json_object_set_new(row, "cure", json_string(cure));
	(void)!json_array_append_new(c->rows, row);
	c->missing = c->missing || result == CHECK_MISSING;
}

/* Opens and closes a device. */
static void check_device(struct check *c, const char *path, const char *cure)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	check_add(c, fd < 0 ? CHECK_MISSING : CHECK_OK, path, fd < 0 ? errtext(ERRTEXT_FILE, -errno) : "can be opened", cure);
	if (fd >= 0)
		close(fd);
}

static void check_store(struct check *c)
{
	struct store *store;
	uint32_t domid;
	char text[80];
	int err = store_open(&store, "data/netpair-check");

	if (err) {
		check_add(c, CHECK_MISSING, "xenstored", errtext(ERRTEXT_STORE, err), "start xenstored (dom0), or mount xenfs and load xen-xenbus-frontend (guest)");
		return;
	}
	err = store_read_u32(store, &domid, "domid", "");
	if (err)
		snprintf(text, sizeof(text), "answers; this domain's number: %s", errtext(ERRTEXT_STORE, err));
	else
		snprintf(text, sizeof(text), "answers; this is domain %" PRIu32, domid);
	check_add(c, CHECK_OK, "xenstored", text, "");
	store_close(store);
}

/* Appends the name of a VIF that the kernel's driver serves, while there is room. */
static void check_append(char *list, size_t len, const char *name)
{
	size_t used = strlen(list);

	if (used + strlen(name) + 5 < len)
		snprintf(list + used, len - used, "%s%s", used ? " " : "", name);
	else if (used + 4 < len)
		snprintf(list + used, len - used, " ...");
}

/* Lists the VIFs that the kernel's driver has: their guests would lose their interface with it. */
static void check_kernel(struct check *c)
{
	enum kernel_side side = c->tool->frontend ? KERNEL_FRONTEND : KERNEL_BACKEND;
	const char *driver = side == KERNEL_BACKEND ? "the kernel's netback" : "the kernel's netfront";
	char list[200] = "", seen[260];
	const struct dirent *e;
	DIR *d;

	if (!kernel_driver_present(side)) {
		check_add(c, CHECK_OK, driver, "is not loaded", "");
		return;
	}
	d = opendir(side == KERNEL_BACKEND ? "/sys/bus/xen-backend/drivers/vif" : "/sys/bus/xen/drivers/vif");
	while (d && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, "vif-", 4) == 0)
			check_append(list, sizeof(list), e->d_name);
	if (d)
		closedir(d);
	snprintf(seen, sizeof(seen), "is loaded%s%s", *list ? " and serves " : " and serves no VIF", list);
	check_add(c, CHECK_MISSING, driver, seen,
		  side == KERNEL_BACKEND ? "rmmod xen-netback and blacklist it (modprobe.d/netbackd.conf), or netbackd --take-over" :
		  "netfrontd --take-over, then blacklist it (modprobe.d/netfrontd.conf)");
}

static void check_files(struct check *c)
{
	struct rlimit limit;
	char seen[60];

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	snprintf(seen, sizeof(seen), "%" PRIu64 " here; the unit sets its own", (uint64_t)limit.rlim_max);
	check_add(c, limit.rlim_max < 4096 ? CHECK_WEAKER : CHECK_OK, "open files", seen, "each VIF takes about 10: raise LimitNOFILE= of the unit");
}

/* Reads a number from a file. Returns false if there is none. */
static bool check_number(uint64_t *out, const char *path)
{
	FILE *f = fopen(path, "re");
	bool got = f && fscanf(f, "%" SCNu64, out) == 1;

	if (f)
		fclose(f);
	return got;
}

static void check_kernel_features(struct check *c)
{
	uint64_t disabled = 0;
	int err = taplimit_works();

	check_add(c, err ? CHECK_WEAKER : CHECK_OK, "limit in bytes for what waits for a guest", err ? errtext(ERRTEXT_FILE, err) : "works",
		  "needs CAP_BPF and Linux 5.8; without, queues are limited by frames");
	if (check_number(&disabled, "/proc/sys/kernel/io_uring_disabled") && disabled)
		check_add(c, CHECK_WEAKER, "io_uring", "is disabled", "sysctl kernel.io_uring_disabled=0; without, each frame is a system call of its own");
	else
		check_add(c, CHECK_OK, "io_uring", "is not disabled", "");
	if (access("/sys/kernel/security/landlock", F_OK) && access("/sys/kernel/security/lsm", F_OK) == 0) {
		char text[200] = "";
		FILE *f = fopen("/sys/kernel/security/lsm", "re");

		if (f && !fgets(text, sizeof(text), f))
			text[0] = '\0';
		if (f)
			fclose(f);
		check_add(c, strstr(text, "landlock") ? CHECK_OK : CHECK_WEAKER, "Landlock", strstr(text, "landlock") ? "is on" : "is off",
			  "lsm=...,landlock on the kernel's command line; without, a data process has one lock less");
	}
}

static void check_daemon(struct check *c)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s.sock", c->tool->run_dir, c->tool->daemon);
	check_add(c, CHECK_OK, c->tool->daemon, access(path, F_OK) == 0 ? "its control socket is there" : "does not run", "");
}

static void check_limits(struct check *c)
{
	uint64_t pages;
	char seen[80];

	if (!c->tool->frontend || !check_number(&pages, "/sys/module/xen_gntalloc/parameters/limit"))
		return;
	snprintf(seen, sizeof(seen), "%" PRIu64 " pages", pages);
	check_add(c, pages < 1024 ? CHECK_WEAKER : CHECK_OK, "xen_gntalloc.limit", seen,
		  "an interface takes about 520 pages: options xen-gntalloc limit=16384 in modprobe.d");
}

static void check_add_fact(void *arg, const char *what, const char *fact)
{
	check_add(arg, CHECK_OK, what, fact, "");
}

static void check_print(const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		unsigned int at = (unsigned int)printf("%-8s %s:", text_of(row, "result"), text_of(row, "check"));

		text_wrap(text_of(row, "seen"), 9, at);
		if (json_object_get(row, "cure")) {
			printf("%9s", "");
			text_wrap(text_of(row, "cure"), 9, 9);
		}
	}
}

int check_run(const struct tool *t, int argc, char **argv)
{
	struct check c = { .tool = t, .rows = json_array() };
	json_t *doc;

	if (options_parse(PROGRAM, "check", NULL, 0, argc, argv) < argc) {
		fprintf(stderr, PROGRAM ": check takes no words\n");
		return TOOL_USAGE;
	}
	check_daemon(&c);
	if (t->frontend)
		check_device(&c, "/dev/xen/gntalloc", "modprobe xen-gntalloc");
	else
		check_device(&c, "/dev/xen/gntdev", "modprobe xen-gntdev");
	check_device(&c, "/dev/xen/evtchn", "modprobe xen-evtchn");
	check_device(&c, "/dev/net/tun", "modprobe tun");
	check_store(&c);
	check_kernel(&c);
	check_files(&c);
	check_kernel_features(&c);
	check_limits(&c);
	xen_each_fact(check_add_fact, &c);
	if (t->json) {
		doc = json_object();
		(void)!json_object_set_new(doc, "schema", json_string("netpair/1"));
		(void)!json_object_set_new(doc, "version", json_string(NETPAIR_VERSION));
		(void)!json_object_set_new(doc, "checks", c.rows);
		return ask_print_json(doc) || c.missing ? TOOL_FAILED : TOOL_OK;
	}
	check_print(c.rows);
	json_decref(c.rows);
	return text_end() || c.missing ? TOOL_FAILED : TOOL_OK;
}
