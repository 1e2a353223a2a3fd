/* SPDX-License-Identifier: MIT */
/* fuzz-vif.c - netbackd's control side on a xenstore that contains anything: states, keys that change
 * between two reads, requests that fail, daemons that die
 *
 * backend.c, vif.c, vif_new.c, vif_conf.c and the files that they use are real. xenstore, TAPs and
 * connections are stand-ins, which check how they are called. Input: commands, each of one byte and
 * further bytes, by which the toolstack, guests, faults and the daemon's loop take turns.
 *
 * What must hold, whatever xenstore contains and whichever requests fail:
 * - a connection starts only after both ends' states were read as the handshake asks for, with a
 *   configuration within bounds, on a device of its own;
 * - a VIF with a connection is Connected;
 * - a device has one holder, and its state file is removed only with it;
 * - there are no more watches than one of the root and three for each VIF;
 * - no VIF exists twice, and no descriptor, transaction or watch is leaked;
 * - once requests succeed and the toolstack makes a VIF anew, a correct frontend is connected;
 * - once all directories are removed, so is every VIF, connection and device.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fakexs.h"
#include "faketap.h"
#include "fuzz.h"
#include "input.h"
#include "refs.h"
#include "script.h"

#include "backend/control/backend.h"
#include "backend/control/stale_taps.h"
#include "common/host/kernel.h"
#include "common/host/statemap.h"
#include "common/base/log.h"
#include "common/host/worker.h"

#define VIFS 3u
#define WATCHES_A_VIF 3u

static const struct { unsigned int domid, devid; } place_of[VIFS] = { { 1, 0 }, { 1, 1 }, { 2, 0 } };

static struct backend daemon_now;
static unsigned int start_faults;	/* so many more starts of a connection fail */
static unsigned int files_before;
static bool toolstack_wrote;	/* the toolstack wrote a backend's state, which may now differ from the daemon's */

/* --- stands for kernel.c ------------------------------------ */

void kernel_netdev_read(struct kernel_netdev *out, enum kernel_side side, const char *device)
{
	static unsigned int calls;

	(void)side;
	(void)device;
	*out = (struct kernel_netdev){ .bridge = "xenbr0", .mtu = 1500, .up = true };
	if (calls++ & 1)
		snprintf(out->name, sizeof(out->name), "vif1.0");
}

int kernel_netdev_apply(const char *name, const struct kernel_netdev *like)
{
	PROMISE(*name && *like->bridge);
	return (int)(eat8(&input, &input_left) % 2) - 1;
}

/* --- stands for conn_switch.c ------------------------------------------------------ */

void vif_conn_switch(struct vif_conn *conn, int sock, int memory_fd)
{
	(void)conn;
	close(sock);
	close(memory_fd);
}

bool vif_conn_run_switch(struct vif_conn *conn)
{
	(void)conn;
	return false;
}

/* --- stands for conn.c ------------------------------------------------------------ */

struct vif_conn {
	struct vif *vif;
	unsigned int device;
	const char *fault;
	bool stalled;
	unsigned int hangs;	/* its worker ends once it was asked so often */
	bool asked;		/* to end, and it does not yet */
};

static struct vif_conn *conns[VIFS * 2];
static bool stopping;	/* the daemon ends, and would be ended by its main thread */

static unsigned int count_conns(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(conns); i++)
		n += conns[i] != NULL;
	return n;
}

/* Checks that the states of both ends, as they were last read, allow a connection. */
static void check_states(const struct vif *v, bool resume)
{
	const char *ours = fakexs_told(v->be_path, "state"), *theirs = fakexs_told(v->fe_path, "state");
	unsigned long front = strtoul(theirs, NULL, 10);

	PROMISE(strcmp(ours, "") != 0);
	if (!resume)
		PROMISE(v->state == XenbusStateInitWait && front == XenbusStateConnected);
	else	/* In some states a frontend is still connected. */
		PROMISE(hs_back_is_up(v->state) && front != XenbusStateInitialising && front != XenbusStateClosing &&
			front != XenbusStateClosed && front != XenbusStateUnknown && front < HS_STATES);
}

