/* SPDX-License-Identifier: MIT */
/* fuzz-nic.c - netfrontd's control side on a xenstore that contains anything: a backend's states and
 * offers that change between two reads, a toolstack, requests that fail, a restore
 *
 * frontend.c, nic.c, nic_conf.c, nic_tap.c, filter.c and the files that they use are real. xenstore, TAPs
 * and connections are stand-ins, which check how they are called. The input is that of fuzz-vif.c.
 *
 * What must hold, whatever xenstore contains and whichever requests fail:
 * - a connection's worker starts once, and only after the backend's state and our own were read as
 *   Connected; its configuration is within bounds;
 * - the grefs and ports that are published are those of this connection;
 * - a device has one holder, and its state file is removed only with it;
 * - there are no more watches than one of the root and two for each NIC;
 * - no NIC exists twice, and no descriptor, transaction or watch is leaked;
 * - once requests succeed and the toolstack makes a NIC anew, the NIC connects to a correct backend;
 * - once all directories are removed, so is every NIC, connection and device.
 */
#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "fakexs.h"
#include "faketap.h"
#include "fuzz.h"
#include "input.h"
#include "script.h"

#include "common/wire/handshake.h"
#include "common/host/kernel.h"
#include "common/base/log.h"
#include "common/host/maddr.h"
#include "common/host/netdev.h"
#include "frontend/control/evtchn_keeper.h"
#include "frontend/control/frontend.h"
#include "frontend/data/conn_internal.h"

#define NICS 2u
#define WATCHES_A_NIC 2u

static struct frontend daemon_now;
static unsigned int conn_faults;	/* so many more calls of the connection fail */
static unsigned int files_before;

/* --- stands for worker.c, kernel.c and maddr.c ------------------------------- */

const char *worker_faulted(const struct worker *w)
{
	return atomic_load(&w->fault);
}

void worker_kick(struct worker *w)
{
	PROMISE(w->name);
}

void worker_wake_control(struct worker *w)
{
	PROMISE(w->name);
}

int maddr_list(uint8_t (*addr)[6], unsigned int max, const struct netdev *dev)
{
	unsigned int n = (unsigned int)(script_clock >> 8) % (max + 2);

	PROMISE(strncmp(dev->name, "eth", 3) == 0);
	for (unsigned int i = 0; i < n && i < max; i++)
		memcpy(addr[i], (uint8_t[]){ 1, 0, 0x5e, 0, 0, (uint8_t)i }, 6);
	return (int)n;
}

/* --- stands for conn.c -------------------------------------------------------------- */

/* The next gref or port: no two connections have the same. */
static uint32_t next_number;
static struct nic_conn *conns[2 * NICS];

static unsigned int count_conns(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(conns); i++)
		n += conns[i] != NULL;
	return n;
}

int nic_conn_new(struct nic_conn **out, const struct nic_place *place, const struct nic_conf *conf, struct reason *why)
{
	struct nic_conn *conn;
	unsigned int i = 0;

	PROMISE(faketap_of(place->tap_fd) && place->log && place->peer.raw < DOMID_FIRST_RESERVED);
	PROMISE(conf->queues >= 1 && conf->queues <= NIC_QUEUES_MAX && conf->queues <= daemon_now.shared.queues);
	PROMISE(!conf->mask || !conf->split);
	PROMISE(!conf->static_grants || conf->ctrl);
	PROMISE(!conf->rss || (conf->ctrl && conf->queues > 1));
	PROMISE(!conf->mcast || daemon_now.shared.multicast_control);
	if (conn_faults) {
		conn_faults--;
		return reason_fail(why, "the connection", ERRTEXT_XEN, -ENOSPC);
	}
	conn = calloc(1, sizeof(*conn));
	PROMISE(conn);
	conn->conf = *conf;
	conn->w.name = place->name;
	conn->w.net.fd = place->tap_fd;
	conn->queue = calloc(conf->queues, sizeof(*conn->queue));
	PROMISE(conn->queue);
	nic_mcast_init(conn);
	for (unsigned int r = 0; r < ARRAY_SIZE(conn->rings.gref); r++)
		conn->rings.gref[r] = gref_of(next_number++);
	conn->mask_doorbell.port = conn->ctrl.doorbell.port = evport_of(next_number++);
	for (unsigned int q = 0; q < conf->queues; q++) {
		conn->queue[q].conn = conn;
		conn->queue[q].index = q;
		conn->queue[q].gtx_doorbell.port = evport_of(next_number++);
		conn->queue[q].grx_doorbell.port = evport_of(next_number++);
	}
	while (conns[i]) {
		PROMISE(conns[i]->w.net.fd != place->tap_fd);
		i++;
	}
	conns[i] = *out = conn;
	return 0;
}

