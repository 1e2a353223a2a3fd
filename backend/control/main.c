/* SPDX-License-Identifier: MIT */
/* main.c - netbackd: options, start-up checks, the event loop */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/host/ctlsock.h"
#include "common/host/daemon.h"
#include "common/base/clock.h"
#include "common/base/errtext.h"
#include "common/host/grant.h"
#include "common/host/instance.h"
#include "common/host/kernel.h"
#include "common/base/log.h"
#include "common/host/loop.h"
#include "common/host/options.h"
#include "common/host/startup.h"
#include "common/host/taplimit.h"
#include "common/wire/parse.h"
#include "backend/data/serve.h"
#include "backend.h"
#include "ctl.h"
#include "hotplug.h"
#include "hotplug_runner.h"
#include "isolation.h"
#include "processes.h"

#define PROGRAM "netbackd"

/* What --drain gives the frontends to close, in milliseconds. */
#define CLOSE_MS 8000u

/* What the end may take in all, in milliseconds: less than TimeoutStopSec of the unit. */
#define END_MS 9000u

struct options {
	enum log_level level;
	bool take_over;
	bool drain;
	const char *run_dir;
	const char *script_dir;		/* of --hotplug; NULL: the toolstack runs the scripts */
	uint32_t script_seconds;
	struct vif_policy policy;
	uint32_t max_mappings, max_mappings_all;
	uint32_t isolation;		/* a bit: 1 << enum isolation */
	const char *uid_range;
	uint32_t uid_first, uid_last;
};

static const struct option_word offers[] = {
	OFFER_WORDS,
	{ "split", OFFER_SPLIT }, { "ctrl", OFFER_CTRL }, { "mask", OFFER_MASK }, { "xdp", OFFER_XDP }, { NULL, 0 },
};

static const struct option_word directions[] = {
	{ "from-guest", RATE_GTX }, { "to-guest", RATE_GRX }, { "both", RATE_GTX | RATE_GRX }, { NULL, 0 },
};

static const struct option_word isolations[] = {
	{ "none", 1u << ISOLATION_NONE }, { "process", 1u << ISOLATION_PROCESS }, { "strict", 1u << ISOLATION_STRICT }, { NULL, 0 },
};

/* Parses FIRST-LAST, the users of data processes. */
static bool main_parse_uids(struct options *o)
{
	char first[12], last[12], end;

	return sscanf(o->uid_range, "%11[0-9]-%11[0-9]%c", first, last, &end) == 2 &&
	       parse_u32(&o->uid_first, first) && parse_u32(&o->uid_last, last) && o->uid_first > 0 &&
	       o->uid_first <= o->uid_last && o->uid_last < UINT32_MAX;
}

