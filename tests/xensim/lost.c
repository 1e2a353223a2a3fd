/* SPDX-License-Identifier: MIT */
/* lost.c - the host is killed: each call of the libraries fails or returns, and none hangs */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/grant_table.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>
#include <xentoollog.h>

static xentoollog_logger *quiet;
static xenevtchn_handle *e0;
static xenevtchn_handle *e1;
static xengnttab_handle *tab;
static xengntshr_handle *shr;
static struct xs_handle *xs;
static int p0;
static int p1;
static uint32_t ref;
static uint8_t *mine;
static uint8_t *theirs;

static void open_all(void)
{
	be_domain(1);
	e1 = xenevtchn_open(quiet, 0);
	shr = xengntshr_open(quiet, 0);
	be_domain(0);
	e0 = xenevtchn_open(quiet, 0);
	tab = xengnttab_open(quiet, 0);
	xs = xs_open(0);
	CHECK(e0 && e1 && tab && shr && xs);
	if (!case_ok)
		return;
	p1 = xenevtchn_bind_unbound_port(e1, 0);
	p0 = xenevtchn_bind_interdomain(e0, 1, (evtchn_port_t)p1);
	CHECK(xenevtchn_pending(e0) == p0 && xenevtchn_unmask(e0, (evtchn_port_t)p0) == 0);
	mine = xengntshr_share_pages(shr, 0, 1, &ref, 1);
	theirs = xengnttab_map_grant_ref(tab, 1, ref, PROT_READ);
	CHECK(mine && theirs);
}

static pid_t host_pid(void)
{
	const char *dir = getenv("XENSIM_DIR");
	char path[512];
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/lock", dir ? dir : "");
	f = fopen(path, "r");
	if (f && fscanf(f, "%d", &pid) != 1)
		pid = 0;
	if (f)
		fclose(f);
	return pid;
}

/* Waits in pending(), which must return when the host is gone. */
static void *sleeper(void *arg)
{
	int *result = arg;

	*result = xenevtchn_pending(e1) == -1 ? errno : 0;
	return NULL;
}

static void events_report_the_loss(void)
{
	struct pollfd p = { .fd = xenevtchn_fd(e0), .events = POLLIN };
	pthread_t t;
	int err = 0;

	CHECK(poll(&p, 1, 0) == 0);
	CHECK(pthread_create(&t, NULL, sleeper, &err) == 0);
	CHECK(host_pid() > 1 && kill(host_pid(), SIGKILL) == 0);
	pthread_join(t, NULL);
	CHECK(err == ENODEV);
	CHECK(poll(&p, 1, 5000) == 1 && (p.revents & POLLIN));
	CHECK(xenevtchn_pending(e0) == -1 && errno == ENODEV);
	CHECK(poll(&p, 1, 0) == 1); /* it stays readable */
	CHECK(xenevtchn_pending(e0) == -1 && errno == ENODEV);
	CHECK(fcntl(p.fd, F_SETFL, O_NONBLOCK) == 0);
	CHECK(xenevtchn_pending(e0) == -1 && errno == ENODEV);
}

static void requests_fail(void)
{
	CHECK(xenevtchn_bind_unbound_port(e1, 0) == -1 && errno == ENODEV);
	CHECK(!xengntshr_share_pages(shr, 0, 1, &ref, 1) && errno == ENODEV);
	CHECK(!xengnttab_map_grant_ref(tab, 1, ref, PROT_READ) && errno == ENODEV);
	CHECK(!xenevtchn_open(quiet, 0) && !xengnttab_open(quiet, 0) && !xengntshr_open(quiet, 0));
	CHECK(!xs_write(xs, XBT_NULL, "x", "1", 1));
}

static void memory_stays_until_let_go(void)
{
	mine[3] = 9;
	CHECK(theirs[3] == 9);
	CHECK(xengnttab_unmap(tab, theirs, 1) == 0);
	CHECK(xengntshr_unshare(shr, mine, 1) == 0);
	CHECK(xenevtchn_unbind(e0, (evtchn_port_t)p0) == -1 && errno == ENODEV);
}

int main(void)
{
	quiet = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
	CASE(open_all);
	if (checks_failed)
		return checks_done();
	CASE(events_report_the_loss);
	CASE(requests_fail);
	CASE(memory_stays_until_let_go);
	xenevtchn_close(e0);
	xenevtchn_close(e1);
	xengnttab_close(tab);
	xengntshr_close(shr);
	xs_close(xs);
	xtl_logger_destroy(quiet);
	return checks_done();
}
