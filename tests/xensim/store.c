/* SPDX-License-Identifier: MIT */
/* store.c - xensim's xenstore through the real libxenstore, for dom0, guest 1, and guest 2, which may not access
 * the others' nodes: reads, writes, permissions, transactions, watches, quotas */
#include "check.h"

#include <poll.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenstore.h>

static struct xs_handle *x0;
static struct xs_handle *x0b; /* a second client of domain 0 */
static struct xs_handle *x1;
static struct xs_handle *x2;

static void open_all(void)
{
	be_domain(0);
	x0 = xs_open(0);
	x0b = xs_open(0);
	be_domain(1);
	x1 = xs_open(0);
	be_domain(2);
	x2 = xs_open(0);
	CHECK(x0 && x0b && x1 && x2);
}

static bool put(struct xs_handle *h, const char *path, const char *value)
{
	return xs_write(h, XBT_NULL, path, value, (unsigned)strlen(value));
}

static bool has(struct xs_handle *h, xs_transaction_t t, const char *path, const char *value)
{
	unsigned len = 0;
	char *v = xs_read(h, t, path, &len);
	bool same = v && len == strlen(value) && !memcmp(v, value, len);

	free(v);
	return same;
}

static bool refused(bool worked, int err)
{
	return !worked && errno == err;
}

static bool read_refused(struct xs_handle *h, const char *path, int err)
{
	unsigned len;
	char *v = xs_read(h, XBT_NULL, path, &len);
	int got = errno;

	free(v);
	return !v && got == err;
}

static bool set_perms(struct xs_handle *h, const char *path, unsigned owner, unsigned other, unsigned bits)
{
	struct xs_permissions p[2] = { { .id = owner, .perms = XS_PERM_NONE }, { .id = other, .perms = bits } };

	return xs_set_permissions(h, XBT_NULL, path, p, 2);
}

static void relative_paths(void)
{
	char *path = xs_get_domain_path(x1, 1);

	CHECK(path && !strcmp(path, "/local/domain/1"));
	free(path);
	CHECK(put(x1, "data/a", "1"));
	CHECK(has(x0, XBT_NULL, "/local/domain/1/data/a", "1") && has(x1, XBT_NULL, "data/a", "1"));
	CHECK(put(x0, "own", "zero") && has(x0, XBT_NULL, "/local/domain/0/own", "zero"));
	CHECK(has(x1, XBT_NULL, "name", "one") && has(x2, XBT_NULL, "domid", "2"));
	CHECK(xs_rm(x1, XBT_NULL, "data/a") && read_refused(x0, "/local/domain/1/data/a", ENOENT));
	CHECK(xs_rm(x0, XBT_NULL, "own"));
}

static void permissions_are_each_domains(void)
{
	struct xs_permissions *p;
	unsigned n = 0;

	CHECK(put(x1, "data/mine", "x"));
	CHECK(read_refused(x2, "/local/domain/1/data/mine", EACCES));
	CHECK(refused(put(x2, "/local/domain/1/data/mine", "y"), EACCES));
	CHECK(refused(put(x1, "/local/domain/2/data/new", "y"), EACCES));
	CHECK(refused(put(x1, "name", "other"), EACCES)); /* the guest may only read it */
	CHECK(set_perms(x1, "data/mine", 1, 2, XS_PERM_READ));
	CHECK(has(x2, XBT_NULL, "/local/domain/1/data/mine", "x"));
	CHECK(refused(put(x2, "/local/domain/1/data/mine", "y"), EACCES));
	CHECK(set_perms(x1, "data/mine", 1, 2, XS_PERM_READ | XS_PERM_WRITE));
	CHECK(put(x2, "/local/domain/1/data/mine", "y") && has(x1, XBT_NULL, "data/mine", "y"));
	CHECK(refused(set_perms(x2, "/local/domain/1/data/mine", 2, 1, XS_PERM_NONE), EACCES));
	CHECK(refused(set_perms(x1, "data/mine", 2, 1, XS_PERM_NONE), EPERM)); /* a guest cannot change the owner */
	p = xs_get_permissions(x0, XBT_NULL, "/local/domain/1/data/mine", &n);
	CHECK(p && n == 2 && p[0].id == 1 && p[1].id == 2 && p[1].perms == (XS_PERM_READ | XS_PERM_WRITE));
	free(p);
	CHECK(xs_rm(x1, XBT_NULL, "data/mine"));
}