unsigned int vif_conn_mappings_max(void)
{
	return 1024;
}

int vif_conn_start(struct vif_conn **out, const struct vif_conn_params *params, const struct vif_conf *conf, struct reason *why)
{
	struct vif *v = container_of(params->settings, struct vif, settings);
	struct vif_conn *l;
	unsigned int i = 0;

	PROMISE(!v->attach.conn && faketap_of(params->tap_fds[0]) && params->peer.raw == v->peer.raw);
	PROMISE(conf->queues >= 1 && conf->queues <= VIF_QUEUES_MAX);
	PROMISE(params->adopt || conf->queues <= v->daemon->policy.max_queues);
	PROMISE(params->workers >= 1 && params->workers <= conf->queues);
	PROMISE(params->counters->set && params->counters->queues == conf->queues && params->counters->workers == params->workers);
	PROMISE(params->workers == 1 || (!conf->ctrl && !conf->mask));
	PROMISE(vif_settings_headroom(&v->settings) <= PKT_HEADROOM_MAX);
	for (unsigned int w = 1; w < params->workers; w++) {
		PROMISE(params->tap_fds[w] != params->tap_fds[0]);
		close(params->tap_fds[w]);
	}
	PROMISE(params->tables_fd >= -1 && (params->tables_fd < 0 || fcntl(params->tables_fd, F_GETFD) == FD_CLOEXEC));
	refs_check(conf);
	check_states(v, params->adopt);
	if (start_faults) {
		start_faults--;
		return reason_fail(why, "the connection", ERRTEXT_XEN, -EINVAL);
	}
	l = calloc(1, sizeof(*l));
	PROMISE(l);
	l->vif = v;
	l->device = faketap_of(params->tap_fds[0]);
	while (conns[i]) {
		PROMISE(conns[i]->device != l->device && conns[i]->vif != v);
		i++;
	}
	conns[i] = *out = l;
	for (unsigned int w = 0; w < params->workers; w++)
		positions_turn(&vif_counters_all_of_worker(params->counters, w)->at);
	return 0;
}

/* Has a worker hang: it neither sleeps nor moves. */
static void conn_hang(struct vif_conn *l)
{
	if (l->hangs)
		return;
	l->hangs = 2;
	positions_turn(&vif_counters_all_of_worker(&l->vif->counters, 0)->at);
}

bool vif_conn_try_stop(struct vif_conn *l)
{
	PROMISE(l->hangs);
	l->asked = --l->hangs != 0;
	return !l->asked;
}

void vif_conn_stop(struct vif_conn *l, struct stats *sum)
{
	unsigned int i = 0;

	/* Control never waits for a worker of which it knows that it hangs. */
	PROMISE(!l->asked || stopping);

	while (conns[i] != l)
		i++;
	conns[i] = NULL;
	memset(sum, 0, sizeof(*sum));
	free(l);
}

/* --- stands for statemap.c: a guest's tables --------------------------------- */

size_t vif_conn_tables_size(void)
{
	return 4711;
}

/* The saved state of a connection that exists must not be removed: the next daemon needs it. */
static void tables_are_free(const char *path)
{
	char is[64];

	for (unsigned int i = 0; i < ARRAY_SIZE(conns); i++) {
		if (!conns[i])
			continue;
		snprintf(is, sizeof(is), "/nonexistent/%s.tables", conns[i]->vif->name);
		PROMISE(strcmp(path, is) != 0);
	}
}

void statemap_remove(const char *path)
{
	tables_are_free(path);
}

int statemap_create(const char *path, size_t len)
{
	PROMISE(len == vif_conn_tables_size());
	tables_are_free(path);
	return start_faults & 1 ? -ENOSPC : open("/dev/null", O_RDWR | O_CLOEXEC);
}

int statemap_open(const char *path, size_t len)
{
	PROMISE(len == vif_conn_tables_size());
	tables_are_free(path);
	return start_faults & 2 ? -ENOENT : open("/dev/zero", O_RDWR | O_CLOEXEC);
}

/* --- stands for conn.c, continued -------------------------------------------- */

