/* SPDX-License-Identifier: MIT */
/* ring.c - one daemon's data side between its rings and a port that costs next to nothing
 *
 *   ring front|back out|in BYTES SECONDS
 *
 * Two of these, one in a guest and one in dom0 of xensim, are the pair without TAPs: `out` is from the guest to
 * dom0, `in` the other way. The sender's port is a generator, which has a frame whenever it is asked and writes
 * it to where the worker reads to; the receiver's is a sink, which takes frames without a look at them.
 *
 * front prints the connection's references in a line, and starts once it reads a line. back reads the first line,
 * connects, prints the second, and after a moment counts for so many seconds what passes. It prints
 * "frames SECONDS NUMBER" to its standard error. Then both end, front as its input ends, and each prints there
 * what its worker did.
 *
 * The connection is as the daemons make it without options: static grants, event mask, one queue, all offloads.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "backend/data/conn.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/stats.h"
#include "common/host/port.h"
#include "common/wire/pkt.h"
#include "frontend/data/conn.h"

#define GUEST 1u

/* What passes before the counting begins, in milliseconds: static grants are registered, caches are warm. */
#define WARM_MS 500

static uint8_t frame[VNET_HDR_LEN + 1514];
static size_t frame_len;	/* with the virtio_net_hdr */

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "ring: %s\n", what);
	exit(1);
}

/* --- the ports ------------------------------------------------------------------------ */

static ssize_t ring_generate(struct net_port *p, const struct iovec *iov, unsigned int n)
{
	size_t done = 0;

	(void)p;
	for (unsigned int i = 0; i < n && done < frame_len; i++) {
		size_t part = min_size(iov[i].iov_len, frame_len - done);

		memcpy(iov[i].iov_base, frame + done, part);
		done += part;
	}
	return (ssize_t)done;
}

static ssize_t ring_has_none(struct net_port *p, const struct iovec *iov, unsigned int n)
{
	(void)p;
	(void)iov;
	(void)n;
	return -EAGAIN;
}

static void ring_sink(struct net_port *p)
{
	struct burst *b = &p->burst;

	for (unsigned int i = 0; i < b->n; i++) {
		ssize_t len = 0;

		for (unsigned int j = 0; j < b->frame[i].n; j++)
			len += (ssize_t)b->frame[i].iov[j].iov_len;
		*b->frame[i].put = len;
	}
	b->n = 0;
}

static const struct port_ops generator = { .read = ring_generate, .write = ring_sink };
static const struct port_ops sink = { .read = ring_has_none, .write = ring_sink };
static const struct port_ops *port;

void __wrap_port_init_tap(struct net_port *p, int fd);
void __wrap_port_init_tap(struct net_port *p, int fd)
{
	*p = (struct net_port){ .ops = port, .fd = fd };
	burst_init(&p->burst, fd);
	/* It writes nothing, so it needs no io_uring. */
	burst_give(&p->burst, NULL);
}

static int ring_port_fd(void)
{
	/* Readable while there are frames: for ever, or never. */
	int fd = eventfd(port == &generator, EFD_CLOEXEC | EFD_NONBLOCK);

	must(fd >= 0, "no eventfd");
	return fd;
}

static void ring_frame(size_t len)
{
	static const uint8_t head[] = { 0, 0x16, 0x3e, 0, 0, 1, 0, 0x16, 0x3e, 0, 0, 2, 8, 0, 0x45, 0 };

	must(len >= sizeof(head) && len <= 1514, "a frame has 60 to 1514 bytes");
	frame_len = VNET_HDR_LEN + len;
	memcpy(frame + VNET_HDR_LEN, head, sizeof(head));
}

/* --- the two ends ----------------------------------------------------------------------- */

static void say(const char *what, const struct stats *s)
{
	char text[STATS_TEXT_MAX];

	stats_print(s, text, sizeof(text));
	fprintf(stderr, "# %s %s\n", what, text);
}

