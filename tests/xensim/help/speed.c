/* SPDX-License-Identifier: MIT */
/* Measures the operations that happen for each packet. Needs a host with domain 1. */
#include "../check.h"

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <xen/grant_table.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define PAGE 4096
#define PAGES 272
#define SEGS 17

static uint8_t buf[SEGS * PAGE] __attribute__((aligned(PAGE)));
static uint32_t refs[PAGES];
static uint8_t *pages;
static xengnttab_handle *tab;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void copy(const char *what, uint32_t len, uint32_t segs, int to_guest)
{
	xengnttab_grant_copy_segment_t s[SEGS];
	uint32_t part = len / segs;
	uint32_t n = segs > 1 ? 50000 : 1000000;
	uint32_t i, k;
	double start = now();
	double took;

	for (i = 0; i < n; i++) {
		for (k = 0; k < segs; k++) {
			union xengnttab_copy_ptr *there = to_guest ? &s[k].dest : &s[k].source;
			union xengnttab_copy_ptr *here = to_guest ? &s[k].source : &s[k].dest;

			there->foreign.ref = refs[(i * segs + k) % PAGES];
			there->foreign.domid = 1;
			there->foreign.offset = 0;
			here->virt = buf + k * PAGE;
			s[k].len = (uint16_t)part;
			s[k].flags = to_guest ? GNTCOPY_dest_gref : GNTCOPY_source_gref;
		}
		if (xengnttab_grant_copy(tab, segs, s) < 0)
			exit(1);
	}
	took = (now() - start) / n;
	start = now();
	for (i = 0; i < n; i++)
		for (k = 0; k < segs; k++) {
			uint8_t *page = pages + (i * segs + k) % PAGES * PAGE;

			memcpy(to_guest ? page : buf + k * PAGE, to_guest ? buf + k * PAGE : page, part);
			__asm__ volatile("" : : "r"(buf) : "memory");
		}
	printf("%-32s %8.0f ns (memcpy %.0f)\n", what, took, (now() - start) / n);
}

static void grants(void)
{
	xengntshr_handle *shr;
	double start;
	int i;

	be_domain(1);
	shr = xengntshr_open(NULL, 0);
	be_domain(0);
	tab = xengnttab_open(NULL, 0);
	pages = shr ? xengntshr_share_pages(shr, 0, PAGES, refs, 1) : NULL;
	if (!tab || !pages)
		exit(1);
	memset(pages, 1, PAGES * PAGE);
	copy("copy 64 B from guest", 64, 1, 0);
	copy("copy 64 B to guest", 64, 1, 1);
	copy("copy 64 KiB in 17 from guest", 65536, SEGS, 0);
	copy("copy 64 KiB in 17 to guest", 65536, SEGS, 1);
	start = now();
	for (i = 0; i < 10000; i++)
		xengnttab_unmap(tab, xengnttab_map_grant_ref(tab, 1, refs[0], PROT_READ), 1);
	printf("%-32s %8.0f ns\n", "map and unmap", (now() - start) / 10000);
	xengnttab_close(tab);
	xengntshr_close(shr);
}

static void steps(xenevtchn_handle *from, evtchn_port_t pf, xenevtchn_handle *to, evtchn_port_t pt)
{
	double sum[3] = { 0, 0, 0 };
	double clock = now();
	const int n = 200000;
	int i;

	for (i = 0; i < n; i++)
		now();
	clock = (now() - clock) / n;
	for (i = 0; i < n; i++) {
		double t0 = now(), t1, t2;

		xenevtchn_notify(from, pf);
		t1 = now();
		xenevtchn_pending(to);
		t2 = now();
		xenevtchn_unmask(to, pt);
		sum[0] += t1 - t0;
		sum[1] += t2 - t1;
		sum[2] += now() - t2;
	}
	printf("%-32s %8.0f ns\n%-32s %8.0f ns\n%-32s %8.0f ns\n", "notify", sum[0] / n - clock, "pending", sum[1] / n - clock, "unmask", sum[2] / n - clock);
}

/* Answers each event with one, as a process of domain 1. */
static void echo(int out, int rounds)
{
	struct epoll_event ev = { .events = EPOLLIN };
	xenevtchn_handle *h;
	int ep = epoll_create1(0);
	int port;

	be_domain(1);
	h = xenevtchn_open(NULL, 0);
	port = h ? xenevtchn_bind_unbound_port(h, 0) : -1;
	if (write(out, &port, sizeof(port)) < 0 || port < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, xenevtchn_fd(h), &ev) < 0)
		_exit(1);
	while (rounds-- && epoll_wait(ep, &ev, 1, 5000) == 1) {
		xenevtchn_pending(h);
		xenevtchn_unmask(h, (evtchn_port_t)port);
		xenevtchn_notify(h, (evtchn_port_t)port);
	}
	_exit(0);
}

static void round_trip(xenevtchn_handle *h)
{
	struct epoll_event ev = { .events = EPOLLIN };
	const int n = 100000;
	int ep = epoll_create1(0);
	double start;
	int fds[2];
	int port = -1;
	int i;

	if (pipe(fds) < 0)
		exit(1);
	if (fork() == 0)
		echo(fds[1], n);
	if (read(fds[0], &port, sizeof(port)) < 0 || port < 0)
		exit(1);
	port = xenevtchn_bind_interdomain(h, 1, (evtchn_port_t)port);
	xenevtchn_pending(h);
	xenevtchn_unmask(h, (evtchn_port_t)port);
	epoll_ctl(ep, EPOLL_CTL_ADD, xenevtchn_fd(h), &ev);
	start = now();
	for (i = 0; i < n; i++) {
		xenevtchn_notify(h, (evtchn_port_t)port);
		if (epoll_wait(ep, &ev, 1, 5000) != 1)
			exit(1);
		xenevtchn_pending(h);
		xenevtchn_unmask(h, (evtchn_port_t)port);
	}
	printf("%-32s %8.0f ns\n", "round trip between processes", (now() - start) / n);
}

int main(void)
{
	xenevtchn_handle *e0, *e1;
	int p0, p1;

	(void)run_case, (void)checks_done;
	grants();
	be_domain(1);
	e1 = xenevtchn_open(NULL, 0);
	be_domain(0);
	e0 = xenevtchn_open(NULL, 0);
	p1 = e1 ? xenevtchn_bind_unbound_port(e1, 0) : -1;
	p0 = e0 ? xenevtchn_bind_interdomain(e0, 1, (evtchn_port_t)p1) : -1;
	if (p0 < 0)
		return 1;
	xenevtchn_pending(e0);
	xenevtchn_unmask(e0, (evtchn_port_t)p0);
	steps(e1, (evtchn_port_t)p1, e0, (evtchn_port_t)p0);
	xenevtchn_close(e1);
	round_trip(e0);
	xenevtchn_close(e0);
	return 0;
}