static void values_are_bytes(void)
{
	static const char value[] = "a\0b\377";
	unsigned len = 0;
	char *v;

	CHECK(xs_write(x1, XBT_NULL, "data/bytes", value, 4));
	v = xs_read(x1, XBT_NULL, "data/bytes", &len);
	CHECK(v && len == 4 && !memcmp(v, value, 4));
	free(v);
	CHECK(put(x1, "data/bytes", "") && has(x1, XBT_NULL, "data/bytes", ""));
	CHECK(refused(put(x1, "data/sp ace", "1"), EINVAL));
	CHECK(refused(put(x1, "data//x", "1"), EINVAL));
	CHECK(refused(put(x1, "data/", "1"), EINVAL));
	CHECK(xs_rm(x1, XBT_NULL, "data/bytes"));
}

static void transactions(void)
{
	xs_transaction_t t = xs_transaction_start(x0);

	CHECK(t && xs_write(x0, t, "/t/a", "1", 1) && has(x0, t, "/t/a", "1"));
	CHECK(read_refused(x0, "/t/a", ENOENT) && read_refused(x0b, "/t/a", ENOENT));
	CHECK(xs_transaction_end(x0, t, false) && has(x0b, XBT_NULL, "/t/a", "1"));
	t = xs_transaction_start(x0);
	CHECK(xs_rm(x0, t, "/t") && !has(x0, t, "/t/a", "1") && has(x0b, XBT_NULL, "/t/a", "1"));
	CHECK(xs_transaction_end(x0, t, true) && has(x0, XBT_NULL, "/t/a", "1"));
	errno = 0;
	CHECK(refused(xs_transaction_end(x0, t, false), ENOENT));
}

static void transactions_conflict(void)
{
	xs_transaction_t t = xs_transaction_start(x0);
	xs_transaction_t u = xs_transaction_start(x0b);

	CHECK(has(x0, t, "/t/a", "1") && has(x0b, u, "/t/a", "1"));
	CHECK(xs_write(x0, t, "/t/a", "2", 1) && xs_write(x0b, u, "/t/a", "3", 1));
	CHECK(xs_transaction_end(x0, t, false));
	CHECK(refused(xs_transaction_end(x0b, u, false), EAGAIN) && has(x0, XBT_NULL, "/t/a", "2"));
	t = xs_transaction_start(x0); /* a write outside conflicts, too */
	CHECK(has(x0, t, "/t/a", "2") && put(x0b, "/t/a", "4") && xs_write(x0, t, "/t/b", "1", 1));
	CHECK(refused(xs_transaction_end(x0, t, false), EAGAIN) && read_refused(x0, "/t/b", ENOENT));
	t = xs_transaction_start(x0); /* reading a node that does not exist counts, too */
	CHECK(!has(x0, t, "/t/c", "1") && put(x0b, "/t/c", "5") && xs_write(x0, t, "/elsewhere", "1", 1));
	CHECK(refused(xs_transaction_end(x0, t, false), EAGAIN));
	t = xs_transaction_start(x0); /* unrelated nodes do not conflict */
	CHECK(has(x0, t, "/t/a", "4") && put(x0b, "/t/c", "6") && xs_write(x0, t, "/t/a", "7", 1));
	CHECK(xs_transaction_end(x0, t, false) && has(x0, XBT_NULL, "/t/a", "7"));
	CHECK(xs_rm(x0, XBT_NULL, "/t"));
}

/* Checks that the next event comes within ms milliseconds and is for this path and token. */
static bool event(struct xs_handle *h, int ms, const char *path, const char *token)
{
	struct pollfd p = { .fd = xs_fileno(h), .events = POLLIN };
	char **w = poll(&p, 1, ms) == 1 ? xs_check_watch(h) : NULL;
	bool same = w && !strcmp(w[XS_WATCH_PATH], path) && !strcmp(w[XS_WATCH_TOKEN], token);

	if (w && !same)
		printf("# event %s %s\n", w[XS_WATCH_PATH], w[XS_WATCH_TOKEN]);
	free(w);
	return same;
}

/* Checks that no event comes: events are sent before the answer to their cause, so one round trip is enough. */
static bool silent(struct xs_handle *h)
{
	struct pollfd p = { .fd = xs_fileno(h), .events = POLLIN };

	free(xs_get_domain_path(h, 0));
	return poll(&p, 1, 0) == 0;
}

