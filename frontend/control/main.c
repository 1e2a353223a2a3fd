/* SPDX-License-Identifier: MIT */
/* main.c - netfrontd: options, start-up checks, the event loop */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/ctlsock.h"
#include "common/host/daemon.h"
#include "common/host/instance.h"
#include "common/host/kernel.h"
#include "common/host/loop.h"
#include "common/host/maddr.h"
#include "common/host/options.h"
#include "common/host/startup.h"
#include "common/host/share.h"
#include "common/host/tap.h"
#include "common/wire/parse.h"
#include "evtchn_keeper.h"
#include "ctl.h"
#include "frontend.h"
#include "privileges.h"
#include "privileges_filter.h"

/* #syscalls-control eventfd timerfd_create */

#define PROGRAM "netfrontd"

/* How often the multicast filters are read, as the kernel does not tell of every change; milliseconds. */
#define FILTER_MS 1000u

/* How long a stop waits for the backends to disconnect, in microseconds. */
#define CLOSE_US 3000000u

/* How long the end may take in all, in milliseconds: less than TimeoutStopSec of the unit. */
#define END_MS 6000u

struct options {
	enum log_level level;
	bool take_over;
	uint32_t queues;
	bool one_channel;
	bool no_event_mask;
	bool no_static_grants;
	bool rss;
	bool multicast_control;
	const char *ifname;
	const char *run_dir;
	const char *user;	/* NULL: the default */
};

static const struct option_word offers[] = {
	OFFER_WORDS,
	{ "rx-notify", OFFER_RX_NOTIFY }, { NULL, 0 },
};

static struct options main_parse_options(struct frontend *d, int argc, char **argv)
{
	struct options o = { .level = LOG_LEVEL_INFO, .run_dir = INSTANCE_FRONT_DIR, .ifname = "eth%d",
			     .queues = 1 };
	const struct option_row rows[] = {
		OPTION_TAKE_OVER(&o.take_over),
		{ "ifname", "NAME", "name of the devices that are made; %d is the next free number (eth%d)", OPTION_TEXT,
		  { .text = &o.ifname }, 0, 0 },
		{ "queues", "N", "queues of each VIF, if the backend takes as many (1)", OPTION_NUMBER,
		  { .number = &o.queues }, 1, NIC_QUEUES_MAX },
		{ "one-channel", NULL, "one event channel, even if the backend could split", OPTION_FLAG,
		  { .flag = &o.one_channel }, 0, 0 },
		{ "no-event-mask", NULL, "an event channel for each ring, not one for all", OPTION_FLAG,
		  { .flag = &o.no_event_mask }, 0, 0 },
		{ "no-static-grants", NULL, "do not register the pages with the backend", OPTION_FLAG,
		  { .flag = &o.no_static_grants }, 0, 0 },
		{ "rss", NULL, "with several queues, tell the backend by which hash to spread frames", OPTION_FLAG,
		  { .flag = &o.rss }, 0, 0 },
		{ "multicast-control", NULL, "tell the backend which multicast the device is to receive", OPTION_FLAG,
		  { .flag = &o.multicast_control }, 0, 0 },
		{ "without", "FEATURE,...", "offer none of sg, gso, gso4, gso6, uso, csum, csum4, csum6, header, rx-notify",
		  OPTION_WORDS, { .words = { &d->shared.without, offers } }, 0, 0 },
		{ "run-dir", "DIR", "where the lock and the saved state are (/run/netfrontd)", OPTION_TEXT, { .text = &o.run_dir }, 0, 0 },
		{ "user", "NAME|NUMBER", "user that netfrontd becomes (netpair, else 2121302016; root: stays root)", OPTION_TEXT,
		  { .text = &o.user }, 0, 0 },
		OPTION_LOG_LEVEL(&o.level),
	};
	int next = options_parse(PROGRAM, "[OPTION...] [DEVID...]", rows, ARRAY_SIZE(rows), argc, argv);

	for (; next < argc; next++) {
		if (d->nnamed == FRONTEND_NAMED_MAX || !parse_u32(&d->named[d->nnamed], argv[next]))
			die(PROGRAM, EXIT_USAGE, "\"%s\" is not a device number (at most %u of them)", argv[next],
			    FRONTEND_NAMED_MAX);
		d->nnamed++;
	}
	startup_check_run_dir(PROGRAM, o.run_dir);
	if (strlen(o.ifname) >= TAP_NAME_MAX || strchr(o.ifname, '/'))
		die(PROGRAM, EXIT_USAGE, "option --ifname: \"%s\" is not an interface name of at most %d bytes",
		    o.ifname, TAP_NAME_MAX - 1);
	return o;
}

/* Returns how many pages gntalloc grants in all; 0: unknown. */
static unsigned int main_grant_limit(void)
{
	FILE *f = fopen("/sys/module/xen_gntalloc/parameters/limit", "re");
	unsigned int limit = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%u", &limit) != 1)
		limit = 0;
	fclose(f);
	return limit;
}

/* Ends the program, with the reason in one line, where a NIC could not be connected later. */
static void main_check_devices(unsigned int queues)
{
	unsigned int limit = main_grant_limit(), pages = nic_conn_pages(queues);
	struct share_dev *share;
	int err;

	err = share_open(&share, domid_of(0));
	if (err)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot open the grant device /dev/xen/gntalloc (module xen-gntalloc): %s", errtext(ERRTEXT_XEN, err));
	share_close(share);
	if (limit && limit < pages)
		die(PROGRAM, EXIT_ENVIRONMENT, "an interface with %u queues needs %u granted pages and the module parameter "
		    "xen_gntalloc.limit allows %u; raise it in /sys/module/xen_gntalloc/parameters/limit",
		    queues, pages, limit);
	startup_check_devices(PROGRAM);
}

