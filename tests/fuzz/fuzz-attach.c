/* SPDX-License-Identifier: MIT */
/* fuzz-attach.c - data processes that say anything, in any order, to a control with several VIFs
 *
 * attach.c, attach_found.c, process.c and processes.c are real, and so are the sockets. A data
 * process is the other end of its socket, and of a pipe that stands for its pidfd: readable once it has
 * ended. Input: commands, each of one byte and further bytes, by which VIFs, data processes and
 * time take turns. A data process sends messages that pass msg_check(), as msg_data covers the others.
 *
 * What must hold, whatever is said:
 * - a VIF is UP only after CONNECTED, or adopted from what was said to be served as it would be made;
 * - a VIF that is with a process is on that process's list once, and no other VIF has its number;
 * - a process that nobody needs is asked to end, and no process is READY without a socket;
 * - what is charged to a guest is what its VIFs hold;
 * - a process that broke the protocol is dead;
 * - in the end no descriptor, no charge and no process is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "input.h"

#include "common/base/clock.h"

/* Time goes on by command only. */
static uint64_t time_now;

static uint64_t fake_now_us(void)
{
	return time_now;
}

static int fake_signal(int pidfd, int signo, siginfo_t *info, unsigned int flags);
#define now_us fake_now_us
#define pidfd_send_signal fake_signal

#include "backend/control/attach.c"
#include "backend/control/attach_found.c"
#include "backend/control/process.c"
#include "backend/control/process_deaths.c"
#include "backend/control/processes.c"

#define GUESTS 2u
#define VIFS 4u		/* two of each guest */
#define PAGES 1200u	/* that all guests together may have mapped */

static struct mapquota quota;
static struct processes all;
static struct vif_settings settings;

/* A data process, which the guest number has at most one of. */
static struct data {
	bool alive;
	int sock;		/* its end; -1: none is connected */
	int end;		/* the other end of its pidfd, which it holds until it ends; -1: none */
	int pidfd;		/* control's */
} data[GUESTS];

static struct data *connected_to;	/* the latest */

static struct {
	struct attach attach;
	struct vif_counters counters;
	char name[16];
	bool looked;
} vif[VIFS];

static struct domid guest_of(unsigned int i)
{
	return domid_of((uint16_t)(1 + i / 2));
}

/* --- in place of spawn_data.c and guestsock.c ------------------------------------------------ */

static void data_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void data_kill(struct data *d)
{
	d->alive = false;
	data_close(&d->end);
}

static int fake_signal(int pidfd, int signo, siginfo_t *info, unsigned int flags)
{
	(void)info;
	(void)flags;
	PROMISE(signo == SIGKILL && pidfd >= 0);
	for (unsigned int i = 0; i < GUESTS; i++)
		if (data[i].pidfd == pidfd)
			data_kill(&data[i]);
	return 0;
}

/* Returns a descriptor for control that is readable once the process has ended. */
static int data_pidfd(struct data *d)
{
	int ends[2];

	PROMISE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	data_close(&d->end);
	d->end = ends[1];
	d->pidfd = ends[0];
	return ends[0];
}

/* Returns control's end of a new connection. */
static int data_connect(struct data *d)
{
	int pair[2];

	PROMISE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
	data_close(&d->sock);
	d->sock = pair[0];
	return pair[1];
}

int guestsock_connect(const char *run_dir, struct domid guest)
{
	struct data *d = &data[guest.raw - 1];

	(void)run_dir;
	connected_to = d;
	return d->alive ? data_connect(d) : -ENOENT;
}

int guestsock_listen(const char *run_dir, struct domid guest)
{
	(void)run_dir;
	if (data[guest.raw - 1].alive)
		return -EBUSY;
	return eat8(&input, &input_left) % 16 == 15 ? -EMFILE : open("/dev/null", O_RDWR | O_CLOEXEC);
}

int guestsock_peer(int sock, pid_t *pid)
{
	(void)sock;
	*pid = 1;
	return connected_to->alive ? data_pidfd(connected_to) : -ESRCH;
}

void guestsock_each(const char *run_dir, void (*fn)(void *arg, struct domid guest), void *arg)
{
	(void)run_dir;
	(void)fn;
	(void)arg;
}

void guestsock_remove(const char *run_dir, struct domid guest)
{
	(void)run_dir;
	(void)guest;
}

pid_t guestsock_kill(const char *run_dir, struct domid guest)
{
	(void)run_dir;
	(void)guest;
	return 0;
}