static struct options main_parse_options(int argc, char **argv)
{
	/* A quarter of Xen's maptrack table as it is by default is left to other backends of the domain. */
	struct options o = { .level = LOG_LEVEL_INFO, .run_dir = INSTANCE_RUN_DIR, .script_seconds = 40, .max_mappings = 4096, .max_mappings_all = 196608,
			     .uid_range = "2121269248-2121302015",
			     .policy = { .max_queues = 1, .hold_ms = 10000, .stall_ms = 60000, .queue_bytes = 4u << 20 } };
	const struct option_row rows[] = {
		OPTION_TAKE_OVER(&o.take_over),
		{ "drain", NULL, "close every VIF in order, then exit", OPTION_FLAG, { .flag = &o.drain }, 0, 0 },
		{ "without", "FEATURE,...", "offer none of sg, gso, gso4, gso6, uso, csum, csum4, csum6, header, split, ctrl, mask, xdp",
		  OPTION_WORDS, { .words = { &o.policy.without, offers } }, 0, 0 },
		{ "fill-checksums", "all|MAC,...", "send these guests no partial checksums and no GSO",
		  OPTION_TEXT, { .text = &o.policy.fill }, 0, 0 },
		{ "hold-ms", "N", "milliseconds that a frame waits for a guest's buffers (10000)", OPTION_NUMBER,
		  { .number = &o.policy.hold_ms }, 1, 3600000 },
		{ "stall-ms", "N", "milliseconds until a VIF without buffers has no carrier (60000; 0: never)",
		  OPTION_NUMBER, { .number = &o.policy.stall_ms }, 0, 3600000 },
		{ "queue-bytes", "N", "bytes that wait for a guest in its device, at most (4194304; 0: by frames only)",
		  OPTION_NUMBER, { .number = &o.policy.queue_bytes }, 0, 1u << 30 },
		{ "max-mappings", "N", "pages of one guest that stay mapped as static grants, over all its VIFs (4096)",
		  OPTION_NUMBER, { .number = &o.max_mappings }, 0, 1u << 20 },
		{ "max-mappings-all", "N", "the same of all guests together (196608)", OPTION_NUMBER,
		  { .number = &o.max_mappings_all }, 0, 1u << 20 },
		{ "max-queues", "N", "queues that a frontend may have (1)", OPTION_NUMBER,
		  { .number = &o.policy.max_queues }, 1, VIF_QUEUES_MAX },
		{ "workers", "N", "threads for the queues of one VIF, at most (as many as processors)", OPTION_NUMBER,
		  { .number = &o.policy.workers }, 1, VIF_QUEUES_MAX },
		{ "rate-direction", "from-guest|to-guest|both", "which way rate= limits (from-guest)",
		  OPTION_WORDS, { .words = { &o.policy.limited, directions } }, 0, 0 },
		{ "hotplug", "DIR", "run the VIFs' hotplug scripts, in a domain that is not dom0 (/etc/xen/scripts)",
		  OPTION_OPTIONAL, { .optional = { &o.script_dir, "/etc/xen/scripts" } }, 0, 0 },
		{ "hotplug-seconds", "N", "seconds that a hotplug script may run (40)", OPTION_NUMBER,
		  { .number = &o.script_seconds }, 1, 3600 },
		{ "isolation", "none|process|strict", "a process for each guest's data (process), or threads of this one (none)",
		  OPTION_WORDS, { .words = { &o.isolation, isolations } }, 0, 0 },
		{ "uid-range", "FIRST-LAST", "users of the guests' processes, by domain id (2121269248-2121302015)", OPTION_TEXT,
		  { .text = &o.uid_range }, 0, 0 },
		OPTION_RUN_DIR(&o.run_dir),
		OPTION_LOG_LEVEL(&o.level),
	};
	int next = options_parse(PROGRAM, "[OPTION...]", rows, ARRAY_SIZE(rows), argc, argv);

	if (next < argc)
		die(PROGRAM, EXIT_USAGE, "unexpected word \"%s\"; --help lists what there is", argv[next]);
	if (o.policy.fill && !vif_conf_is_fill(o.policy.fill))
		die(PROGRAM, EXIT_USAGE, "option --fill-checksums: \"%s\" is neither all nor a list of MAC addresses",
		    o.policy.fill);
	if (!o.isolation)
		o.isolation = 1u << ISOLATION_PROCESS;
	if (o.isolation & (o.isolation - 1))
		die(PROGRAM, EXIT_USAGE, "option --isolation: more than one word");
	if (!main_parse_uids(&o))
		die(PROGRAM, EXIT_USAGE, "option --uid-range: \"%s\" is not FIRST-LAST, two numbers of users other than root", o.uid_range);
	if (o.policy.workers == 0)
		o.policy.workers = (uint32_t)min_size((size_t)sysconf(_SC_NPROCESSORS_ONLN), VIF_QUEUES_MAX);
	if (!o.policy.limited)
		o.policy.limited = RATE_GTX;
	startup_check_run_dir(PROGRAM, o.run_dir);
	return o;
}

/* Says at once, and all in one line, what a worker would stumble over later. */
static void main_check_devices(void)
{
	struct grant_dev *grant;
	int err;

	err = grant_open(&grant, domid_of(0));
	if (err)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot open the grant device /dev/xen/gntdev (module xen-gntdev): %s", errtext(ERRTEXT_XEN, err));
	grant_close(grant);
	startup_check_devices(PROGRAM);
}

/* Says which limit there is for what waits for a guest. */
static void main_check_limit(struct vif_policy *policy)
{
	int err = policy->queue_bytes ? taplimit_works() : 0;

	if (!err)
		return;
	policy->queue_in_frames = true;
	log_warn("what waits for a guest is limited by frames, not by --queue-bytes; new devices get a shorter queue "
		 "error=\"%s\" todo=\"give netbackd CAP_BPF and the system call bpf, on Linux 5.8 or later\"",
		 errtext(ERRTEXT_FILE, err));
}

/* Hands --drain to the daemon that runs, if one does: waits for its end and exits
 * then. Returns with the lock if none does. */