bool vif_conn_faulted(const struct vif_conn *l, struct reason *why)
{
	if (l->fault)
		*why = (struct reason){ .what = l->fault };
	return l->fault != NULL;
}

bool vif_conn_stalled(const struct vif_conn *l)
{
	return l->stalled;
}

void vif_conn_stats(const struct vif_conn *l, struct stats *sum)
{
	(void)l;
	memset(sum, 0, sizeof(*sum));
}

/* --- toolstack and guests ------------------------------------------------------- */

static void dirs(unsigned int which, char *be, char *fe)
{
	unsigned int d = place_of[which % VIFS].domid, h = place_of[which % VIFS].devid;

	snprintf(be, FAKEXS_PATH, "/local/domain/0/backend/vif/%u/%u", d, h);
	snprintf(fe, FAKEXS_PATH, "/local/domain/%u/device/vif/%u", d, h);
}

/* Makes a VIF's directories as libxl does, but not in one transaction. */
static void attach(unsigned int which)
{
	char be[FAKEXS_PATH], fe[FAKEXS_PATH];

	dirs(which, be, fe);
	fakexs_put(be, "frontend", fe);
	script_put(be, "frontend-id", place_of[which % VIFS].domid);
	script_put(be, "handle", place_of[which % VIFS].devid);
	fakexs_put(be, "mac", "00:16:3e:00:00:01");
	fakexs_put(be, "online", "1");
	fakexs_put(fe, "backend", be);
	fakexs_put(fe, "backend-id", "0");
	fakexs_put(fe, "state", "1");
	fakexs_put(be, "state", "1");
}

static void front_keys(unsigned int which, unsigned int how)
{
	static const char *const flat[] = { "tx-ring-ref", "rx-ring-ref", "event-channel-tx", "event-channel-rx" };
	char be[FAKEXS_PATH], fe[FAKEXS_PATH], key[40];
	unsigned int n = how & 1 ? 2 : 1, next = 8;

	dirs(which, be, fe);
	fakexs_put(fe, "request-rx-copy", "1");
	if (n > 1)
		script_put(fe, "multi-queue-num-queues", n);
	for (unsigned int q = 0; q < n; q++) {
		for (unsigned int i = 0; i < (how & 2 ? 2 : 4); i++) {
			if (n > 1)
				snprintf(key, sizeof(key), "queue-%u/%s", q, flat[i]);
			else
				snprintf(key, sizeof(key), "%s", flat[i]);
			script_put(fe, key, next++);
		}
	}
	if (how & 2) {
		script_put(fe, "event-mask-ref", next++);
		script_put(fe, "event-channel", next++);
	}
	if (how & 4)
		script_put(fe, "ctrl-ring-ref", next++);
	if ((how & 6) == 4)
		script_put(fe, "event-channel-ctrl", next++);
	if (how & 8)
		fakexs_put(fe, "feature-sg", "1");
}

static const char *const front_key[] = {
	"tx-ring-ref", "rx-ring-ref", "event-channel", "event-channel-tx", "event-channel-rx", "event-channel-ctrl",
	"ctrl-ring-ref", "event-mask-ref", "multi-queue-num-queues", "request-rx-copy", "feature-rx-notify",
	"feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-no-csum-offload", "feature-ipv6-csum-offload",
	"xdp-headroom", "request-multicast-control", "queue-0/tx-ring-ref", "queue-0/rx-ring-ref",
	"queue-0/event-channel", "queue-1/tx-ring-ref", "queue-1/rx-ring-ref", "queue-1/event-channel",
	"queue-1/event-channel-tx", "queue-1/event-channel-rx", "state",
};
static const char *const back_key[] = {
	"online", "state", "frontend", "frontend-id", "handle", "mac", "hotplug-status", "rate", "fill-checksums",
	"mtu", "multi-queue-max-queues", "error", "trusted", "vifname",
};
static const char *const word_list[] = {
	"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "16", "17", "4294967295", "4294967296", "-1", "", "2x", " 1",
	"connected", "error", "00:16:3e:00:00:02", "01:00:5e:00:00:01", "20000,20000", "1,0", "/local/domain/2/device/vif/0",
	"/local/domain/1/device/vif/1", "/", "device/vif/0",
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
		front_keys(what >> 4, how);
		fakexs_put(fe, "state", "4");
		break;
	case 2:
		script_write_key(fe, front_key, ARRAY_SIZE(front_key));
		break;
	case 3:
		toolstack_wrote = true;
		script_write_key(be, back_key, ARRAY_SIZE(back_key));
		break;
	case 4:
		if (how & 1)
			fakexs_remove(be);
		if (how & 2)
			fakexs_remove(fe);
		break;
	case 5:
		script_put(fe, "state", how % 10);
		break;
	case 6:
		toolstack_wrote = true;
		script_put(be, "online", 0);
		script_put(be, "state", how & 1 ? 5 : 1);
		break;
	default:
		/* A person deletes the device (ip link del). */
		faketap_delete(how);
		break;
	}
}

