/* SPDX-License-Identifier: MIT */
/* main.c - netbackd: options, start-up checks, the event loop */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "../common/daemon.h"
#include "../common/errtext.h"
#include "../common/evtchn.h"
#include "../common/grant.h"
#include "../common/instance.h"
#include "../common/kernel.h"
#include "../common/linkwatch.h"
#include "../common/log.h"
#include "../common/options.h"
#include "../common/tap.h"
#include "../common/worker.h"
#include "backend.h"

#define PROGRAM "netbackd"

/* How often xenstored is asked whether it lives, and systemd told that we do. */
#define HEARTBEAT_MS 5000u

/* What --drain gives the frontends to close, in milliseconds. */
#define DRAIN_MS 8000u

/* One that was just killed may still be dying. */
#define LOCK_PATIENCE_MS 1000u

struct options {
	enum log_level level;
	bool take_over;
	bool drain;
	const char *run_dir;
	struct vif_policy policy;
};

static const struct option_word offers[] = {
	{ "sg", OFFER_SG }, { "gso", OFFER_GSO4 | OFFER_GSO6 }, { "gso4", OFFER_GSO4 }, { "gso6", OFFER_GSO6 },
	{ "csum", OFFER_CSUM4 | OFFER_CSUM6 }, { "csum4", OFFER_CSUM4 }, { "csum6", OFFER_CSUM6 },
	{ "split", OFFER_SPLIT }, { "ctrl", OFFER_CTRL }, { "mask", OFFER_MASK }, { "xdp", OFFER_XDP }, { NULL, 0 },
};

static const struct option_word directions[] = {
	{ "from-guest", RATE_GTX }, { "to-guest", RATE_GRX }, { "both", RATE_GTX | RATE_GRX }, { NULL, 0 },
};

static struct options parse_options(int argc, char **argv)
{
	struct options o = { .level = LOG_LEVEL_INFO, .run_dir = INSTANCE_RUN_DIR,
			     .policy = { .max_queues = 1, .hold_ms = 10000, .stall_ms = 60000 } };
	const struct option_row rows[] = {
		{ "take-over", NULL, "unbind the kernel's netback from each VIF and serve it", OPTION_FLAG,
		  { .flag = &o.take_over }, 0, 0 },
		{ "drain", NULL, "close every VIF in order, then exit", OPTION_FLAG, { .flag = &o.drain }, 0, 0 },
		{ "without", "FEATURE,...", "offer none of sg, gso, gso4, gso6, csum, csum4, csum6, split, ctrl, mask, xdp",
		  OPTION_WORDS, { .words = { &o.policy.without, offers } }, 0, 0 },
		{ "fill-checksums", "all|MAC,...", "send these guests no partial checksums and no GSO",
		  OPTION_TEXT, { .text = &o.policy.fill }, 0, 0 },
		{ "hold-ms", "N", "milliseconds that a frame waits for a guest's buffers (10000)", OPTION_NUMBER,
		  { .number = &o.policy.hold_ms }, 1, 3600000 },
		{ "stall-ms", "N", "milliseconds until a VIF without buffers has no carrier (60000; 0: never)",
		  OPTION_NUMBER, { .number = &o.policy.stall_ms }, 0, 3600000 },
		{ "max-queues", "N", "queues that a frontend may have (1)", OPTION_NUMBER,
		  { .number = &o.policy.max_queues }, 1, VIF_QUEUES_MAX },
		{ "workers", "N", "threads for the queues of one VIF, at most (as many as processors)", OPTION_NUMBER,
		  { .number = &o.policy.workers }, 1, VIF_QUEUES_MAX },
		{ "rate-direction", "from-guest|to-guest|both", "which way rate= limits (from-guest)",
		  OPTION_WORDS, { .words = { &o.policy.limited, directions } }, 0, 0 },
		{ "run-dir", "DIR", "where the lock and the saved state are (/run/netpair)", OPTION_TEXT,
		  { .text = &o.run_dir }, 0, 0 },
		{ "log-level", "LEVEL", "error, warn, info (default) or debug", OPTION_LEVEL,
		  { .level = &o.level }, 0, 0 },
	};
	int next = options_parse(PROGRAM, "[OPTION...]", rows, ARRAY_SIZE(rows), argc, argv);

	if (next < argc)
		die(PROGRAM, EXIT_USAGE, "unexpected word \"%s\"; --help lists what there is", argv[next]);
	if (o.policy.fill && !vif_conf_is_fill(o.policy.fill))
		die(PROGRAM, EXIT_USAGE, "option --fill-checksums: \"%s\" is neither all nor a list of MAC addresses",
		    o.policy.fill);
	if (o.policy.workers == 0)
		o.policy.workers = (uint32_t)min_size((size_t)sysconf(_SC_NPROCESSORS_ONLN), VIF_QUEUES_MAX);
	if (!o.policy.limited)
		o.policy.limited = RATE_GTX;
	if (strlen(o.run_dir) > 100)
		die(PROGRAM, EXIT_USAGE, "option --run-dir: longer than 100 bytes");
	return o;
}

/* Says at once, and all in one line, what a worker would stumble over later. */
static void check_devices(void)
{
	struct grant_dev *grant;
	struct evt_dev *evt;
	int err;

	err = grant_open(&grant, domid_of(0));
	if (err)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot open the grant device /dev/xen/gntdev (module xen-gntdev): %s", errtext(ERRTEXT_XEN, -err));
	grant_close(grant);
	err = evt_open(&evt);
	if (err)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot open the event channel device /dev/xen/evtchn (module xen-evtchn): %s", errtext(ERRTEXT_XEN, -err));
	evt_close(evt);
	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot use /dev/net/tun: %s",
		    errtext(ERRTEXT_TAP, errno));
}