static void main_drain_other(void)
{
	pid_t holder = 0;
	int err = instance_lock(PROGRAM, INSTANCE_ALL, 0, &holder);

	if (!err)
		return;
	if (err != -EBUSY)
		instance_die(PROGRAM, NULL, err, holder);
	if (kill(holder, SIGUSR2) < 0)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot signal the running netbackd (pid %d): %s", (int)holder,
		    errtext(ERRTEXT_FILE, -errno));
	if (instance_wait_end(holder, CLOSE_MS + 2000) < 0)
		die(PROGRAM, EXIT_ENVIRONMENT, "the running netbackd (pid %d) does not end", (int)holder);
	exit(EXIT_SUCCESS);
}

/* Splits off the process that runs hotplug scripts. It is a copy of this one, which
 * so far has one thread, no device open, no lock and all its rights. */
static struct hotplug *main_start_runner(const struct options *o)
{
	static char real_dir[PATH_MAX];
	struct hotplug_runner_conf conf = { .program = PROGRAM, .level = o->level, .dir = real_dir,
					    .run_dir = o->run_dir, .limit_s = o->script_seconds };
	struct hotplug *h = NULL;
	int fd;

	if (o->script_dir[0] != '/' || !o->script_dir[1] || o->script_dir[strlen(o->script_dir) - 1] == '/')
		die(PROGRAM, EXIT_USAGE, "option --hotplug: \"%s\" is not an absolute path without a slash at its end", o->script_dir);
	fd = realpath(o->script_dir, real_dir) ? hotplug_runner_start(&conf) : -errno;
	if (fd == -EPERM)
		die(PROGRAM, EXIT_ENVIRONMENT, "option --hotplug: %s belongs to another user, or others than root may write to it", o->script_dir);
	if (fd >= 0)
		h = hotplug_new(fd, o->script_dir, real_dir, o->script_seconds);
	if (!h)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot run the hotplug scripts of %s: %s", o->script_dir,
		    errtext(ERRTEXT_FILE, fd < 0 ? fd : -ENOMEM));
	return h;
}

/* --- on the control thread --------------------------------------------------- */

struct netbackd {
	struct backend backend;
	bool stop;
	uint64_t drain_until;		/* monotonic, microseconds */
	struct ctlcmd ctl;
};

/* In dom0 xl runs the scripts, and would run each a second time. */
static void main_refuse_dom0(struct store *store)
{
	uint32_t domid;

	if (store_read_u32(store, &domid, "domid", "") == 0 && domid == 0)
		die(PROGRAM, EXIT_USAGE, "option --hotplug is for driver domains: in dom0 the toolstack runs the hotplug scripts");
}

static int main_netbackd_start(void *daemon, struct store *store)
{
	struct netbackd *n = daemon;

	n->backend.store = store;
	if (n->backend.hotplug)
		main_refuse_dom0(store);
	return backend_start(&n->backend);
}

static void main_netbackd_events(void *daemon)
{
	backend_events(&((struct netbackd *)daemon)->backend);
}

static void main_netbackd_reconnected(void *daemon, int how)
{
	backend_reconnected(&((struct netbackd *)daemon)->backend, how);
}

static void main_netbackd_tick(void *daemon)
{
	struct netbackd *n = daemon;

	backend_tick(&n->backend);
	ctlcmd_tick(&n->ctl);
	if (n->backend.closing && !n->stop && now_us() >= n->drain_until) {
		log_warn("some frontends did not close in time");
		n->stop = true;
	}
}

static void main_netbackd_command(void *daemon, int signo)
{
	struct netbackd *n = daemon;

	if (signo == SIGUSR1) {
		backend_log_stats(&n->backend);
	} else if (signo == SIGUSR2) {
		log_info("closing");
		n->drain_until = now_us() + CLOSE_MS * 1000u;
		backend_close(&n->backend);
	} else if (signo != SIGHUP) {
		n->stop = true;
	}
}

static bool main_netbackd_ended(const void *daemon)
{
	const struct netbackd *n = daemon;

	return n->stop || (n->backend.closing && backend_empty(&n->backend));
}

static void main_netbackd_finish(void *daemon)
{
	struct netbackd *n = daemon;

	ctlsock_close(n->ctl.sock);
	backend_stop(&n->backend);
}

static void main_netbackd_fault(void *daemon, int fd)
{
	(void)fd;
	backend_faults(&((struct netbackd *)daemon)->backend);
}