int spawn_data(struct spawned *out, struct domid guest, int listener)
{
	struct data *d = &data[guest.raw - 1];

	PROMISE(listener >= 0 && !d->alive);
	if (eat8(&input, &input_left) % 16 == 15)
		return -EAGAIN;
	d->alive = true;
	*out = (struct spawned){ .pid = 1, .pidfd = data_pidfd(d), .sock = data_connect(d) };
	return 0;
}

/* --- in place of conn.c and vif_fds.c: nothing is served here ------------------------------ */

int vif_conn_start(struct vif_conn **out, const struct vif_conn_params *params, const struct vif_conf *conf, struct reason *why)
{
	(void)out;
	(void)params;
	(void)conf;
	(void)why;
	PROMISE(!"a connection of this process");
	return -ENOSYS;
}

void vif_conn_stop(struct vif_conn *conn, struct stats *sum) { (void)conn; (void)sum; }
bool vif_conn_try_stop(struct vif_conn *conn) { (void)conn; return true; }
bool vif_conn_faulted(const struct vif_conn *conn, struct reason *why) { (void)conn; (void)why; return false; }
bool vif_conn_stalled(const struct vif_conn *conn) { (void)conn; return false; }
unsigned int vif_conn_mappings_max(void) { return 512; }
void vif_fds_put(const struct vif_fds *fds, struct vif_conn_params *params) { (void)fds; (void)params; }

void vif_fds_close(struct vif_fds *fds)
{
	if (fds->limit >= 0)
		close(fds->limit);
	if (fds->tables >= 0)
		close(fds->tables);
	fds->limit = fds->tables = -1;
}

void vif_fds_drop(struct vif_fds *fds)
{
	for (unsigned int i = 1; i < fds->workers; i++)
		close(fds->tap[i]);
	fds->workers = 0;
	vif_fds_close(fds);
}

/* --- what must hold ---------------------------------------------------------------------- */

static unsigned int times_on_list(const struct process *p, const struct attach *a, bool with)
{
	unsigned int n = 0, all_of_it = 0;

	for (const struct attach *b = p->attached; b; b = b->next) {
		PROMISE(b->process == p && ++all_of_it <= VIFS);
		PROMISE(!with || b == a || b->number != a->number || b->number == MSG_VIFS_MAX);
		n += b == a;
	}
	return n;
}

static void check_vif(const struct attach *a)
{
	bool with = a->state != ATTACH_NONE || a->greeting;

	if (!a->process) {
		PROMISE(!with && !a->mappings && !a->served);
		return;
	}
	PROMISE(times_on_list(a->process, a, with) == (with ? 1 : 0));
	PROMISE(a->state != ATTACH_NONE || (!a->mappings && !a->asked && !a->served));
	PROMISE(a->state != ATTACH_UP || (a->asked && !a->served));
	PROMISE(a->state != ATTACH_FOUND || a->served);
	PROMISE(!with || a->greeting || a->number < MSG_VIFS_MAX);
	PROMISE(!with || a->process->state != PROCESS_NONE);
	PROMISE(a->state != ATTACH_UP || a->process->state == PROCESS_READY || a->process->state == PROCESS_ENDING);
}

static void check_all(void)
{
	unsigned int charged = 0;

	for (unsigned int i = 0; i < VIFS; i++) {
		check_vif(&vif[i].attach);
		charged += vif[i].attach.mappings;
	}
	PROMISE(charged == atomic_load(&quota.all) && charged <= PAGES);
	for (const struct process *p = all.first; p; p = p->next) {
		unsigned int served = 0;

		for (const struct served *s = p->served; s; s = s->next)
			served++;
		PROMISE(served <= MSG_VIFS_MAX);
		PROMISE(p->users || p->state != PROCESS_NONE);
		PROMISE((p->state != PROCESS_NONE && p->state != PROCESS_WAITING) == (p->pidfd >= 0));
		PROMISE(p->sock >= 0 || (p->state != PROCESS_READY && p->state != PROCESS_STARTING && p->state != PROCESS_GREETING));
		PROMISE(p->sets <= MSG_WORKERS_MAX);
	}
}

/* --- VIFs ------------------------------------------------------------------------------------ */

static struct vif_conf conf_of(unsigned int i, uint8_t what)
{
	struct vif_conf conf = { .queues = 1 + (what >> 1) % 2, .ctrl = what & 1, .ctrl_ref = { what & 1 }, .ctrl_port = { what & 1 } };

