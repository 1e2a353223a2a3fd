/* SPDX-License-Identifier: MIT */
/* restore.c - save and restore of domain 1: it has a new id and its old handles, and its grants and channels
 * are gone */
#include "check.h"

#include <poll.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/grant_table.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>
#include <xentoollog.h>

#define NEW 3 /* domains 0 to 2 exist already */

static xentoollog_logger *quiet;
static xengntshr_handle *shr;
static xengnttab_handle *tab;
static xenevtchn_handle *e0;
static xenevtchn_handle *e1;
static struct xs_handle *x0;
static struct xs_handle *x1;
static uint8_t *mine;
static uint8_t *theirs;
static uint32_t ref;
static int p0;
static int p1;

static void open_all(void)
{
	be_domain(1);
	shr = xengntshr_open(quiet, 0);
	e1 = xenevtchn_open(quiet, 0);
	x1 = xs_open(0);
	be_domain(0);
	tab = xengnttab_open(quiet, 0);
	e0 = xenevtchn_open(quiet, 0);
	x0 = xs_open(0);
	CHECK(shr && tab && e0 && e1 && x0 && x1);
}

static int copy_from(uint32_t domid, uint32_t r, uint8_t *to)
{
	xengnttab_grant_copy_segment_t s = { .len = 1, .flags = GNTCOPY_source_gref, .status = 99 };

	s.source.foreign.ref = r;
	s.source.foreign.domid = (uint16_t)domid;
	s.dest.virt = to;
	return xengnttab_grant_copy(tab, 1, &s) < 0 ? -errno : s.status;
}

static bool event(struct xs_handle *h, const char *path)
{
	struct pollfd p = { .fd = xs_fileno(h), .events = POLLIN };
	char **w = poll(&p, 1, 1000) == 1 ? xs_check_watch(h) : NULL;
	bool same = w && !strcmp(w[XS_WATCH_PATH], path);

	free(w);
	return same;
}

static char *get(struct xs_handle *h, const char *path)
{
	unsigned len;
	static char buf[256];
	char *v = xs_read(h, XBT_NULL, path, &len);

	snprintf(buf, sizeof(buf), "%s", v ? v : "(none)");
	free(v);
	return buf;
}

static void connected_before(void)
{
	uint8_t byte = 0;

	mine = xengntshr_share_pages(shr, 0, 1, &ref, 1);
	mine[0] = 5;
	theirs = xengnttab_map_grant_ref(tab, 1, ref, PROT_READ | PROT_WRITE);
	CHECK(theirs && copy_from(1, ref, &byte) == GNTST_okay && byte == 5);
	p1 = xenevtchn_bind_unbound_port(e1, 0);
	p0 = xenevtchn_bind_interdomain(e0, 1, (evtchn_port_t)p1);
	CHECK(xenevtchn_pending(e0) == p0 && xenevtchn_unmask(e0, (evtchn_port_t)p0) == 0);
	CHECK(xs_watch(x1, "device", "rel") && event(x1, "device"));
	CHECK(xs_watch(x1, "/local/domain/1/data", "abs") && event(x1, "/local/domain/1/data"));
	CHECK(xs_watch(x0, "@releaseDomain", "out") && event(x0, "@releaseDomain"));
}

static void restore(void)
{
	const char *exe = getenv("XENSIM");
	xs_transaction_t t = xs_transaction_start(x1);
	char line[512];

	snprintf(line, sizeof(line), "LD_LIBRARY_PATH= %s save-restore one >/dev/null", exe ? exe : "xensim");
	CHECK(xs_write(x1, t, "data/x", "1", 1));
	CHECK(system(line) == 0);
	CHECK(!xs_transaction_end(x1, t, false) && errno == ENOENT);
	CHECK(event(x0, "@releaseDomain"));
	CHECK(!xs_is_domain_introduced(x0, 1) && xs_is_domain_introduced(x0, NEW));
}

static void store_is_new(void)
{
	CHECK(!strcmp(get(x1, "domid"), "3") && !strcmp(get(x1, "name"), "one"));
	CHECK(!strcmp(get(x0, "/local/domain/1/name"), "(none)"));
	CHECK(event(x1, "device") && event(x1, "/local/domain/1/data"));
	CHECK(xs_write(x0, XBT_NULL, "/local/domain/3/device/vif/0/state", "1", 1) && event(x1, "device/vif/0/state"));
	CHECK(xs_write(x1, XBT_NULL, "data/y", "1", 1) && !strcmp(get(x0, "/local/domain/3/data/y"), "1"));
}

static void grants_are_dead(void)
{
	uint32_t again;
	uint8_t byte = 0;
	uint8_t *p;
	int i;

	CHECK(mine[0] == 5); /* its memory is kept */
	CHECK(copy_from(1, ref, &byte) == GNTST_bad_domain);
	CHECK(copy_from(NEW, ref, &byte) != GNTST_okay);
	CHECK(!xengnttab_map_grant_ref(tab, 1, ref, PROT_READ) && !xengnttab_map_grant_ref(tab, NEW, ref, PROT_READ));
	CHECK(xengnttab_unmap(tab, theirs, 1) == 0);
	for (i = 0; i < 100; i++) {
		p = xengntshr_share_pages(shr, 0, 1, &again, 1);
		CHECK(p);
		if (i == 0 && p) {
			p[0] = 6;
			CHECK(copy_from(1, again, &byte) == GNTST_bad_domain);
			CHECK(copy_from(NEW, again, &byte) == GNTST_okay && byte == 6);
		}
		CHECK(p && xengntshr_unshare(shr, p, 1) == 0);
	}
	CHECK(mine[0] == 5 && xengntshr_unshare(shr, mine, 1) == 0);
}

static void ports_are_dead(void)
{
	struct pollfd p = { .fd = xenevtchn_fd(e0), .events = POLLIN };
	int q1, q0;

	CHECK(xenevtchn_notify(e1, (evtchn_port_t)p1) == -1 && errno == ENOTCONN);
	CHECK(xenevtchn_notify(e0, (evtchn_port_t)p0) == 0); /* has no effect, as on Xen */
	CHECK(poll(&p, 1, 0) == 0);
	CHECK(xenevtchn_bind_interdomain(e0, 1, (evtchn_port_t)p1) == -1);
	q1 = xenevtchn_bind_unbound_port(e1, 0);
	CHECK(xenevtchn_bind_interdomain(e0, 1, (evtchn_port_t)q1) == -1);
	q0 = xenevtchn_bind_interdomain(e0, NEW, (evtchn_port_t)q1);
	CHECK(q0 > 0 && xenevtchn_pending(e0) == q0 && xenevtchn_unmask(e0, (evtchn_port_t)q0) == 0);
	CHECK(xenevtchn_notify(e1, (evtchn_port_t)q1) == 0 && xenevtchn_pending(e0) == q0);
	CHECK(xenevtchn_notify(e0, (evtchn_port_t)q0) == 0 && xenevtchn_pending(e1) == q1);
	CHECK(xenevtchn_unbind(e1, (evtchn_port_t)q1) == 0 && xenevtchn_unbind(e0, (evtchn_port_t)q0) == 0);
}

int main(void)
{
	quiet = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
	CASE(open_all);
	if (checks_failed)
		return checks_done();
	CASE(connected_before);
	CASE(restore);
	CASE(store_is_new);
	CASE(grants_are_dead);
	CASE(ports_are_dead);
	xengntshr_close(shr);
	xengnttab_close(tab);
	xenevtchn_close(e0);
	xenevtchn_close(e1);
	xs_close(x0);
	xs_close(x1);
	xtl_logger_destroy(quiet);
	return checks_done();
}