/* --- the daemon --------------------------------------------------------------------- */

static void check(void)
{
	unsigned int nvifs = 0, ntaps = 0, nconns = 0;

	for (const struct vif *v = daemon_now.vifs; v; v = v->next) {
		PROMISE(!v->gone && v->daemon == &daemon_now);
		for (const struct vif *w = v->next; w; w = w->next) {
			PROMISE(w->peer.raw != v->peer.raw || w->devid != v->devid);
			PROMISE(v->tap_fd < 0 || w->tap_fd < 0 || v->tap_fd != w->tap_fd);
		}
		PROMISE(!v->attach.conn || hs_back_is_up(v->state));
		PROMISE(!v->attach.conn || v->tap_fd >= 0);
		nvifs++;
		ntaps += v->tap_fd >= 0;
		nconns += v->attach.conn != NULL;
	}
	PROMISE(nconns == count_conns());
	PROMISE(ntaps == faketap_open());
	PROMISE(fakexs_watches() <= 1 + WATCHES_A_VIF * nvifs);
}

static void run_events(void)
{
	backend_events(&daemon_now);
	check();
}

/* Does what the loop does once a second, and when xenstored is back. */
static void tick(void)
{
	if (store_lost(daemon_now.store)) {
		int how = store_reopen(daemon_now.store);

		if (how >= 0)
			backend_reconnected(&daemon_now, how);
	} else {
		backend_tick(&daemon_now);
	}
	backend_links(&daemon_now);
	check();
}

static void daemon_start(uint8_t how)
{
	daemon_now = (struct backend){
		.run_dir = "/nonexistent", .control_fd = -1, .link_fd = -1, .take_over = how & 4,
		.policy = { .max_queues = how & 1 ? 4 : 1, .workers = 2, .limited = RATE_GTX, .hold_ms = 1, .stall_ms = 1,
			    .fill = how & 2 ? "all" : NULL },
	};
	PROMISE(store_open(&daemon_now.store, NULL) == 0);
	script_store = daemon_now.store;
	/* A daemon that cannot set its watch ends, and the service manager starts it again. */
	if (backend_start(&daemon_now) < 0) {
		unsigned int was = script_store_faults;

		script_store_faults = 0;
		PROMISE(backend_start(&daemon_now) == 0);
		script_store_faults = was;
	}
	check();
}

/* Ends the daemon, and checks that it leaves nothing. */
static void daemon_stop(void)
{
	stopping = true;
	backend_stop(&daemon_now);
	stopping = false;
	PROMISE(daemon_now.vifs == NULL && count_conns() == 0 && faketap_open() == 0);
	script_store = NULL;
	store_close(daemon_now.store);
	PROMISE(fakexs_open() == 0);
}

/* xenstored ends, and the next one has an empty tree. */
static void xenstore_emptied(void)
{
	char be[FAKEXS_PATH], fe[FAKEXS_PATH];

	store_lose(daemon_now.store);
	for (unsigned int i = 0; i < VIFS; i++) {
		dirs(i, be, fe);
		fakexs_remove(be);
		fakexs_remove(fe);
	}
	if (store_reopen(daemon_now.store) >= 0)
		backend_reconnected(&daemon_now, STORE_EMPTIED);
}