static struct nic *nic_with(const struct nic_conn *conn)
{
	for (struct nic *n = daemon_now.nics; n; n = n->next)
		if (n->conn == conn)
			return n;
	abort();
}

int nic_conn_start(struct nic_conn *conn)
{
	struct nic *n = nic_with(conn);
	unsigned long back = strtoul(fakexs_told(n->be_path, "state"), NULL, 10);

	PROMISE(!conn->w.running && !worker_faulted(&conn->w));
	PROMISE(n->state == XenbusStateConnected && strcmp(fakexs_told(n->fe_path, "state"), "4") == 0);
	PROMISE(back == XenbusStateConnected || back == XenbusStateReconfiguring || back == XenbusStateReconfigured);
	if (conn_faults) {
		conn_faults--;
		return -EAGAIN;
	}
	conn->w.running = true;
	return 0;
}

/* A worker that hangs ends once it was asked twice; conn->turn counts. conn->segments is set once it was asked. */
static bool stopping;	/* the daemon ends, and would be ended by its main thread */

enum stuck_verdict nic_conn_look(const struct nic_conn *conn, struct stuck *s)
{
	return conn->w.running && conn->turn ? stuck_look(s, 1, &conn->counters.at) : STUCK_NOT;
}

void nic_conn_capture_reap(struct nic_conn *conn) { (void)conn; }
bool nic_conn_try_stop(struct nic_conn *conn)
{
	PROMISE(conn->turn && conn->w.running);
	conn->segments = --conn->turn;
	conn->w.running = conn->turn != 0;
	return !conn->w.running;
}

bool nic_conn_positions(const struct nic_conn *conn, unsigned int i, struct positions *out)
{
	memset(out, 0, sizeof(*out));
	return i < conn->conf.queues;
}

void nic_conn_stop(struct nic_conn *conn)
{
	/* Control never waits for a worker of which it knows that it hangs. */
	PROMISE(!conn->segments || stopping);
	conn->w.running = false;
}

void nic_conn_stats(const struct nic_conn *conn, struct stats *sum)
{
	PROMISE(conn);
	memset(sum, 0, sizeof(*sum));
}

void nic_conn_free(struct nic_conn *conn)
{
	unsigned int i = 0;

	while (conns[i] != conn)
		i++;
	conns[i] = NULL;
	free(conn->queue);
	free(conn);
}

/* Returns any descriptor: the daemon must give it to the keeper and close it. */
int nic_conn_free_restored(struct nic_conn *conn)
{
	nic_conn_free(conn);
	return dup(daemon_now.retry_fd);
}

int evtchn_keeper_give(const char *run_dir, int fd)
{
	PROMISE(run_dir && fd >= 0 && fd != daemon_now.retry_fd);
	return 0;
}

void nic_conn_refs(const struct nic_conn *conn, struct nic_refs *refs)
{
	memset(refs, 0, sizeof(*refs));
	refs->mask_ref = conn->rings.gref[RINGS_QUEUES + 2 * conn->conf.queues];
	refs->ctrl_ref = conn->rings.gref[RINGS_CTRL];
	refs->mask_port = conn->mask_doorbell.port;
	refs->ctrl_port = conn->ctrl.doorbell.port;
	for (unsigned int q = 0; q < conn->conf.queues; q++) {
		refs->queue[q].gtx_ref = conn->rings.gref[RINGS_QUEUES + 2 * q];
		refs->queue[q].grx_ref = conn->rings.gref[RINGS_QUEUES + 2 * q + 1];
		refs->queue[q].gtx_port = conn->queue[q].gtx_doorbell.port;
		refs->queue[q].grx_port = conn->queue[q].grx_doorbell.port;
	}
}

const struct nic_conf *nic_conn_conf(const struct nic_conn *conn)
{
	return &conn->conf;
}

void nic_conn_announce(struct nic_conn *conn, const struct announce *what)
{
	PROMISE(!conn->w.running && what->count <= ANNOUNCE_MAX);
}