static void watches(void)
{
	CHECK(xs_watch(x1, "data", "rel") && event(x1, 1000, "data", "rel"));
	CHECK(xs_watch(x1, "/local/domain/1/data", "abs") && event(x1, 1000, "/local/domain/1/data", "abs"));
	CHECK(refused(xs_watch(x1, "data", "rel"), EEXIST));
	CHECK(put(x0, "/local/domain/1/data/w", "1"));
	CHECK(event(x1, 1000, "data/w", "rel") && event(x1, 1000, "/local/domain/1/data/w", "abs"));
	CHECK(put(x0, "/local/domain/1/other", "1") && silent(x1));
	CHECK(xs_unwatch(x1, "/local/domain/1/data", "abs"));
	CHECK(xs_rm(x0, XBT_NULL, "/local/domain/1/data/w") && event(x1, 1000, "data/w", "rel"));
	CHECK(xs_unwatch(x1, "data", "rel") && refused(xs_unwatch(x1, "data", "rel"), ENOENT));
	CHECK(put(x0, "/local/domain/1/data/w", "1") && silent(x1));
	CHECK(xs_rm(x0, XBT_NULL, "/local/domain/1/data/w"));
}

static void watches_see_what_may_be_read(void)
{
	CHECK(xs_watch(x2, "/local/domain/1/data", "spy") && event(x2, 1000, "/local/domain/1/data", "spy"));
	CHECK(put(x1, "data/secret", "1") && silent(x2));
	CHECK(set_perms(x1, "data/secret", 1, 2, XS_PERM_READ) && event(x2, 1000, "/local/domain/1/data/secret", "spy"));
	CHECK(put(x1, "data/secret", "2") && event(x2, 1000, "/local/domain/1/data/secret", "spy"));
	CHECK(xs_rm(x1, XBT_NULL, "data/secret") && event(x2, 1000, "/local/domain/1/data/secret", "spy"));
	CHECK(xs_unwatch(x2, "/local/domain/1/data", "spy"));
}

static void watches_wait_for_the_commit(void)
{
	xs_transaction_t t;

	CHECK(put(x0, "/w/sub/leaf", "1") && xs_watch(x0, "/w", "top") && event(x0, 1000, "/w", "top"));
	CHECK(xs_watch(x0, "/w/sub/leaf", "leaf") && event(x0, 1000, "/w/sub/leaf", "leaf"));
	t = xs_transaction_start(x0b);
	CHECK(xs_write(x0b, t, "/w/x", "1", 1) && silent(x0));
	CHECK(xs_transaction_end(x0b, t, true) && silent(x0));
	t = xs_transaction_start(x0b);
	CHECK(xs_write(x0b, t, "/w/x", "1", 1) && xs_transaction_end(x0b, t, false));
	CHECK(event(x0, 1000, "/w/x", "top"));
	CHECK(xs_rm(x0b, XBT_NULL, "/w/sub")); /* watches above fire once, each watch on a removed node once */
	CHECK(event(x0, 1000, "/w/sub/leaf", "leaf") && event(x0, 1000, "/w/sub", "top") && silent(x0));
	CHECK(xs_unwatch(x0, "/w", "top") && xs_unwatch(x0, "/w/sub/leaf", "leaf"));
	CHECK(xs_rm(x0, XBT_NULL, "/w"));
}

static bool xensim(const char *words)
{
	const char *exe = getenv("XENSIM");
	char line[512];

	snprintf(line, sizeof(line), "LD_LIBRARY_PATH= %s %s >/dev/null", exe ? exe : "xensim", words);
	return system(line) == 0;
}

static void special_watches(void)
{
	CHECK(xs_watch(x0, "@introduceDomain", "in") && event(x0, 1000, "@introduceDomain", "in"));
	CHECK(xs_watch(x0, "@releaseDomain", "out") && event(x0, 1000, "@releaseDomain", "out"));
	CHECK(!xs_is_domain_introduced(x0, 3));
	CHECK(xensim("domain three") && event(x0, 1000, "@introduceDomain", "in"));
	CHECK(xs_is_domain_introduced(x0, 3) && has(x0, XBT_NULL, "/local/domain/3/name", "three"));
	CHECK(xensim("destroy three") && event(x0, 1000, "@releaseDomain", "out"));
	CHECK(!xs_is_domain_introduced(x0, 3) && read_refused(x0, "/local/domain/3/name", ENOENT));
	CHECK(xs_unwatch(x0, "@introduceDomain", "in") && xs_unwatch(x0, "@releaseDomain", "out"));
	CHECK(refused(xs_release_domain(x1, 2), EACCES));
}