/* --- on the control thread --------------------------------------------------- */

struct netfrontd {
	struct frontend frontend;
	uint64_t stop_at;		/* 0: not asked to stop; microseconds */
	struct ctlcmd ctl;
};

static int main_netfrontd_start(void *daemon, struct store *store)
{
	struct netfrontd *n = daemon;

	n->frontend.shared.store = store;
	return frontend_start(&n->frontend);
}

static void main_netfrontd_events(void *daemon)
{
	frontend_events(&((struct netfrontd *)daemon)->frontend);
}

static void main_netfrontd_reconnected(void *daemon, int how)
{
	frontend_reconnected(&((struct netfrontd *)daemon)->frontend, how);
}

static void main_netfrontd_tick(void *daemon)
{
	struct netfrontd *n = daemon;

	frontend_tick(&n->frontend);
	ctlcmd_tick(&n->ctl);
}

static void main_netfrontd_command(void *daemon, int signo)
{
	struct netfrontd *n = daemon;

	if (signo == SIGUSR1) {
		frontend_log_stats(&n->frontend);
	} else if ((signo == SIGTERM || signo == SIGINT) && !n->stop_at) {
		n->stop_at = now_us() + CLOSE_US;
		frontend_close(&n->frontend);
	}
}

static bool main_netfrontd_ended(const void *daemon)
{
	const struct netfrontd *n = daemon;

	return n->stop_at && (frontend_closed(&n->frontend) || now_us() >= n->stop_at);
}

static void main_netfrontd_finish(void *daemon)
{
	struct netfrontd *n = daemon;

	ctlsock_close(n->ctl.sock);
	frontend_stop(&n->frontend);
}

static void main_netfrontd_control(void *daemon, int fd)
{
	struct netfrontd *n = daemon;

	(void)fd;
	ctlsock_events(n->ctl.sock);
	if (n->frontend.drain)
		main_netfrontd_command(n, SIGTERM);
}

static void main_netfrontd_fault(void *daemon, int fd)
{
	(void)fd;
	frontend_look(&((struct netfrontd *)daemon)->frontend);
}

static void main_netfrontd_links(void *daemon, int fd)
{
	(void)fd;
	frontend_links(&((struct netfrontd *)daemon)->frontend);
}

static void main_netfrontd_retry(void *daemon, int fd)
{
	(void)fd;
	frontend_retry(&((struct netfrontd *)daemon)->frontend);
}

static void main_netfrontd_filter_timer(void *daemon)
{
	frontend_filters(&((struct netfrontd *)daemon)->frontend);
}

static void main_netfrontd_filter_changed(void *daemon, int fd)
{
	maddr_watch_take(fd);
	frontend_filters(&((struct netfrontd *)daemon)->frontend);
}

static const struct loop_ops netfrontd_ops = {
	.start = main_netfrontd_start,
	.events = main_netfrontd_events,
	.reconnected = main_netfrontd_reconnected,
	.tick = main_netfrontd_tick,
	.command = main_netfrontd_command,
	.ended = main_netfrontd_ended,
	.finish = main_netfrontd_finish,
};

int main(int argc, char **argv)
{
	static struct netfrontd n;
	const struct loop_conf conf = { .program = PROGRAM, .ops = &netfrontd_ops, .daemon = &n, .root = "device/vif",
					.mark = "data/" PROGRAM, .end_ms = END_MS };
	struct frontend *d = &n.frontend;
	struct options o;
	struct loop *l;

	if (argc == 2 && strcmp(argv[1], EVTCHN_KEEPER_ARG) == 0)
		evtchn_keeper_main();
	o = main_parse_options(d, argc, argv);
	log_init(PROGRAM, o.level);
	if (o.take_over)
		kernel_take_over_prepare(KERNEL_FRONTEND);
	privileges_drop(&(struct privileges){ .program = PROGRAM, .user = o.user, .run_dir = o.run_dir });
	main_check_devices(o.queues);
	startup_lock(PROGRAM, o.run_dir, d->named, d->nnamed);
	if (!o.take_over)
		startup_check_kernel(PROGRAM, KERNEL_FRONTEND);
	n.ctl = (struct ctlcmd){ .ops = &ctl_ops, .daemon = d };
	d->shared.run_dir = o.run_dir;
	d->shared.ifname = o.ifname;
	d->shared.queues = o.queues;
	d->shared.take_over = o.take_over;
	d->shared.one_channel = o.one_channel;
	d->shared.no_event_mask = o.no_event_mask;
	d->shared.no_static_grants = o.no_static_grants;
	d->shared.rss = o.rss;
	d->shared.multicast_control = o.multicast_control;
	l = loop_new(&conf);
	d->shared.control_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->retry_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	loop_watch_counter(l, d->shared.control_fd, main_netfrontd_fault);
	loop_watch_counter(l, d->retry_fd, main_netfrontd_retry);
	if (o.multicast_control) {
		loop_watch_time(l, FILTER_MS, main_netfrontd_filter_timer);
		loop_watch(l, maddr_watch(), main_netfrontd_filter_changed);
	}
	d->shared.link_fd = loop_watch_links(l, main_netfrontd_links);
	ctlcmd_open(&n.ctl, o.run_dir);
	if (n.ctl.sock)
		loop_watch(l, ctlsock_fd(n.ctl.sock), main_netfrontd_control);
	privileges_filter(PROGRAM);
	return loop_run(l);
}
