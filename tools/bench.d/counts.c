/* SPDX-License-Identifier: MIT */
/* counts.c - both daemons' data sides in one process, on the machine of model.h: what a packet and a round
 * trip cost in calls
 *
 *   counts [-1] [-p] [-j] trips                 round trips 10 ms apart, as ping does
 *   counts [-1] [-p] [-j] bulk out|in           TCP in bulk, from the guest or to it
 *   counts [-1] [-p] [-j] flood out|in BYTES    frames of so many bytes, as many as there is room for; no answers
 *
 * -1: the workers run as in domains with one processor each, so they do not poll.
 * -p: plain, without offload headers, as towards the kernel's drivers.
 * -j: jumbo frames of up to 9,014 bytes.
 * Prints lines "NAME VALUE". Under callgrind the workers' instructions are collected while the packets
 * are counted. The connection is as the daemons make it without options: static grants, event mask,
 * offload header, one queue, all offloads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/data/conn.h"
#include "common/base/log.h"
#include "common/base/stats.h"
#include "common/host/taplimit.h"
#include "common/wire/pkt.h"
#include "common/wire/vnethdr.h"
#include "frontend/data/conn.h"
#include "model.h"
#include "tests/fuzz/inproc.h"

#define GUEST 1u

/* The order in which the workers are started. */
enum { FRONT, BACK };

/* Packets before the counting begins, and those that are counted. */
#define WARM 2000u
#define COUNTED 8000u
#define TRIPS_WARM 20u
#define TRIPS 200u
#define TRIP_NS (10 * MODEL_MS)

/* The programs at the ends of a stream pass a large segment in so many nanoseconds, which makes 21 Gbit/s:
 * the workers are faster, and wait for them. */
#define SEGMENT_NS (25 * MODEL_US)

/* TCP's window in frames, and the frames that it lets wait in a device's queue (TSQ). */
#define WINDOW 48u
#define QUEUED 4u
/* The frames that a flood keeps in the queue. */
#define FLOOD 128u

/* A large segment of TCP and its acknowledgement, with Ethernet header. */
#define SEGMENT (54u + 45u * 1448u)
#define ACK 66u
#define ECHO 98u

static struct model_tap front_tap, back_tap;
static struct nic_conn *front;
static struct vif_conn *back;
static struct vif_counters counters;

static struct model_tap *from, *to;	/* where data comes from, and goes to */
static size_t frame_len;		/* of data, without the virtio_net_hdr */
static unsigned int in_flight, arrived;	/* segments that are not acknowledged; those that the receiver has not taken */
static uint64_t packets, measured_at, trips;
static uint64_t notified, copied;
static bool plain;
static size_t longest = 1514;		/* of the frames that are no large segments */

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "counts: %s\n", what);
	exit(1);
}

/* --- frames ---------------------------------------------------------------------- */

/* Sends a frame of TCP to the worker of a TAP; one that is longer than an MTU is a large segment. */
static void send_tcp(struct model_tap *t, size_t len)
{
	static uint8_t frame[MODEL_FRAME_MAX];
	struct virtio_net_hdr_mrg_rxbuf hdr = {
		.hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16, .hdr_len = 54 },
	};
	uint8_t *eth = frame + VNET_HDR_LEN;

	if (len > longest) {
		hdr.hdr.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		hdr.hdr.gso_size = 1448;
	}
	memcpy(frame, &hdr, sizeof(hdr));
	memcpy(eth, (const uint8_t[]){ 0, 0x16, 0x3e, 0, 0, 1, 0, 0x16, 0x3e, 0, 0, 2, 8, 0, 0x45, 0 }, 16);
	eth[16] = (uint8_t)((len - 14) >> 8);
	eth[17] = (uint8_t)(len - 14);
	memcpy(eth + 22, (const uint8_t[]){ 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x14, 0x51, 0x14, 0x52 }, 16);
	eth[46] = 0x50;
	model_tap_send(t, frame, VNET_HDR_LEN + len);
}