static void command(uint8_t what)
{
	struct vif_conn *l = conns[what >> 4 & 3];

	switch (what & 15) {
	case 8:
		run_events();
		break;
	case 9:
		tick();
		break;
	case 10:
		script_store_faults = eat8(&input, &input_left) % 64;
		break;
	case 11:
		script_tap_faults = what >> 6;
		start_faults = what >> 4 & 3;
		break;
	case 12:
		if (l && what >> 6 == 3)
			conn_hang(l);
		else if (l)
			l->fault = "a fault";
		backend_faults(&daemon_now);
		check();
		break;
	case 13:
		if (l)
			l->stalled = !l->stalled;
		backend_faults(&daemon_now);
		check();
		break;
	case 14:
		daemon_stop();
		daemon_start(what >> 4);
		break;
	case 15:
		if (what >> 4 == 15)
			backend_close(&daemon_now);
		else if (what >> 4 == 14)
			store_lose(daemon_now.store);
		else if (what >> 4 == 13)
			xenstore_emptied();
		else
			backend_log_stats(&daemon_now);
		check();
		break;
	default:
		script_others(what);
		break;
	}
}

static const struct vif *vif_of(unsigned int which)
{
	for (const struct vif *v = daemon_now.vifs; v; v = v->next)
		if (v->peer.raw == place_of[which].domid && v->devid == place_of[which].devid)
			return v;
	return NULL;
}

static void run_until_idle(void)
{
	for (unsigned int i = 0; i < 8; i++) {
		run_events();
		tick();
	}
	PROMISE(!fakexs_event() && !daemon_now.look_again && !store_lost(daemon_now.store));
}

/* Checks that the watches and states which could not be set while requests failed are set now. */
static void check_published(void)
{
	unsigned int watches = 1;

	for (const struct vif *v = daemon_now.vifs; v; v = v->next)
		watches += WATCHES_A_VIF - !v->reconfiguring;
	PROMISE(fakexs_watches() == watches);
	for (const struct vif *v = daemon_now.vifs; v && !toolstack_wrote; v = v->next)
		PROMISE(v->unlisted || strtoul(fakexs_get(v->be_path, "state"), NULL, 10) == v->state);
}

static void remove_all(void)
{
	char be[FAKEXS_PATH], fe[FAKEXS_PATH];

	for (unsigned int i = 0; i < VIFS; i++) {
		dirs(i, be, fe);
		fakexs_remove(be);
		fakexs_remove(fe);
	}
	run_until_idle();
	PROMISE(daemon_now.vifs == NULL && count_conns() == 0);
}

/* Checks that a new VIF connects, whatever was before. */
static void check_new_vif(unsigned int which)
{
	char be[FAKEXS_PATH], fe[FAKEXS_PATH];
	const struct vif *v;

	dirs(which, be, fe);
	attach(which);
	run_until_idle();
	PROMISE(strcmp(fakexs_get(be, "state"), "2") == 0);
	front_keys(which, which);
	fakexs_put(fe, "state", "4");
	run_until_idle();
	v = vif_of(which);
	PROMISE(v && v->attach.conn && strcmp(fakexs_get(be, "state"), "4") == 0);
	PROMISE(faketap_carrier(v->tap_fd));
	PROMISE(!fakexs_get(be, "error"));
}

static void session(void)
{
	uint8_t how = eat8(&input, &input_left);

	fakexs_start("/local/domain/0");
	faketap_start();
	script_calm();
	start_faults = 0;
	toolstack_wrote = false;
	script_start(word_list, ARRAY_SIZE(word_list));
	attach(0);
	daemon_start(how);
	input_run(command);
	script_calm();
	start_faults = 0;
	if (daemon_now.closing) {
		daemon_stop();
		daemon_start(how);
	}
	run_until_idle();
	check_published();
	/* A VIF of an xenstore_emptied xenstore stays until a directory is made and removed again. */
	for (unsigned int i = 0; i < VIFS; i++)
		attach(i);
	run_until_idle();
	remove_all();
	daemon_now.policy.max_queues = 4;
	check_new_vif(how >> 3 & 1);
	check_new_vif(2);
	remove_all();
	PROMISE(fakexs_watches() == 1);
	stale_taps_sweep(&daemon_now);
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