	for (unsigned int q = 0; q < conf.queues; q++)
		conf.queue[q].gtx_ref.raw = 8 + i;
	return conf;
}

static struct vif_conn_params params_of(unsigned int i)
{
	return (struct vif_conn_params){
		.peer = guest_of(i), .name = vif[i].name, .settings = &settings, .counters = &vif[i].counters, .workers = 1,
		.hold_ms = 10, .quota = &quota,
	};
}

/* As vif_connect.c does it. */
static void do_connect(unsigned int i)
{
	struct attach *a = &vif[i].attach;
	struct vif_conn_params params = params_of(i);
	struct vif_conf conf = conf_of(i, eat8(&input, &input_left));
	struct vif_fds fds = { .workers = 1, .limit = -1, .tables = -1 };
	struct reason why;
	int fd, err;

	if (!vif[i].looked) {
		if (attach_find(a, &all, params.peer, params.name, &fd) == -EINPROGRESS)
			return;
		vif[i].looked = true;
		if (fd >= 0)
			close(fd);
	}
	(void)!attach_lost(a);
	if (a->state != ATTACH_NONE && a->state != ATTACH_FOUND)
		return;
	vif_counters_free(&vif[i].counters);
	if (attach_adopt(a, &params, &conf, &vif[i].counters)) {
		PROMISE(a->state == ATTACH_UP);
		return;
	}
	if (a->state != ATTACH_NONE || attach_failed(a, &why))
		return;
	vif_counters_new(&vif[i].counters, conf.queues, 1);
	PROMISE(vif[i].counters.set);
	fds.tap[0] = vif[i].counters.fd;	/* any descriptor */
	err = attach_start(a, &all, &params, &fds, &conf, &why);
	PROMISE(err == -EINPROGRESS || why.what);
	PROMISE(err == -EINPROGRESS ? a->state == ATTACH_STARTING : a->state == ATTACH_NONE);
}

static void do_vif(uint8_t what)
{
	unsigned int i = what % VIFS;
	struct reason why;

	switch (what / VIFS % 4) {
	case 0:
		do_connect(i);
		break;
	case 1:
		(void)!attach_stop(&vif[i].attach);
		break;
	case 2:
		atomic_store(&settings.filter, what & 1);
		(void)!attach_settings(&vif[i].attach);
		(void)!attach_faulted(&vif[i].attach, &why);
		break;
	case 3:
		attach_forget(&vif[i].attach, what & 128);
		break;
	}
}

/* --- data processes ---------------------------------------------------------------------------- */

static const enum msg_kind kinds[] = {
	MSG_READY, MSG_CONNECTED, MSG_DISCONNECTED, MSG_FAULT, MSG_CARRIER, MSG_LOG, MSG_SERVING, MSG_APPLIED,
};

/* Says one message that passes the check. */
static void do_say(struct data *d, uint8_t what)
{
	uint8_t more = eat8(&input, &input_left);
	enum msg_kind kind = kinds[what % ARRAY_SIZE(kinds)];
	bool none = kind == MSG_READY || kind == MSG_LOG;
	union msg m = msg_new(kind, none ? 0 : more % 8 == 7 ? 63 : more % 4);
	struct vif_counters counters = { .fd = -1 };
	struct vif_conf conf;
	unsigned int i;

	if (d->sock < 0)
		return;
	if (kind == MSG_READY) {
		m.ready.err = more % 8 == 7 ? -EPERM : 0;
		m.ready.sets = more % 8;
	} else if (kind == MSG_CONNECTED && more >= 128) {
		m.connected.err = -EINVAL;
		m.connected.reason = more % REASON_MAX;
	} else if (kind == MSG_FAULT) {
		m.fault.reason = more % REASON_MAX;
	} else if (kind == MSG_CARRIER) {
		m.carrier.stalled = more >= 128;
	} else if (kind == MSG_LOG) {
		m.log.level = LOG_LEVEL_DEBUG;
		m.log.text[0] = 'x';
	} else if (kind == MSG_SERVING) {
		i = more / 8 % VIFS;
		conf = conf_of(i, more / 32);
		msg_put_conf(&m.serving.connect, &conf);
		memcpy(m.serving.connect.name, vif[i].name, strlen(vif[i].name));
		m.serving.connect.workers = 1;
		m.serving.connect.hold_ms = 10;
		m.serving.connect.mappings = more / 128;
		vif_counters_new(&counters, more % 16 == 9 ? 5 : conf.queues, 1);
		(void)!msg_send(d->sock, &m, (const int[]){ counters.fd, counters.fd }, 2);
		vif_counters_free(&counters);
		return;
	}
	(void)!msg_send(d->sock, &m, NULL, 0);
}