/* Sends an echo's request or answer. */
static void send_echo(struct model_tap *t)
{
	uint8_t frame[VNET_HDR_LEN + ECHO] = { 0 };
	uint8_t *eth = frame + VNET_HDR_LEN;

	memcpy(eth, (const uint8_t[]){ 0, 0x16, 0x3e, 0, 0, 1, 0, 0x16, 0x3e, 0, 0, 2, 8, 0, 0x45, 0, 0, ECHO - 14 }, 18);
	eth[22] = 64;
	eth[23] = 1;
	model_tap_send(t, frame, sizeof(frame));
}

/* --- bulk ---------------------------------------------------------------------------- */

/* Keeps the queue of a flood full. */
static void flood_send(struct model_tap *t)
{
	while (t->queued < FLOOD)
		send_tcp(t, frame_len);
}

/* The sender of a stream sends a segment, if window and queue have room, and its receiver takes one. */
static void bulk_tick(void)
{
	if (from->queued < QUEUED && in_flight < WINDOW) {
		send_tcp(from, frame_len);
		in_flight++;
	}
	if (arrived) {
		send_tcp(to, ACK);
		arrived--;
	}
	model_at(model_now() + SEGMENT_NS, bulk_tick);
}

static void sum_counters(void)
{
	struct stats f, b;

	nic_conn_stats(front, &f);
	vif_conn_stats(back, &b);
	notified = stats_get(&f, STAT_NOTIFY_SENT) + stats_get(&b, STAT_NOTIFY_SENT);
	copied = stats_get(&b, STAT_GRANT_OPS);
	must(stats_get(&f, STAT_STORM_NAPS) + stats_get(&b, STAT_STORM_NAPS) == 0, "a worker answers a storm of signals");
}

static void measure_from_here(void)
{
	sum_counters();
	measured_at = packets;
	model_measure(true);
}

static void bulk_on_frame(struct model_tap *t, size_t len)
{
	packets++;
	if (packets == WARM)
		measure_from_here();
	if (t == to) {
		arrived++;
		return;
	}
	must(len == VNET_HDR_LEN + ACK && in_flight, "something else came back than an acknowledgement");
	in_flight--;
}

static bool bulk_is_done(void)
{
	return packets >= WARM + COUNTED;
}

/* --- round trips ------------------------------------------------------------------------ */

static void trips_tick(void)
{
	if (trips == TRIPS_WARM)
		measure_from_here();
	packets++;
	send_echo(&back_tap);
	model_at(model_now() + TRIP_NS, trips_tick);
}

static void trips_on_frame(struct model_tap *t, size_t len)
{
	must(len == VNET_HDR_LEN + ECHO, "an echo changed its length");
	if (t == &front_tap)
		send_echo(t);
	else
		trips++;
}

static bool trips_are_done(void)
{
	return trips == TRIPS_WARM + TRIPS && packets > trips;
}

/* --- the pair ----------------------------------------------------------------------------- */

/* Makes the memory in which the frames for the guest are added up. Returns its descriptor. */
static int limit_open(void)
{
	int fd = memfd_create("sums", MFD_CLOEXEC);
	void *p = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, (off_t)sysconf(_SC_PAGESIZE)) == 0)
		p = mmap(NULL, sizeof(struct taplimit_sums), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED, "no memory for the sums");
	back_tap.sums = p;
	return fd;
}