bool nic_conn_faulted(const struct nic_conn *conn, struct reason *why)
{
	const char *fault = worker_faulted(&conn->w);

	if (fault)
		*why = (struct reason){ .what = fault };
	return fault != NULL;
}

bool nic_conn_queue_stats(const struct nic_conn *conn, unsigned int i, struct stats *out)
{
	memset(out, 0, sizeof(*out));
	return conn->conf.queues > 1 && i < conn->conf.queues;
}

void nic_conn_want_mcast(struct nic_conn *conn, uint8_t (*addr)[6], unsigned int n)
{
	PROMISE(n <= MCAST_MAX);
	nic_mcast_want(conn, addr, n);
}

enum nic_mcast_state nic_conn_mcast_state(const struct nic_conn *conn)
{
	return nic_mcast_state(conn);
}

/* --- toolstack and backends ----------------------------------------------------------- */

static void dirs(unsigned int which, char *be, char *fe)
{
	snprintf(be, FAKEXS_PATH, "/local/domain/0/backend/vif/1/%u", which % NICS);
	snprintf(fe, FAKEXS_PATH, "/local/domain/1/device/vif/%u", which % NICS);
}

static void attach(unsigned int which)
{
	char be[FAKEXS_PATH], fe[FAKEXS_PATH];

	dirs(which, be, fe);
	fakexs_put(be, "frontend", fe);
	fakexs_put(be, "online", "1");
	fakexs_put(be, "state", "1");
	fakexs_put(fe, "backend", be);
	fakexs_put(fe, "backend-id", "0");
	fakexs_put(fe, "mac", "00:16:3e:00:00:01");
	fakexs_put(fe, "state", "1");
}

static void back_offer(unsigned int which, unsigned int how)
{
	static const char *const key[] = {
		"feature-sg", "feature-split-event-channels", "feature-ctrl-ring", "feature-event-mask",
		"feature-multicast-control", "feature-dynamic-multicast-control", "feature-gso-tcpv4",
	};
	char be[FAKEXS_PATH], fe[FAKEXS_PATH];

	dirs(which, be, fe);
	fakexs_put(be, "feature-rx-copy", "1");
	script_put(be, "multi-queue-max-queues", how & 128 ? 4 : 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(key); i++)
		script_put(be, key[i], how >> i & 1);
	fakexs_put(be, "state", "2");
}

static const char *const front_key[] = { "state", "backend", "backend-id", "mac", "mtu", "trusted", "handle" };
static const char *const back_key[] = {
	"state", "online", "carrier", "feature-rx-copy", "feature-sg", "feature-split-event-channels", "feature-ctrl-ring",
	"feature-event-mask", "feature-multicast-control", "feature-dynamic-multicast-control", "multi-queue-max-queues",
	"feature-no-csum-offload", "feature-ipv6-csum-offload", "feature-gso-tcpv4", "feature-gso-tcpv6",
};
static const char *const word_list[] = {
	"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "16", "17", "4294967295", "4294967296", "-1", "", "2x", " 1",
	"68", "67", "65521", "65522", "1400", "00:16:3e:00:00:02", "01:00:5e:00:00:01", "/local/domain/0/backend/vif/1/1",
	"/local/domain/0/backend/vif/1/0", "/", "device/vif/0", "/local/domain/1/device/vif/0", "32752",
};

/* Does what other clients do, also between two reads of the daemon. */
void script_others(uint8_t what)
{
	uint8_t how = eat8(&input, &input_left);
	char be[FAKEXS_PATH], fe[FAKEXS_PATH];

	dirs(what >> 4, be, fe);
	switch (what & 7) {
	case 0:
		attach(what >> 4);
		break;
	case 1:
		back_offer(what >> 4, how);
		break;
	case 2:
		script_write_key(fe, front_key, ARRAY_SIZE(front_key));
		break;
	case 3:
		script_write_key(be, back_key, ARRAY_SIZE(back_key));
		break;
	case 4:
		if (how & 1)
			fakexs_remove(be);
		if (how & 2)
			fakexs_remove(fe);
		break;
	case 5:
		script_put(be, "state", how % 10);
		break;
	case 6:
		/* A detach; or a restore, which makes all directories anew. */
		if (how & 1)
			script_put(be, "online", 0);
		if (how & 2)
			fakexs_remove(fe);
		if (how & 4)
			attach(what >> 4);
		break;
	default:
		faketap_delete(how);
		break;
	}
}