/* Reads what control said, and obeys END only. */
static void do_hear(struct data *d)
{
	int fds[MSG_FDS_MAX];
	unsigned int nfds;
	union msg m;
	int err = 0;

	while (d->sock >= 0 && !err) {
		err = msg_receive(d->sock, &m, MSG_FROM_CONTROL, fds, &nfds);
		PROMISE(err == 0 || err == -EAGAIN || err == -ECONNRESET);
		for (unsigned int i = 0; i < nfds; i++)
			close(fds[i]);
		if (!err && m.head.kind == MSG_END)
			data_kill(d);
	}
}

static void do_data(uint8_t what)
{
	struct data *d = &data[what % GUESTS];

	what /= GUESTS;
	if (what % 8 < 6) {
		do_say(d, what / 8);
	} else if (what % 8 == 6) {
		do_hear(d);
	} else {
		data_kill(d);
		if (what & 64)
			data_close(&d->sock);
	}
}

/* --- control --------------------------------------------------------------------------------------- */

static void do_events(uint8_t what)
{
	processes_events(&all);
	processes_start_waiting(&all);
	for (unsigned int i = 0; i < VIFS; i++)
		vif[i].attach.changed = false;
	if (what & 1)
		processes_drop_unclaimed(&all);
}

static void do_time(uint8_t what)
{
	time_now += (what % 16) * 1000000u;
	for (unsigned int i = 0; i < VIFS; i++)
		attach_tick(&vif[i].attach);
	processes_tick(&all);
}

static void command(uint8_t what)
{
	switch (what % 4) {
	case 0:
		do_vif(eat8(&input, &input_left));
		break;
	case 1:
		do_data(eat8(&input, &input_left));
		break;
	case 2:
		do_events(what / 4);
		break;
	case 3:
		do_time(what / 4);
		break;
	}
	check_all();
}

static bool log_nowhere(enum log_level level, const char *text)
{
	(void)level;
	(void)text;
	return true;
}

/* Begins with what earlier controls left, as the byte says. */
static void begin(uint8_t left)
{
	time_now = 1000000;
	atomic_store(&quota.guest_max, PAGES / 2);
	atomic_store(&quota.all_max, PAGES);
	all = (struct processes){ .ops = &attach_process_ops, .run_dir = "", .isolation = ISOLATION_PROCESS, .uid_first = 100000,
				  .uid_last = 200000, .level = LOG_LEVEL_ERROR, .told = true };
	PROMISE(processes_init(&all) == 0);
	for (unsigned int i = 0; i < GUESTS; i++)
		data[i] = (struct data){ .alive = left & 1u << i, .sock = -1, .end = -1, .pidfd = -1 };
	memset(vif, 0, sizeof(vif));
	for (unsigned int i = 0; i < VIFS; i++)
		snprintf(vif[i].name, sizeof(vif[i].name), "vif%u.%u", guest_of(i).raw, i % 2);
}

static void end(void)
{
	for (unsigned int i = 0; i < VIFS; i++) {
		attach_free(&vif[i].attach);
		vif_counters_free(&vif[i].counters);
	}
	for (unsigned int i = 0; i < GUESTS; i++)
		data_kill(&data[i]);
	processes_stop(&all);
	for (struct process *p = all.first, *next; p; p = next) {
		next = p->next;
		PROMISE(p->state == PROCESS_NONE && !p->users && !p->attached);
		process_free_unused(p);
	}
	PROMISE(!all.first && atomic_load(&quota.all) == 0);
	close(all.epoll_fd);
	close(all.timer_fd);
	for (unsigned int i = 0; i < GUESTS; i++)
		data_close(&data[i].sock);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static bool begun;
	unsigned int files;

	/* FUZZ_LOG=1 shows what control logs. The log keeps a descriptor. */
	if (!begun)
		log_init("fuzz", getenv("FUZZ_LOG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	begun = true;
	log_set_output(getenv("FUZZ_LOG") ? NULL : log_nowhere);
	files = input_files();
	input = bytes;
	input_left = size;
	begin(eat8(&input, &input_left));
	input_run(command);
	end();
	PROMISE(input_files() == files);
	return 0;
}