static void node_size_is_limited(void)
{
	static char big[4096];

	memset(big, 'x', sizeof(big));
	CHECK(xs_write(x1, XBT_NULL, "data/big", big, 1900));
	CHECK(refused(xs_write(x1, XBT_NULL, "data/big", big, 2048), ENOSPC));
	CHECK(xs_write(x0, XBT_NULL, "/local/domain/1/data/big", big, 4000)); /* dom0 has no quota */
	CHECK(refused(xs_write(x0, XBT_NULL, "/big", big, 4096), E2BIG)); /* but the protocol's payload ends there */
	CHECK(xs_rm(x1, XBT_NULL, "data/big"));
}

static void quotas(void)
{
	xs_transaction_t t[16];
	char path[64];
	unsigned n;
	int i;

	for (i = 0; i < 2000; i++) {
		snprintf(path, sizeof(path), "data/q%d/n%d", i / 100, i % 100);
		if (!put(x1, path, "1"))
			break;
	}
	CHECK(errno == ENOSPC && i > 900 && i < 1000);
	CHECK(put(x1, "data/q0/n0", "2") && put(x2, "data/free", "1"));
	for (i = 0; i < 20; i++)
		xs_rm(x1, XBT_NULL, (snprintf(path, sizeof(path), "data/q%d", i), path));
	for (i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "data/w%d", i);
		if (!xs_watch(x1, path, path))
			break;
	}
	CHECK(errno == E2BIG && i == 128);
	while (i--)
		xs_unwatch(x1, (snprintf(path, sizeof(path), "data/w%d", i), path), path);
	while (silent(x1) == false)
		free(xs_read_watch(x1, &n));
	for (i = 0; i < 16; i++) {
		t[i] = xs_transaction_start(x1);
		if (t[i] == XBT_NULL)
			break;
	}
	CHECK(errno == ENOSPC && i >= 10 && i < 16);
	while (i--)
		CHECK(xs_transaction_end(x1, t[i], true));
}

static void long_directories_come_in_parts(void)
{
	char path[64];
	bool seen[600] = { false };
	char **list;
	unsigned n = 0;
	unsigned i;

	for (i = 0; i < 600; i++) {
		snprintf(path, sizeof(path), "/parts/a-long-name-%u", i);
		CHECK(put(x0, path, "1"));
	}
	list = xs_directory(x0, XBT_NULL, "/parts", &n);
	CHECK(list && n == 600);
	for (i = 0; list && i < n; i++) {
		unsigned at = 600;

		if (sscanf(list[i], "a-long-name-%u", &at) == 1 && at < 600)
			seen[at] = true;
	}
	for (i = 0; i < 600; i++)
		CHECK(seen[i]);
	free(list);
	CHECK(xs_rm(x0, XBT_NULL, "/parts"));
}

static void directories(void)
{
	char **list;
	unsigned n = 9;

	CHECK(xs_mkdir(x1, XBT_NULL, "data/dir/sub") && xs_mkdir(x1, XBT_NULL, "data/dir/sub"));
	list = xs_directory(x1, XBT_NULL, "data/dir", &n);
	CHECK(list && n == 1 && !strcmp(list[0], "sub"));
	free(list);
	list = xs_directory(x1, XBT_NULL, "data/dir/sub", &n);
	CHECK(list && n == 0);
	free(list);
	CHECK(xs_rm(x1, XBT_NULL, "data/dir") && xs_rm(x1, XBT_NULL, "data/dir"));
	CHECK(refused(xs_rm(x1, XBT_NULL, "data/none/below"), ENOENT));
}

int main(void)
{
	CASE(open_all);
	if (checks_failed)
		return checks_done();
	CASE(relative_paths);
	CASE(permissions_are_each_domains);
	CASE(values_are_bytes);
	CASE(transactions);
	CASE(transactions_conflict);
	CASE(watches);
	CASE(watches_see_what_may_be_read);
	CASE(watches_wait_for_the_commit);
	CASE(special_watches);
	CASE(node_size_is_limited);
	CASE(quotas);
	CASE(long_directories_come_in_parts);
	CASE(directories);
	xs_close(x0);
	xs_close(x0b);
	xs_close(x1);
	xs_close(x2);
	return checks_done();
}