static void front(void)
{
	static const struct vnet_peer peer = { .csum4 = true, .csum6 = true, .gso4 = true, .gso6 = true, .sg = true };
	static struct log_bucket bucket;
	const struct nic_conf conf = { .queues = 1, .peer = peer, .mask = true, .ctrl = true, .static_grants = true };
	struct nic_place place = { .peer = domid_of(0), .name = "ring", .log = &bucket, .tap_fd = ring_port_fd() };
	struct nic_conn *conn;
	struct nic_refs refs;
	struct reason why;
	struct stats sum;
	char line[80];

	place.control_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(nic_conn_new(&conn, &place, &conf, &why) == 0, "no connection of netfrontd");
	nic_conn_refs(conn, &refs);
	/* Raw: numbers for the other end. */
	printf("%u %u %u %u %u\n", refs.queue[0].gtx_ref.raw, refs.queue[0].grx_ref.raw, refs.mask_ref.raw,
	       refs.mask_port.raw, refs.ctrl_ref.raw);
	fflush(stdout);
	must(fgets(line, sizeof(line), stdin) != NULL, "the other end has not connected");
	must(nic_conn_start(conn) == 0, "no worker of netfrontd");
	while (fgets(line, sizeof(line), stdin))
		;
	must(!nic_conn_faulted(conn, &why), "netfrontd's worker has a fault");
	nic_conn_stats(conn, &sum);
	say("netfrontd", &sum);
	nic_conn_stop(conn);
	nic_conn_free(conn);
}

static void pause_ms(unsigned int ms)
{
	const struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

static uint64_t passed(const struct vif_conn *conn, struct stats *sum, bool out)
{
	vif_conn_stats(conn, sum);
	return stats_get(sum, out ? STAT_GTX_PACKETS : STAT_GRX_PACKETS);
}

static void back(bool out, unsigned int seconds)
{
	static struct vif_settings settings;
	static struct mapquota quota = { .guest_max = 2048, .all_max = 2048 };
	static struct vif_counters counters;
	struct vif_conf conf = { .queues = 1, .mask = true, .ctrl = true, .rx_notify = true,
				 .peer = { .csum4 = true, .csum6 = true, .gso4 = true, .gso6 = true, .sg = true } };
	int tap_fd = ring_port_fd();
	struct vif_conn_params params = {
		.peer = domid_of(GUEST), .name = "ring", .tables_fd = -1, .limit_fd = -1, .quota = &quota, .tap_fds = &tap_fd,
		.hold_ms = 10000, .stall_ms = 60000, .settings = &settings, .counters = &counters, .workers = 1,
	};
	unsigned int gtx, grx, mask, port_number, ctrl;
	struct vif_conn *conn;
	struct reason why;
	struct stats before, after;
	uint64_t from, frames;

	must(scanf("%u %u %u %u %u", &gtx, &grx, &mask, &port_number, &ctrl) == 5, "the other end gives no references");
	conf.queue[0].gtx_ref = gref_of(gtx);
	conf.queue[0].grx_ref = gref_of(grx);
	conf.mask_ref = gref_of(mask);
	conf.mask_port = evport_of(port_number);
	conf.ctrl_ref = gref_of(ctrl);
	params.control_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	vif_counters_new(&counters, 1, 1);
	must(counters.set && vif_conn_start(&conn, &params, &conf, &why) == 0, "no connection of netbackd");
	fprintf(stdout, "connected\n");
	fflush(stdout);
	pause_ms(WARM_MS);
	frames = passed(conn, &before, out);
	from = now_us();
	pause_ms(seconds * 1000);
	frames = passed(conn, &after, out) - frames;
	from = now_us() - from;
	must(!vif_conn_faulted(conn, &why), "netbackd's worker has a fault");
	must(stats_get(&after, STAT_GRANT_OPS) == stats_get(&before, STAT_GRANT_OPS), "frames are copied by the hypervisor");
	fprintf(stderr, "frames %.6f %" PRIu64 "\n", (double)from / 1e6, frames);
	stats_subtract(&after, &before);
	say("netbackd", &after);
	vif_conn_stop(conn, &after);
}

int main(int argc, char **argv)
{
	bool is_front, out;

	if (argc != 5) {
		fprintf(stderr, "usage: ring front|back out|in BYTES SECONDS\n");
		return 2;
	}
	log_init("ring", LOG_LEVEL_ERROR);
	is_front = strcmp(argv[1], "front") == 0;
	out = strcmp(argv[2], "out") == 0;
	port = is_front == out ? &generator : &sink;
	ring_frame(strtoul(argv[3], NULL, 10));
	if (is_front)
		front();
	else
		back(out, (unsigned int)strtoul(argv[4], NULL, 10));
	return 0;
}
