/* SPDX-License-Identifier: MIT */
/* main.c - netfrontd: options, start-up checks, the event loop */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../common/daemon.h"
#include "../common/errtext.h"
#include "../common/instance.h"
#include "../common/kernel.h"
#include "../common/linkwatch.h"
#include "../common/log.h"
#include "../common/maddr.h"
#include "../common/options.h"
#include "../common/tap.h"
#include "evtchn_keeper.h"
#include "frontend.h"

#define PROGRAM "netfrontd"

#define HEARTBEAT_MS 5000u

/* How long a multicast address that nobody tells us of may take to reach the backend. */
#define FILTER_MS 1000u

/* What a stop gives the backends to let go, in microseconds. */
#define CLOSE_US 3000000u

/* One that was just killed may still be dying. */
#define LOCK_PATIENCE_MS 1000u

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
};

static const struct option_word offers[] = {
	{ "sg", OFFER_SG }, { "gso", OFFER_GSO4 | OFFER_GSO6 }, { "gso4", OFFER_GSO4 }, { "gso6", OFFER_GSO6 },
	{ "csum", OFFER_CSUM4 | OFFER_CSUM6 }, { "csum4", OFFER_CSUM4 }, { "csum6", OFFER_CSUM6 },
	{ "rx-notify", OFFER_RX_NOTIFY }, { NULL, 0 },
};

static struct options parse_options(struct frontend *d, int argc, char **argv)
{
	struct options o = { .level = LOG_LEVEL_INFO, .run_dir = INSTANCE_RUN_DIR, .ifname = "eth%d",
			     .queues = 1 };
	const struct option_row rows[] = {
		{ "take-over", NULL, "unbind the kernel's netfront from each device and serve it", OPTION_FLAG,
		  { .flag = &o.take_over }, 0, 0 },
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
		{ "without", "FEATURE,...", "offer none of sg, gso, gso4, gso6, csum, csum4, csum6, rx-notify",
		  OPTION_WORDS, { .words = { &d->without, offers } }, 0, 0 },
		{ "run-dir", "DIR", "where the lock and the saved state are (/run/netpair)", OPTION_TEXT,
		  { .text = &o.run_dir }, 0, 0 },
		{ "log-level", "LEVEL", "error, warn, info (default) or debug", OPTION_LEVEL,
		  { .level = &o.level }, 0, 0 },
	};
	int next = options_parse(PROGRAM, "[OPTION...] [DEVID...]", rows, ARRAY_SIZE(rows), argc, argv);

	for (; next < argc; next++) {
		if (d->nnamed == FRONTEND_NAMED_MAX || !parse_u32(&d->named[d->nnamed], argv[next]))
			die(PROGRAM, EXIT_USAGE, "\"%s\" is not a device number (at most %u of them)", argv[next],
			    FRONTEND_NAMED_MAX);
		d->nnamed++;
	}
	if (strlen(o.run_dir) > 100)
		die(PROGRAM, EXIT_USAGE, "option --run-dir: longer than 100 bytes");
	if (strlen(o.ifname) >= TAP_NAME_MAX || strchr(o.ifname, '/'))
		die(PROGRAM, EXIT_USAGE, "option --ifname: \"%s\" is not an interface name of at most %d bytes",
		    o.ifname, TAP_NAME_MAX - 1);
	return o;
}

/* Says at once, and all in one line, what a NIC would stumble over later. */
static void check_devices(unsigned int queues)
{
	unsigned int limit = pool_limit(), pages = pool_pages(queues);
	struct share_dev *share;
	struct evt_dev *evt;
	int err;

	err = share_open(&share, domid_of(0));
	if (err)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot open the grant device /dev/xen/gntalloc (module xen-gntalloc): %s", errtext(ERRTEXT_XEN, -err));
	share_close(share);
	if (limit && limit < pages)
		die(PROGRAM, EXIT_ENVIRONMENT, "an interface with %u queues needs %u granted pages and the module parameter "
		    "xen_gntalloc.limit allows %u; raise it in /sys/module/xen_gntalloc/parameters/limit",
		    queues, pages, limit);
	err = evt_open(&evt);
	if (err)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot open the event channel device /dev/xen/evtchn (module xen-evtchn): %s", errtext(ERRTEXT_XEN, -err));
	evt_close(evt);
	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot use /dev/net/tun: %s",
		    errtext(ERRTEXT_TAP, errno));
}

/* Two netfrontds may share a guest if each names its devices, and no run directory. */
static int lock_devices(const struct frontend *d, pid_t *holder)
{
	int err = d->nnamed ? 0 : instance_lock(PROGRAM, INSTANCE_ALL, LOCK_PATIENCE_MS, holder);

	for (unsigned int i = 0; i < d->nnamed && !err; i++)
		err = instance_lock(PROGRAM, d->named[i], LOCK_PATIENCE_MS, holder);
	return err;
}

static void lock_instance(const struct options *o, const struct frontend *d)
{
	pid_t holder = 0;
	int err = lock_devices(d, &holder);

	if (err)
		instance_die(PROGRAM, NULL, err, holder);
	err = instance_run_dir(o->run_dir);
	if (!err)
		err = instance_lock_dir(o->run_dir, PROGRAM, LOCK_PATIENCE_MS, &holder);
	if (err)
		instance_die(PROGRAM, o->run_dir, err, holder);
}