/* --- the daemon ----------------------------------------------------------------------- */

static void check(void)
{
	unsigned int nnics = 0, ntaps = 0, nlinks = 0;

	for (const struct nic *n = daemon_now.nics; n; n = n->next) {
		PROMISE(!n->gone && n->daemon == &daemon_now.shared);
		PROMISE(!n->next || n->next->devid > n->devid);
		PROMISE(!n->conn || n->tap_fd >= 0);
		PROMISE(!n->attached || n->conn);
		PROMISE(!n->conn || !n->conn->w.running || n->attached);
		nnics++;
		ntaps += n->tap_fd >= 0;
		nlinks += n->conn != NULL;
	}
	PROMISE(nlinks == count_conns());
	PROMISE(ntaps == faketap_open());
	PROMISE(fakexs_watches() <= 1 + WATCHES_A_NIC * nnics);
}

static void run_events(void)
{
	frontend_events(&daemon_now);
	check();
}

/* Does what the loop does once a second, when a timer fires, and when xenstored is back. */
static void run_retry(void)
{
	if (store_lost(daemon_now.shared.store)) {
		int how = store_reopen(daemon_now.shared.store);

		if (how >= 0)
			frontend_reconnected(&daemon_now, how);
	} else {
		frontend_tick(&daemon_now);
	}
	frontend_links(&daemon_now);
	if (daemon_now.retry_at && script_clock < daemon_now.retry_at)
		script_clock = daemon_now.retry_at;
	frontend_retry(&daemon_now);
	check();
}

static void daemon_start(uint8_t how)
{
	daemon_now = (struct frontend){ .shared = {
		.run_dir = "/nonexistent", .ifname = "eth%d", .control_fd = -1, .link_fd = -1, .queues = how & 1 ? 4 : 1, .take_over = how & 2,
		.rss = how & 4, .multicast_control = how & 8, .one_channel = (how & 0x70) == 0x10,
		.no_event_mask = (how & 0x70) == 0x20, .no_static_grants = how & 0x80,
	} };
	daemon_now.retry_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	PROMISE(daemon_now.retry_fd >= 0 && store_open(&daemon_now.shared.store, NULL) == 0);
	script_store = daemon_now.shared.store;
	if (frontend_start(&daemon_now) < 0) {
		unsigned int was = script_store_faults;

		script_store_faults = 0;
		PROMISE(frontend_start(&daemon_now) == 0);
		script_store_faults = was;
	}
	check();
}

static void daemon_stop(void)
{
	stopping = true;
	frontend_stop(&daemon_now);
	stopping = false;
	PROMISE(daemon_now.nics == NULL && count_conns() == 0 && faketap_open() == 0);
	PROMISE(fakexs_watches() <= 1 || store_lost(daemon_now.shared.store));
	script_store = NULL;
	store_close(daemon_now.shared.store);
	close(daemon_now.retry_fd);
	PROMISE(fakexs_open() == 0);
}

/* xenstored ends, and the next one has an empty tree. */
static void xenstore_emptied(void)
{
	char be[FAKEXS_PATH], fe[FAKEXS_PATH];

	store_lose(daemon_now.shared.store);
	for (unsigned int i = 0; i < NICS; i++) {
		dirs(i, be, fe);
		fakexs_remove(be);
		fakexs_remove(fe);
	}
	if (store_reopen(daemon_now.shared.store) >= 0)
		frontend_reconnected(&daemon_now, STORE_EMPTIED);
}

static void command(uint8_t what)
{
	struct nic_conn *conn = conns[what >> 4 & 3];

	switch (what & 15) {
	case 8:
		run_events();
		break;
	case 9:
		run_retry();
		break;
	case 10:
		script_store_faults = eat8(&input, &input_left) % 64;
		break;
	case 11:
		script_tap_faults = what >> 6;
		conn_faults = what >> 4 & 3;
		break;
	case 12:
		if (conn && conn->w.running && what >> 6 == 3)
			conn->turn = conn->turn ? conn->turn : 2;
		else if (conn && conn->w.running)
			atomic_store(&conn->w.fault, "a fault");
		frontend_look(&daemon_now);
		check();
		break;
	case 13:
		frontend_filters(&daemon_now);
		frontend_log_stats(&daemon_now);
		check();
		break;
	case 14:
		daemon_stop();
		daemon_start(eat8(&input, &input_left));
		break;
	case 15:
		if (what >> 4 == 15)
			frontend_close(&daemon_now);
		else if (what >> 4 == 14)
			store_lose(daemon_now.shared.store);
		else if (what >> 4 == 13)
			xenstore_emptied();
		else
			script_clock += (uint64_t)what << 14;
		check();
		break;
	default:
		script_others(what);
		break;
	}
}