static void pair_start(void)
{
	const struct vnet_peer peer = { .csum4 = true, .csum6 = true, .gso4 = true, .gso6 = true, .sg = true,
					.header = !plain, .uso = !plain };
	const uint16_t mask = plain ? 0 : VNETHDR_ALL;
	static struct vif_settings settings;
	static struct mapquota quota = { .guest_max = 2048, .all_max = 2048 };
	static struct log_bucket bucket;
	const struct nic_conf nic_conf = { .queues = 1, .peer = peer, .mask = true, .ctrl = true, .static_grants = true,
					   .header = mask };
	struct nic_place place = { .peer = domid_of(0), .name = "counts", .log = &bucket, .tap_fd = front_tap.fd };
	struct vif_conf conf = { .queues = 1, .mask = true, .ctrl = true, .rx_notify = true, .peer = peer,
				 .header = mask, .device = mask };
	struct vif_conn_params params = {
		.peer = domid_of(GUEST), .name = "counts", .tables_fd = -1, .quota = &quota, .tap_fds = &back_tap.fd,
		.hold_ms = 10000, .stall_ms = 60000, .limit_fd = limit_open(), .limit_bytes = 4u << 20, .settings = &settings, .counters = &counters, .workers = 1,
	};
	struct nic_refs refs;
	struct reason why;

	place.control_fd = params.control_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	inproc_act(GUEST);
	must(nic_conn_new(&front, &place, &nic_conf, &why) == 0, "no connection of netfrontd");
	nic_conn_refs(front, &refs);
	conf.queue[0].gtx_ref = refs.queue[0].gtx_ref;
	conf.queue[0].grx_ref = refs.queue[0].grx_ref;
	conf.mask_ref = refs.mask_ref;
	conf.mask_port = refs.mask_port;
	conf.ctrl_ref = refs.ctrl_ref;
	must(nic_conn_start(front) == 0, "no worker of netfrontd");
	vif_counters_new(&counters, 1, 1);
	inproc_act(0);
	must(vif_conn_start(&back, &params, &conf, &why) == 0, "no connection of netbackd");
}

static void pair_stop(void)
{
	struct stats sum;

	must(!nic_conn_faulted(front, &(struct reason){ 0 }) && !vif_conn_faulted(back, &(struct reason){ 0 }), "a worker has a fault");
	vif_conn_stop(back, &sum);
	nic_conn_free(front);
}

/* Prints what was measured, for each of n units. */
static void report(double n)
{
	uint64_t notified_before = notified, copied_before = copied;

	model_measure(false);
	sum_counters();
	printf("units %.0f\n", n);
	printf("syscalls_netbackd %.4f\n", (double)model_calls(BACK) / n);
	printf("syscalls_netfrontd %.4f\n", (double)model_calls(FRONT) / n);
	printf("notifications %.4f\n", (double)(notified - notified_before) / n);
	printf("grant_ops %.4f\n", (double)(copied - copied_before) / n);
	printf("# netbackd");
	model_print_calls(BACK, n);
	printf("# netfrontd");
	model_print_calls(FRONT, n);
}

/* Runs what the arguments say. Returns false if they say nothing. */
static bool run(const char *what, const char *way, size_t len)
{
	bool flood = strcmp(what, "flood") == 0;

	from = strcmp(way, "out") == 0 ? &front_tap : &back_tap;
	to = from == &front_tap ? &back_tap : &front_tap;
	frame_len = flood ? len : SEGMENT;
	if (strcmp(what, "trips") == 0) {
		front_tap.on_frame = back_tap.on_frame = trips_on_frame;
		pair_start();
		model_at(MODEL_MS, trips_tick);
		model_run(trips_are_done);
		report(TRIPS);
		return true;
	}
	if (!flood && strcmp(what, "bulk") != 0)
		return false;
	must(frame_len >= 60 && frame_len <= SEGMENT, "frames have 60 bytes or more");
	front_tap.on_frame = back_tap.on_frame = bulk_on_frame;
	pair_start();
	if (flood) {
		from->on_read = flood_send;
		flood_send(from);
	} else {
		model_at(MODEL_MS, bulk_tick);
	}
	model_run(bulk_is_done);
	report((double)(packets - measured_at));
	return true;
}

int main(int argc, char **argv)
{
	log_init("counts", LOG_LEVEL_ERROR);
	inproc_start(2);
	model_tap_open(&front_tap);
	model_tap_open(&back_tap);
	if (argc > 1 && strcmp(argv[1], "-1") == 0) {
		model_uniprocessor(true);
		argv++;
		argc--;
	}
	if (argc > 1 && strcmp(argv[1], "-p") == 0) {
		plain = true;
		argv++;
		argc--;
	}
	if (argc > 1 && strcmp(argv[1], "-j") == 0) {
		longest = 9014;
		argv++;
		argc--;
	}
	if (!run(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "", argc > 3 ? strtoul(argv[3], NULL, 10) : 0)) {
		fprintf(stderr, "usage: counts [-1] [-p] [-j] trips | bulk out|in | flood out|in BYTES\n");
		return 2;
	}
	pair_stop();
	return 0;
}