struct loop {
	struct frontend frontend;
	int epoll_fd, signal_fd, timer_fd;
	int filter_fd, maddr_fd;	/* timer, netlink: look at multicast filters; -1: not wanted */
	uint64_t stop_at;	/* 0: not asked to stop; microseconds */
};

static void handle_signal(struct loop *l)
{
	struct signalfd_siginfo info;

	while (read(l->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1) {
			frontend_log_stats(&l->frontend);
		} else if ((info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) && !l->stop_at) {
			log_info("stopping signal=%u", info.ssi_signo);
			l->stop_at = now_us() + CLOSE_US;
			frontend_close(&l->frontend);
		}
	}
}

static void handle_timer(struct loop *l, int fd)
{
	uint64_t ticks;

	if (read(fd, &ticks, sizeof(ticks)) < 0)
		return;
	if (fd == l->frontend.retry_fd) {
		frontend_retry(&l->frontend);
		return;
	}
	if (fd == l->filter_fd) {
		frontend_filters(&l->frontend);
		return;
	}
	if (!store_alive(l->frontend.store))
		die(PROGRAM, EXIT_ENVIRONMENT, "error: lost xenstored");
	daemon_alive();
}

static void handle_event(struct loop *l, int fd)
{
	uint64_t count;

	if (fd == l->signal_fd) {
		handle_signal(l);
	} else if (fd == l->timer_fd || fd == l->filter_fd || fd == l->frontend.retry_fd) {
		handle_timer(l, fd);
	} else if (fd == l->maddr_fd) {
		maddr_watch_take(fd);
		frontend_filters(&l->frontend);
	} else if (fd == l->frontend.link_fd) {
		frontend_links(&l->frontend);
	} else if (fd == l->frontend.wake_fd) {
		if (read(fd, &count, sizeof(count)) > 0)
			frontend_look(&l->frontend);
	} else {
		frontend_events(&l->frontend);
	}
}

static void watch(struct loop *l, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (fd < 0 || epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot set up the event loop: %s", errtext(ERRTEXT_FILE, fd < 0 ? -fd : errno));
}

/* Milliseconds until the loop must look at the time; -1: never. */
static int patience(const struct loop *l)
{
	uint64_t now = now_us();

	if (!l->stop_at)
		return -1;
	return now >= l->stop_at ? 0 : (int)((l->stop_at - now) / 1000u) + 1;
}

static void run(struct loop *l)
{
	while (!l->stop_at || (!frontend_closed(&l->frontend) && now_us() < l->stop_at)) {
		struct epoll_event ev[8];
		int n = epoll_wait(l->epoll_fd, ev, ARRAY_SIZE(ev), patience(l));

		for (int i = 0; i < n; i++)
			handle_event(l, ev[i].data.fd);
	}
	daemon_stopping();
}

int main(int argc, char **argv)
{
	static struct loop l = { .filter_fd = -1, .maddr_fd = -1 };
	struct options o;
	int err;

	if (argc == 2 && strcmp(argv[1], EVTCHN_KEEPER_ARG) == 0)
		evtchn_keeper_main();
	o = parse_options(&l.frontend, argc, argv);
	log_init(PROGRAM, o.level);
	check_devices(o.queues);
	lock_instance(&o, &l.frontend);
	if (kernel_driver_present(KERNEL_FRONTEND) && !o.take_over)
		die(PROGRAM, EXIT_OCCUPIED, "the kernel's netfront is loaded and claims every vif; start with --take-over, "
		    "or see KERNEL DRIVER in netfrontd(8)");
	l.frontend.run_dir = o.run_dir;
	l.frontend.ifname = o.ifname;
	l.frontend.queues = o.queues;
	l.frontend.take_over = o.take_over;
	l.frontend.one_channel = o.one_channel;
	l.frontend.no_event_mask = o.no_event_mask;
	l.frontend.no_static_grants = o.no_static_grants;
	l.frontend.rss = o.rss;
	l.frontend.multicast_control = o.multicast_control;
	l.signal_fd = daemon_signals();		/* before any library makes a thread */
	err = store_open(&l.frontend.store);
	if (err)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot reach xenstored: %s",
		    errtext(ERRTEXT_STORE, -err));
	l.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l.timer_fd = daemon_timer(daemon_watchdog_ms(HEARTBEAT_MS));
	l.frontend.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l.frontend.retry_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	watch(&l, l.signal_fd);
	watch(&l, l.timer_fd);
	watch(&l, l.frontend.wake_fd);
	watch(&l, l.frontend.retry_fd);
	if (o.multicast_control) {
		l.filter_fd = daemon_timer(FILTER_MS);
		l.maddr_fd = maddr_watch();
		watch(&l, l.filter_fd);
		watch(&l, l.maddr_fd);
	}
	l.frontend.link_fd = linkwatch_open();
	if (l.frontend.link_fd >= 0)
		watch(&l, l.frontend.link_fd);
	else
		log_warn("cannot watch devices, one that is deleted is noticed by traffic only error=\"%s\"",
			 errtext(ERRTEXT_FILE, l.frontend.link_fd));
	err = frontend_start(&l.frontend);
	if (err)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot watch device/vif in xenstore: %s", errtext(ERRTEXT_STORE, -err));
	watch(&l, store_fd(l.frontend.store));
	log_info("started version=%s", NETPAIR_VERSION);
	daemon_ready();
	run(&l);
	frontend_stop(&l.frontend);
	store_close(l.frontend.store);
	log_info("stopped");
	return EXIT_SUCCESS;
}