static void run_until_idle(void)
{
	for (unsigned int i = 0; i < 12; i++) {
		run_events();
		run_retry();
	}
	PROMISE(!fakexs_event());
}

/* Checks that the watches which could not be set while requests failed are set now. */
static void check_watches(void)
{
	unsigned int n = 1;

	for (const struct nic *nic = daemon_now.nics; nic; nic = nic->next)
		n += *nic->be_path ? WATCHES_A_NIC : 0;
	PROMISE(fakexs_watches() == n);
}

static void remove_all(void)
{
	char be[FAKEXS_PATH], fe[FAKEXS_PATH];

	for (unsigned int i = 0; i < NICS; i++) {
		dirs(i, be, fe);
		fakexs_remove(be);
		fakexs_remove(fe);
	}
	run_until_idle();
	PROMISE(daemon_now.nics == NULL && count_conns() == 0);
}

static const struct nic *nic_of(unsigned int which)
{
	for (const struct nic *n = daemon_now.nics; n; n = n->next)
		if (n->devid == which)
			return n;
	return NULL;
}

/* Checks that the published keys are the connection's. */
static void check_keys(const struct nic *n)
{
	const struct nic_conn *conn = n->conn;
	const char *text = fakexs_get(n->fe_path, conn->conf.queues > 1 ? "queue-0/tx-ring-ref" : "tx-ring-ref");

	PROMISE(text && strtoul(text, NULL, 10) == conn->rings.gref[RINGS_QUEUES].raw);
	PROMISE(!conn->conf.ctrl == !fakexs_get(n->fe_path, "ctrl-ring-ref"));
	PROMISE(!conn->conf.mask == !fakexs_get(n->fe_path, "event-mask-ref"));
	text = fakexs_get(n->fe_path, "multi-queue-num-queues");
	PROMISE((text ? strtoul(text, NULL, 10) : 1) == conn->conf.queues);
}

/* Checks that a new NIC connects, whatever was before. */
static void check_new_nic(unsigned int which, uint8_t how)
{
	char be[FAKEXS_PATH], fe[FAKEXS_PATH];
	const struct nic *n;

	dirs(which, be, fe);
	attach(which);
	run_until_idle();
	back_offer(which, how);
	run_until_idle();
	n = nic_of(which);
	PROMISE(n && n->conn && !n->attached && strcmp(fakexs_get(fe, "state"), "4") == 0);
	check_keys(n);
	fakexs_put(be, "state", "4");
	run_until_idle();
	PROMISE(n->attached && n->conn->w.running && faketap_carrier(n->tap_fd));
}

static void session(void)
{
	uint8_t how = eat8(&input, &input_left), offer = eat8(&input, &input_left);

	fakexs_start("/local/domain/1");
	faketap_start();
	script_calm();
	conn_faults = 0;
	next_number = 8;
	script_clock = 1000000;
	script_start(word_list, ARRAY_SIZE(word_list));
	attach(0);
	daemon_start(how);
	input_run(command);
	script_calm();
	conn_faults = 0;
	if (daemon_now.shared.stopping) {
		daemon_stop();
		daemon_start(how);
	}
	run_until_idle();
	check_watches();
	/* A NIC of an xenstore_emptied xenstore stays until a directory is made and removed again. */
	for (unsigned int i = 0; i < NICS; i++)
		attach(i);
	run_until_idle();
	remove_all();
	check_new_nic(how >> 3 & 1, offer);
	remove_all();
	PROMISE(fakexs_watches() == 1);
	frontend_sweep(&daemon_now);
	PROMISE(faketap_devices() == 0);
	daemon_stop();
	PROMISE(input_files() == files_before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	files_before = input_files();
	input = data;
	input_left = size;
	session();
	return 0;
}
