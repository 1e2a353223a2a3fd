/* SPDX-License-Identifier: MIT */
/* faults.c - faults on request (xensim fault): each rule affects the operations that it names, and no others */
#include "check.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xen/grant_table.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>
#include <xentoollog.h>

#define PAGE 4096
#define SEGS 20

static xentoollog_logger *quiet;
static xengntshr_handle *shr;  /* domain 1 */
static xengnttab_handle *tab;  /* domain 0 */
static xenevtchn_handle *e0;
static xenevtchn_handle *e1;
static evtchn_port_t p0;
static evtchn_port_t p1;
static uint32_t refs[SEGS];
static uint8_t *page;
static uint8_t buf[SEGS * PAGE] __attribute__((aligned(PAGE)));

/* Runs the command as a user does. Returns its exit code. */
static int xensim(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static int xensim(const char *fmt, ...)
{
	const char *exe = getenv("XENSIM");
	char line[512];
	va_list ap;
	int n = snprintf(line, sizeof(line), "LD_LIBRARY_PATH= %s ", exe ? exe : "xensim");

	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	strcat(line, " >/dev/null 2>&1");
	n = system(line);
	return WIFEXITED(n) ? WEXITSTATUS(n) : -1;
}

static void open_all(void)
{
	be_domain(1);
	shr = xengntshr_open(quiet, 0);
	e1 = xenevtchn_open(quiet, 0);
	be_domain(0);
	tab = xengnttab_open(quiet, 0);
	e0 = xenevtchn_open(quiet, 0);
	CHECK(shr && tab && e0 && e1);
	page = shr ? xengntshr_share_pages(shr, 0, SEGS, refs, 1) : NULL;
	CHECK(page);
	p1 = (evtchn_port_t)xenevtchn_bind_unbound_port(e1, 0);
	p0 = (evtchn_port_t)xenevtchn_bind_interdomain(e0, 1, p1);
	CHECK(xenevtchn_pending(e0) == (int)p0 && xenevtchn_unmask(e0, p0) == 0);
}

/* Copies the first bytes of n pages. Sets a bit of *arrived for each that arrived, and a bit of *bad for each
 * status that is not okay. Returns what the library's copy returned. */
static int copy(uint32_t n, uint32_t *arrived, uint32_t *bad)
{
	xengnttab_grant_copy_segment_t s[SEGS];
	uint32_t i;
	int ret;

	memset(s, 0, sizeof(s));
	memset(buf, 0, sizeof(buf));
	for (i = 0; i < n; i++) {
		page[i * PAGE] = 7;
		s[i].source.foreign.ref = refs[i];
		s[i].source.foreign.domid = 1;
		s[i].dest.virt = buf + i * PAGE;
		s[i].len = 16;
		s[i].flags = GNTCOPY_source_gref;
	}
	ret = xengnttab_grant_copy(tab, n, s);
	*arrived = *bad = 0;
	for (i = 0; i < n; i++) {
		*arrived |= (uint32_t)(buf[i * PAGE] == 7) << i;
		*bad |= (uint32_t)(s[i].status != GNTST_okay) << i;
	}
	return ret;
}

static uint32_t copy_bad(const char *rule)
{
	uint32_t arrived;
	uint32_t bad;

	CHECK(xensim("fault 0 %s", rule) == 0);
	CHECK(copy(5, &arrived, &bad) == 0);
	CHECK((arrived ^ bad) == 0x1f);
	CHECK(xensim("fault 0 clear") == 0);
	return bad;
}

static void copy_fails_where_told(void)
{
	CHECK(copy_bad("copy fail first") == 0x01);
	CHECK(copy_bad("copy fail middle") == 0x04);
	CHECK(copy_bad("copy fail last status=-3") == 0x10);
	CHECK(copy_bad("copy fail all") == 0x1f);
	CHECK(copy_bad("copy fail every=2") == 0x0a);
	CHECK(copy_bad("copy fail all after=3") == 0x18);
	CHECK(copy_bad("copy fail all times=2") == 0x03);
	CHECK(copy_bad("notify drop") == 0);
}

static void copy_fails_by_seed(void)
{
	uint32_t first = copy_bad("copy fail random=500000 seed=11");
	uint32_t other = first;
	int seed;
	char rule[64];

	CHECK(copy_bad("copy fail random=500000 seed=11") == first);
	CHECK(copy_bad("copy fail random=1000000 seed=11") == 0x1f);
	CHECK(copy_bad("copy fail random=0 seed=11") == 0);
	for (seed = 12; seed < 20 && other == first; seed++) {
		snprintf(rule, sizeof(rule), "copy fail random=500000 seed=%d", seed);
		other = copy_bad(rule);
	}
	CHECK(other != first);
}

static void copy_ends_early(void)
{
	uint32_t arrived;
	uint32_t bad;

	CHECK(xensim("fault 0 copy partial last status=14") == 0);
	errno = 0;
	CHECK(copy(SEGS, &arrived, &bad) == -1 && errno == 14);
	CHECK(arrived == 0xffff && bad == 0); /* Linux copies one batch; the status of the rest says okay, wrongly */
	CHECK(copy(10, &arrived, &bad) == -1 && arrived == 0);
	CHECK(xensim("fault 0 clear") == 0);
	CHECK(copy(SEGS, &arrived, &bad) == 0 && arrived == 0xfffff);
}

static void map_share_and_bind_fail(void)
{
	uint32_t ref;
	void *p;

	CHECK(xensim("fault 0 map fail last times=1 status=12") == 0);
	errno = 0;
	CHECK(!xengnttab_map_domain_grant_refs(tab, 3, 1, refs, PROT_READ) && errno == 12);
	p = xengnttab_map_domain_grant_refs(tab, 3, 1, refs, PROT_READ);
	CHECK(p && xengnttab_unmap(tab, p, 3) == 0);
	CHECK(xensim("fault 1 share fail times=1") == 0);
	CHECK(!xengntshr_share_pages(shr, 0, 1, &ref, 1) && errno == ENOSPC);
	p = xengntshr_share_pages(shr, 0, 1, &ref, 1);
	CHECK(p && xengntshr_unshare(shr, p, 1) == 0);
	CHECK(xensim("fault 1 bind fail times=1 status=28") == 0);
	CHECK(xenevtchn_bind_unbound_port(e1, 0) == -1 && errno == 28);
	CHECK(xensim("fault 0 clear") == 0 && xensim("fault 1 clear") == 0);
}

static bool arrives(int ms)
{
	struct pollfd p = { .fd = xenevtchn_fd(e0), .events = POLLIN };

	if (poll(&p, 1, ms) != 1)
		return false;
	return xenevtchn_pending(e0) == (int)p0 && xenevtchn_unmask(e0, p0) == 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void notify_is_dropped_delayed_failed(void)
{
	int64_t start;

	CHECK(xensim("fault 1 notify drop times=1") == 0);
	CHECK(xenevtchn_notify(e1, p1) == 0 && !arrives(20));
	CHECK(xenevtchn_notify(e1, p1) == 0 && arrives(1000));
	CHECK(xensim("fault 1 clear") == 0 && xensim("fault 1 notify delay ms=60 times=1") == 0);
	start = now_ms();
	CHECK(xenevtchn_notify(e1, p1) == 0 && now_ms() - start < 50);
	CHECK(arrives(2000) && now_ms() - start >= 59);
	CHECK(xensim("fault 1 clear") == 0 && xensim("fault 1 notify fail times=1 status=22") == 0);
	CHECK(xenevtchn_notify(e1, p1) == -1 && errno == 22 && !arrives(0));
	CHECK(xensim("fault 1 clear") == 0);
}

static void storm_goes_on_until_cleared(void)
{
	int i;

	CHECK(xensim("fault 0 storm 1000000") == 0);
	for (i = 0; i < 20; i++)
		CHECK(arrives(2000));
	CHECK(xensim("fault 0 clear") == 0);
	while (arrives(50))
		if (++i > 100)
			break;
	CHECK(i <= 100);
	CHECK(xensim("fault 0 storm 3") == 0);
	for (i = 0; i < 100 && arrives(50); i++)
		;
	CHECK(i >= 1 && i <= 3);
}

/* Runs a process of domain 2 that makes two grants, then writes to the xenstore. Returns how it ended. */
static int victim(const char *rule, bool stopped)
{
	pid_t pid;
	int status = 0;

	CHECK(xensim("fault 2 %s", rule) == 0);
	pid = fork();
	if (pid == 0) {
		be_domain(2);
		execl("/proc/self/exe", "faults", "victim", NULL);
		_exit(9);
	}
	waitpid(pid, &status, stopped ? WUNTRACED : 0);
	if (stopped) {
		CHECK(WIFSTOPPED(status));
		CHECK(xensim("fault 2 clear") == 0 && xensim("thaw 2") == 0);
		waitpid(pid, &status, 0);
	}
	CHECK(xensim("fault 2 clear") == 0);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int be_victim(void)
{
	xengntshr_handle *h = xengntshr_open(NULL, 0);
	struct xs_handle *xs = xs_open(0);
	uint32_t ref[2];
	void *a = h ? xengntshr_share_pages(h, 0, 1, &ref[0], 1) : NULL;
	void *b = a ? xengntshr_share_pages(h, 0, 1, &ref[1], 1) : NULL;
	unsigned len;

	if (!b || !xs || xengntshr_unshare(h, a, 1) < 0)
		return 1;
	if (!xs_write(xs, XBT_NULL, "data/state", "3", 1) || !xs_write(xs, XBT_NULL, "data/state", "4", 1))
		return 2;
	free(xs_read(xs, XBT_NULL, "data/state", &len));
	if (!xs_write(xs, XBT_NULL, "data/after", "4", 1))
		return 3;
	xs_close(xs);
	return 0;
}

static bool stored(const char *path, const char *value)
{
	struct xs_handle *xs;
	unsigned len;
	char *v;
	bool same;

	be_domain(0);
	xs = xs_open(0);
	v = xs ? xs_read(xs, XBT_NULL, path, &len) : NULL;
	same = v && !strcmp(v, value);
	free(v);
	if (xs)
		xs_close(xs);
	return same;
}

static void killed_at_a_point(void)
{
	CHECK(victim("share kill after=1", false) == -SIGKILL);
	CHECK(victim("share kill after=2", false) == 0);
	CHECK(victim("unshare kill", false) == -SIGKILL);
	CHECK(victim("store path=data/state value=3 kill", false) == -SIGKILL);
	CHECK(stored("/local/domain/2/data/state", "3"));
	CHECK(victim("store path=data/state value=5 kill", false) == 0);
	CHECK(victim("read path=data/state kill", false) == -SIGKILL);
	CHECK(victim("read path=data/none kill", false) == 0);
}

static void frozen_at_a_point(void)
{
	CHECK(victim("share freeze times=1", true) == 0);
	CHECK(victim("store path=/state value=4 freeze", true) == 0);
	CHECK(victim("read path=data/state freeze times=1", true) == 0);
	CHECK(stored("/local/domain/2/data/after", "4"));
}

/* A read fails with the rule's errno, so many times as the rule says. */
static void reads_fail(void)
{
	struct xs_handle *xs;
	unsigned len;
	char *v;

	be_domain(0);
	xs = xs_open(0);
	CHECK(xs && xensim("fault 0 read path=domain/1/name fail times=2 after=1") == 0);
	free(v = xs_read(xs, XBT_NULL, "/local/domain/1/name", &len));
	CHECK(v != NULL);
	for (int i = 0; i < 2; i++)
		CHECK(!xs_read(xs, XBT_NULL, "/local/domain/1/name", &len) && errno == EIO);
	free(v = xs_read(xs, XBT_NULL, "/local/domain/1/name", &len));
	CHECK(v != NULL);
	CHECK(xensim("fault 0 read path=domain/1/name fail status=12") == 0);
	CHECK(!xs_read(xs, XBT_NULL, "/local/domain/1/name", &len) && errno == ENOMEM);
	CHECK(xensim("fault 0 clear") == 0);
	xs_close(xs);
}

static void senseless_rules_are_refused(void)
{
	static const char *const rules[] = {
		"copy drop", "map partial", "notify delay", "unmap fail", "fail", "copy every=0", "copy times=x",
		"store kill", "copy path=x kill", "store path=x fail", "read fail", "read path=x drop", "nonsense", "storm 0", "storm x",
	};
	size_t i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		CHECK(xensim("fault 0 %s", rules[i]) == 1);
	for (i = 0; i < 8; i++)
		CHECK(xensim("fault 0 copy times=1 after=1000000") == 0);
	CHECK(xensim("fault 0 copy") == 1);
	CHECK(xensim("fault 0 clear") == 0);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "victim"))
		return be_victim();
	quiet = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
	CASE(open_all);
	if (checks_failed)
		return checks_done();
	CASE(copy_fails_where_told);
	CASE(copy_fails_by_seed);
	CASE(copy_ends_early);
	CASE(map_share_and_bind_fail);
	CASE(notify_is_dropped_delayed_failed);
	CASE(storm_goes_on_until_cleared);
	CASE(killed_at_a_point);
	CASE(frozen_at_a_point);
	CASE(reads_fail);
	CASE(senseless_rules_are_refused);
	xengntshr_close(shr);
	xengnttab_close(tab);
	xenevtchn_close(e0);
	xenevtchn_close(e1);
	xtl_logger_destroy(quiet);
	return checks_done();
}