/* Hands --drain to the daemon that runs, if one does; does not return then. */
static void drain_other(pid_t holder)
{
	if (kill(holder, SIGUSR2) < 0)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot signal the running netbackd (pid %d): %s", (int)holder,
		    errtext(ERRTEXT_FILE, errno));
	if (instance_wait_end(holder, DRAIN_MS + 2000) < 0)
		die(PROGRAM, EXIT_ENVIRONMENT, "the running netbackd (pid %d) does not end", (int)holder);
	exit(EXIT_SUCCESS);
}

/* One netbackd per domain, and one per run directory: of the two locks the domain's is first. */
static void lock_instance(const struct options *o)
{
	unsigned int patience = o->drain ? 0 : LOCK_PATIENCE_MS;
	pid_t holder = 0;
	int err = instance_lock(PROGRAM, INSTANCE_ALL, patience, &holder);

	if (err == -EBUSY && o->drain)
		drain_other(holder);
	if (err)
		instance_die(PROGRAM, NULL, err, holder);
	err = instance_run_dir(o->run_dir);
	if (!err)
		err = instance_lock_dir(o->run_dir, PROGRAM, patience, &holder);
	if (err)
		instance_die(PROGRAM, o->run_dir, err, holder);
}

struct loop {
	struct backend backend;
	int epoll_fd, signal_fd, timer_fd;
	bool stop;
	uint64_t drain_until;		/* monotonic, microseconds */
};

static void start_drain(struct loop *l)
{
	l->drain_until = now_us() + DRAIN_MS * 1000u;
	backend_drain(&l->backend);
}

static void handle_signal(struct loop *l)
{
	struct signalfd_siginfo info;

	while (read(l->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGUSR1:
			backend_log_stats(&l->backend);
			break;
		case SIGUSR2:
			log_info("draining");
			start_drain(l);
			break;
		case SIGHUP:
			break;
		default:
			log_info("stopping signal=%u", info.ssi_signo);
			l->stop = true;
			break;
		}
	}
}

static void handle_timer(struct loop *l)
{
	uint64_t ticks;

	if (read(l->timer_fd, &ticks, sizeof(ticks)) < 0)
		return;
	if (!store_alive(l->backend.store))
		die(PROGRAM, EXIT_ENVIRONMENT, "error: lost xenstored; VIFs are left as they are for the next start");
	daemon_alive();
	backend_look_again(&l->backend);
}

static void handle_event(struct loop *l, int fd)
{
	uint64_t count;

	if (fd == l->signal_fd) {
		handle_signal(l);
	} else if (fd == l->timer_fd) {
		handle_timer(l);
	} else if (fd == l->backend.wake_fd) {
		if (read(fd, &count, sizeof(count)) > 0)
			backend_faults(&l->backend);
	} else if (fd == l->backend.link_fd) {
		backend_links(&l->backend);
	} else {
		backend_events(&l->backend);
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

	if (!l->backend.draining)
		return -1;
	return now >= l->drain_until ? 0 : (int)((l->drain_until - now) / 1000u) + 1;
}

static void run(struct loop *l)
{
	while (!l->stop && !(l->backend.draining && backend_empty(&l->backend))) {
		struct epoll_event ev[8];
		int n = epoll_wait(l->epoll_fd, ev, ARRAY_SIZE(ev), patience(l));

		for (int i = 0; i < n; i++)
			handle_event(l, ev[i].data.fd);
		if (l->backend.draining && now_us() >= l->drain_until) {
			log_warn("some frontends did not close in time");
			l->stop = true;
		}
	}
	daemon_stopping();
}

int main(int argc, char **argv)
{
	struct options o = parse_options(argc, argv);
	struct loop l = { .backend = { .run_dir = o.run_dir, .take_over = o.take_over,
				     .policy = o.policy } };
	int err;

	log_init(PROGRAM, o.level);
	check_devices();
	lock_instance(&o);
	if (kernel_driver_present(KERNEL_BACKEND) && !o.take_over)
		die(PROGRAM, EXIT_OCCUPIED, "the kernel's netback is loaded and claims every vif; start with --take-over, "
		    "or see KERNEL DRIVER in netbackd(8)");
	l.signal_fd = daemon_signals();	/* before any library makes a thread */
	err = store_open(&l.backend.store);
	if (err)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot reach xenstored: %s", errtext(ERRTEXT_STORE, -err));
	l.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l.timer_fd = daemon_timer(daemon_watchdog_ms(HEARTBEAT_MS));
	l.backend.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	watch(&l, l.signal_fd);
	watch(&l, l.timer_fd);
	watch(&l, l.backend.wake_fd);
	l.backend.link_fd = linkwatch_open();
	if (l.backend.link_fd >= 0)
		watch(&l, l.backend.link_fd);
	else
		log_warn("cannot watch devices, one that is deleted is noticed by traffic only error=\"%s\"",
			 errtext(ERRTEXT_FILE, l.backend.link_fd));
	err = backend_start(&l.backend);
	if (err)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot watch backend/vif in xenstore: %s", errtext(ERRTEXT_STORE, -err));
	watch(&l, store_fd(l.backend.store));
	log_info("started version=%s", NETPAIR_VERSION);
	daemon_ready();
	if (o.drain) {
		start_drain(&l);
	}
	run(&l);
	backend_stop(&l.backend);
	store_close(l.backend.store);
	log_info("stopped");
	return EXIT_SUCCESS;
}