static void main_netbackd_links(void *daemon, int fd)
{
	(void)fd;
	backend_links(&((struct netbackd *)daemon)->backend);
}

static void main_netbackd_scripts(void *daemon, int fd)
{
	(void)fd;
	backend_scripts(&((struct netbackd *)daemon)->backend);
}

static void main_netbackd_processes(void *daemon, int fd)
{
	(void)fd;
	backend_processes(&((struct netbackd *)daemon)->backend);
}

static void main_netbackd_control(void *daemon, int fd)
{
	struct netbackd *n = daemon;

	(void)fd;
	ctlsock_events(n->ctl.sock);
	if (n->backend.drain && !n->backend.closing)
		main_netbackd_command(n, SIGUSR2);
}

/* With --isolation=none one process is all there is. */
static void main_prepare_processes(struct netbackd *n, const struct options *o)
{
	enum isolation wanted = o->isolation & 1u << ISOLATION_NONE ? ISOLATION_NONE :
				o->isolation & 1u << ISOLATION_STRICT ? ISOLATION_STRICT : ISOLATION_PROCESS;
	enum isolation isolation = isolation_check(PROGRAM, wanted, o->uid_first, o->uid_last);
	static struct processes processes;
	int err;

	if (isolation == ISOLATION_NONE)
		return;
	processes = (struct processes){
		.ops = &attach_process_ops, .run_dir = o->run_dir, .uid_first = o->uid_first, .uid_last = o->uid_last,
		.isolation = isolation, .level = o->level,
	};
	err = processes_init(&processes);
	if (err)
		die(PROGRAM, EXIT_ENVIRONMENT, "cannot prepare for data processes: %s", errtext(ERRTEXT_FILE, err));
	n->backend.processes = &processes;
}

static const struct loop_ops netbackd_ops = {
	.start = main_netbackd_start,
	.events = main_netbackd_events,
	.reconnected = main_netbackd_reconnected,
	.tick = main_netbackd_tick,
	.command = main_netbackd_command,
	.ended = main_netbackd_ended,
	.finish = main_netbackd_finish,
};

static int main_control(int argc, char **argv)
{
	struct options o = main_parse_options(argc, argv);
	static struct mapquota quota;
	static struct netbackd n;
	const struct loop_conf conf = { .program = PROGRAM, .ops = &netbackd_ops, .daemon = &n, .root = "backend/vif",
					.mark = "data/" PROGRAM, .drain_signal = SIGUSR2, .end_ms = END_MS };
	struct loop *l;

	n.ctl = (struct ctlcmd){ .ops = &ctl_ops, .daemon = &n.backend };
	n.backend.run_dir = o.run_dir;
	n.backend.take_over = o.take_over;
	n.backend.policy = o.policy;
	n.backend.quota = &quota;
	quota = (struct mapquota){ .guest_max = o.max_mappings, .all_max = o.max_mappings_all };
	log_init(PROGRAM, o.level);
	n.backend.hotplug = o.script_dir ? main_start_runner(&o) : NULL;
	main_check_devices();
	if (o.drain)
		main_drain_other();
	startup_lock(PROGRAM, o.run_dir, NULL, 0);
	if (!o.take_over)
		startup_check_kernel(PROGRAM, KERNEL_BACKEND);
	main_check_limit(&n.backend.policy);
	l = loop_new(&conf);
	n.backend.control_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	loop_watch_counter(l, n.backend.control_fd, main_netbackd_fault);
	if (n.backend.hotplug)
		loop_watch(l, hotplug_fd(n.backend.hotplug), main_netbackd_scripts);
	main_prepare_processes(&n, &o);
	if (n.backend.processes)
		loop_watch(l, processes_fd(n.backend.processes), main_netbackd_processes);
	loop_watch(l, backend_ports_fd(&n.backend), main_netbackd_fault);
	n.backend.link_fd = loop_watch_links(l, main_netbackd_links);
	ctlcmd_open(&n.ctl, o.run_dir);
	if (n.ctl.sock)
		loop_watch(l, ctlsock_fd(n.ctl.sock), main_netbackd_control);
	if (o.drain)
		raise(SIGUSR2);	/* blocked: it is taken as any other, once all is started */
	return loop_run(l);
}

int main(int argc, char **argv)
{
	/* Executed by control, see process.c. */
	if (argc == 2 && strcmp(argv[1], "--" SERVE_OPTION) == 0)
		return vif_serve();
	return main_control(argc, argv);
}
