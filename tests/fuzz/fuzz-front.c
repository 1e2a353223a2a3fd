/* SPDX-License-Identifier: MIT */
/* fuzz-front.c - netfrontd's data side against a hostile backend, over the whole life of a connection:
 * gtx, grx, control messages (static grants, hash), multicast list, event mask and two queues, on xensim
 * in this process
 *
 * Input: two bytes of features, then commands, each of one byte and further bytes. The worker runs when
 * a command says so. Between two runs the backend can do anything.
 *
 * What must hold, whatever the backend does:
 * - only frames go into the TAP, and each is counted;
 * - a page that the backend may only read contains what netfrontd wrote there;
 * - a transmit page is either free or in one request, and a control message is answered once;
 * - what is taken from an answer is within bounds: registered grefs, table, types, addresses;
 * - a backend that kept the rules is not faulted, and after a fault nothing happens;
 * - no grant, page, port or descriptor stays.
 */
#include <errno.h>
#include <unistd.h>

#include "fates.h"
#include "fuzz.h"
#include "inproc.h"
#include "input.h"
#include "wire.h"

/* This file starts the runs, so no worker thread is started. */
#define worker_start fuzz_worker_start
#include "frontend/data/conn.c"
#undef worker_start

#include "common/wire/hash.h"
#include "tools/xensim/host/dom.h"

#define GUEST 1u

static struct nic_conn *conn_now;
static struct nic_conf conf;
static struct log_bucket bucket;
static bool broke_rules;
static uint32_t gtx_rsp[2], grx_rsp[2], ctrl_rsp;	/* answered */

int fuzz_worker_start(struct worker *w)
{
	(void)w;
	return 0;
}

/* --- the backend: raw pages -------------------------------------------------- */

static uint8_t *gtx_page(unsigned int q)
{
	return pool_page(&conn_now->rings, RINGS_QUEUES + 2 * q);
}

static uint8_t *grx_page(unsigned int q)
{
	return pool_page(&conn_now->rings, RINGS_QUEUES + 2 * q + 1);
}

static uint8_t *ctrl_page(void)
{
	return pool_page(&conn_now->rings, RINGS_CTRL);
}

static uint32_t read_word(const uint8_t *page, unsigned int at)
{
	uint32_t v;

	memcpy(&v, page + at, 4);
	return v;
}

static void write_word(uint8_t *page, unsigned int at, uint32_t v)
{
	memcpy(page + at, &v, 4);
}

static unsigned int some_queue(void)
{
	return conf.queues > 1 ? eat8(&input, &input_left) & 1 : 0;
}

/* Signals by the event mask or by the channel, whichever the connection has. */
static void kick(unsigned int q)
{
	if (conf.mask)
		atomic_fetch_or((_Atomic uint64_t *)(void *)(pool_page(&conn_now->rings, RINGS_QUEUES + 2 * conf.queues) + 8),
				evmask_gtx_bit(q) | evmask_grx_bit(q) | EVMASK_CTRL);
}

/* Answers n requests of the gtx ring, each with its own id. An extra is answered as one. */
static void answer_gtx(void)
{
	unsigned int q = some_queue(), n = eat8(&input, &input_left);
	int16_t status = n & 0x80 ? NETIF_RSP_ERROR : NETIF_RSP_OKAY;
	uint8_t *page = gtx_page(q);
	bool extra = false;

	for (n &= 0x7f; n && gtx_rsp[q] != read_word(page, 0); n--) {
		uint8_t *at = page + 64 + gtx_rsp[q]++ % 256 * 12;
		netif_tx_request_t req;
		netif_tx_response_t rsp;
		bool more_extras = extra && at[1] & XEN_NETIF_EXTRA_FLAG_MORE;

		memcpy(&req, at, sizeof(req));
		rsp = (netif_tx_response_t){ .id = req.id, .status = extra ? NETIF_RSP_NULL : status };
		extra = extra ? more_extras : req.flags & NETTXF_extra_info;
		memcpy(at, &rsp, sizeof(rsp));
	}
	/* Answers a chain of extras to its end: only the slot before an extra says that it is one. */
	while (extra && gtx_rsp[q] != read_word(page, 0)) {
		uint8_t *at = page + 64 + gtx_rsp[q]++ % 256 * 12;
		const netif_tx_response_t rsp = { .status = NETIF_RSP_NULL };

		extra = at[1] & XEN_NETIF_EXTRA_FLAG_MORE;
		memcpy(at, &rsp, sizeof(rsp));
	}
	write_word(page, 8, gtx_rsp[q]);
	kick(q);
}

/* Writes an offload header that fits TCP or UDP without options, a plain one, or any bytes. */
static void put_header(uint8_t *to, uint8_t how)
{
	struct virtio_net_hdr_mrg_rxbuf hdr = { .hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .gso_size = 100 } };

	hdr.hdr.gso_type = how & 4 ? 5 : VIRTIO_NET_HDR_GSO_TCPV4;
	hdr.hdr.csum_offset = how & 4 ? 6 : 16;
	hdr.hdr.hdr_len = how & 4 ? 42 : 54;
	if (how & 2)
		hdr = (struct virtio_net_hdr_mrg_rxbuf){ .num_buffers = 0 };
	if (how & 16)
		eat(&hdr, sizeof(hdr), &input, &input_left);
	memcpy(to, &hdr, sizeof(hdr));
}

/* Sends a valid packet: n fragments, with a GSO extra or a hash if the input asks for one. */
static void send_packet(void)
{
	unsigned int q = some_queue(), n = eat8(&input, &input_left) % 18 + 1;
	uint8_t how = eat8(&input, &input_left);
	uint16_t first = (uint16_t)(eat16(&input, &input_left) % (XEN_PAGE - 64 - VNET_HDR_LEN) + 1);
	bool header = conf.peer.header, extra = n < 18 && how & 1 && (!header || how & 8);
	uint8_t *page = grx_page(q);

	if (read_word(page, 0) - grx_rsp[q] < n + extra)
		return;
	for (unsigned int i = 0; i < n; i++) {
		uint32_t slot = grx_rsp[q]++ % 256;
		netif_rx_response_t rsp = {
			.id = (uint16_t)slot, .flags = (uint16_t)(i + 1 < n ? NETRXF_more_data : 0),
			.status = (int16_t)(i ? 1000 : first), .offset = !i && header ? VNET_HDR_LEN : 0,
		};

		if (!i) {
			uint8_t *buf = q < conf.queues ?
				pool_page(&conn_now->queue[q].grx_pool, slot & (conn_now->queue[q].grx_pool.count - 1)) : NULL;

			if (header && buf)
				put_header(buf, how);
			eat(buf && header ? buf + VNET_HDR_LEN : buf, 54, &input, &input_left);
			rsp.flags |= (uint16_t)(how & 2 && !header ? NETRXF_csum_blank | NETRXF_data_validated : 0);
			rsp.flags |= (uint16_t)(extra ? NETRXF_extra_info : 0);
		}
		memcpy(page + 64 + slot * 8, &rsp, sizeof(rsp));
		if (!i && extra) {
			struct netif_extra_info x = pkt_gso_extra(how & 4 ? XEN_NETIF_GSO_TYPE_TCPV4 : XEN_NETIF_GSO_TYPE_TCPV6, 1000);

			if (how & 8)
				x = (struct netif_extra_info){ .type = XEN_NETIF_EXTRA_TYPE_HASH,
					.u.hash = { .type = how >> 4 & 3, .algorithm = how >> 6 } };
			memcpy(page + 64 + (grx_rsp[q]++ % 256) * 8, &x, 8);
		}
	}
	write_word(page, 8, grx_rsp[q]);
	kick(q);
}

/* Sends responses of any bytes, some with the right id. */
static void send_anything(void)
{
	unsigned int q = some_queue(), n = eat8(&input, &input_left) % 24 + 1;
	uint8_t *page = grx_page(q);

	broke_rules = true;
	while (n-- && input_left) {
		uint16_t slot = (uint16_t)(grx_rsp[q]++ % 256);
		uint8_t *at = page + 64 + slot * 8;

		eat(at, 8, &input, &input_left);
		if (at[1] & 3)
			memcpy(at, &slot, 2);
	}
	write_word(page, 8, grx_rsp[q]);
	kick(q);
}

/* Answers the pending control message with any status and number, or answers one that was never sent. */
static void answer_control(uint8_t what)
{
	uint8_t *at, how = eat8(&input, &input_left);
	struct xen_netif_ctrl_request req;
	struct xen_netif_ctrl_response rsp;

	if (!conf.ctrl || (ctrl_rsp == read_word(ctrl_page(), 0) && !(what & 0x80)))
		return;
	at = ctrl_page() + 64 + ctrl_rsp++ % 128 * 16;
	memcpy(&req, at, sizeof(req));
	rsp = (struct xen_netif_ctrl_response){ .id = req.id, .type = req.type, .status = how & 7 };
	rsp.data = how & 8 ? eat32(&input, &input_left) : how >> 4 & 1 ? 0 : 128;
	if (what & 0x80) {
		broke_rules = true;
		rsp.id = (uint16_t)(rsp.id + (how >> 5));
	}
	memcpy(at, &rsp, sizeof(rsp));
	write_word(ctrl_page(), 8, ctrl_rsp);
	kick(0);
}

/* Writes an index word of a ring, or any bytes of a page that the backend may write. */
static void misbehave(void)
{
	uint8_t what = eat8(&input, &input_left);
	unsigned int pages = RINGS_QUEUES + 2 * conf.queues + conf.mask;
	uint8_t *page = pool_page(&conn_now->rings, what % pages);
	uint32_t at;

	broke_rules = true;
	if (what & 0x80) {
		page = pool_page(&conn_now->queue[what & 1 & (conf.queues - 1)].grx_pool, 0);
		at = eat16(&input, &input_left) % XEN_PAGE;
		eat(page + at, min_size(16, XEN_PAGE - at), &input, &input_left);
	} else if (what & 0x40) {
		at = eat16(&input, &input_left) % XEN_PAGE;
		eat(page + at, min_size(16, XEN_PAGE - at), &input, &input_left);
	} else {
		write_word(page, what >> 2 & 12, eat32(&input, &input_left));
	}
}

/* --- the guest ------------------------------------------------------------------- */

static void send_frame(void)
{
	struct virtio_net_hdr hdr;

	(void)wire_send(&hdr);
}

/* Changes the multicast addresses of the TAP's filter. */
static void want_addresses(void)
{
	uint8_t addr[MCAST_MAX][6] = { { 0 } };
	unsigned int n = eat8(&input, &input_left) % (MCAST_MAX + 1), from = eat8(&input, &input_left);

	if (!conf.mcast)
		return;
	for (unsigned int i = 0; i < n; i++)
		memcpy(addr[i], (uint8_t[]){ 1, 0, 0x5e, 0, 0, (uint8_t)(from + i) }, 6);
	nic_conn_want_mcast(conn_now, addr, n);
	PROMISE(nic_conn_mcast_state(conn_now) <= NIC_MCAST_REFUSED);
}

/* --- the connection ------------------------------------------------------------------ */

static void check_bounds(void)
{
	const struct nic_conn *conn = conn_now;
	uint8_t addr[MCAST_MAX][6];
	unsigned int grants = POOL_GTX_PAGES;

	for (unsigned int q = 0; q < conf.queues; q++)
		grants += conn->queue[q].grx_pool.count;
	PROMISE(conn->gref_register.registered <= grants);
	PROMISE(conn->rss.size <= HASH_MAPPING_MAX && conn->rss.types <= 15 && conn->rss.known <= 15);
	PROMISE(conn->gtx_free_pages.count <= POOL_GTX_PAGES);
	PROMISE(mcast_list(&conn->mcast.known, addr) <= MCAST_MAX);
	/* Else the worker would wait for responses that no run takes. */
	PROMISE(!conn->gtx_blocked || conn->w.tap_ready || conn->tso.left);
}

static void front_run(unsigned int rounds)
{
	struct worker *w = &conn_now->w;

	while (rounds-- && !worker_faulted(w)) {
		if (w->mask.ours)
			evmask_wake(&w->mask);
		w->tap_ready = true;
		if (!w->ops->run(w))
			break;
		wire_drain();
		check_bounds();
	}
	if (!worker_faulted(w))
		(void)!w->ops->pending(w);
	if (w->mask.ours)
		(void)!evmask_sleep(&w->mask);
	wire_drain();
}

static void front_start(void)
{
	const struct nic_place place = { .peer = domid_of(0), .name = "nic0", .log = &bucket,
					 .tap_fd = wire_tap, .control_fd = wire_control };
	struct reason why;

	inproc_act(GUEST);
	PROMISE(nic_conn_new(&conn_now, &place, &conf, &why) == 0);
	gtx_rsp[0] = gtx_rsp[1] = grx_rsp[0] = grx_rsp[1] = ctrl_rsp = 0;
	broke_rules = false;
	wire_frames = 0;
	PROMISE(nic_conn_start(conn_now) == 0);
}

static void front_stop(void)
{
	struct stats sum;

	wire_drain();
	nic_conn_stats(conn_now, &sum);
	PROMISE(stats_get(&sum, STAT_GRX_PACKETS) == wire_frames);
	fates_check_directions(&sum);
	if (worker_faulted(&conn_now->w) && !broke_rules) {
		fprintf(stderr, "faulted for nothing: %s\n", worker_faulted(&conn_now->w));
		abort();
	}
	PROMISE(!worker_faulted(&conn_now->w) == !stats_get(&sum, STAT_PEER_FAULTS));
	nic_conn_free(conn_now);
	conn_now = NULL;
	PROMISE(dom_find(GUEST)->nr_refs == 0 && dom_find(GUEST)->nr_pages == 0 && dom_find(GUEST)->nr_ports == 0);
}

static void configure(uint8_t a, uint8_t b)
{
	conf = (struct nic_conf){
		.queues = a & 1 ? 2 : 1, .mask = a & 2, .split = (a & 6) == 4, .ctrl = a & 0x18, .static_grants = a & 8, .rss = (a & 0x11) == 0x11,
		.mcast = a & 0x20, .mcast_dynamic = a & 0x40,
		.peer = { .csum4 = b & 1, .csum6 = b & 2, .gso4 = b & 4, .gso6 = b & 8, .sg = b & 16, .header = b & 32, .uso = (b & 96) == 96 },
		.header = b & 32 ? 0x67 : 0,
	};
	conf.ctrl = conf.static_grants || conf.rss;
}

static void command(uint8_t what)
{
	switch (what % 12) {
	case 0:
		answer_gtx();
		break;
	case 1:
		send_packet();
		break;
	case 2:
		send_anything();
		break;
	case 3:
	case 4:
		answer_control(what);
		break;
	case 5:
		send_frame();
		break;
	case 6:
		want_addresses();
		break;
	case 7:
		misbehave();
		break;
	case 8:
		if (!worker_faulted(&conn_now->w))
			(void)!conn_now->w.ops->rearm(&conn_now->w);
		if (what & 0x80) {
			front_stop();
			configure(eat8(&input, &input_left), eat8(&input, &input_left));
			front_start();
		}
		break;
	default:
		front_run(what / 12u % 4 + 1);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	unsigned int files;

	if (!started) {
		log_init("fuzz", LOG_LEVEL_ERROR);
		inproc_start(2);
		started = true;
	}
	input = data;
	input_left = size;
	files = input_files();
	wire_open();
	configure(eat8(&input, &input_left), eat8(&input, &input_left));
	front_start();
	input_run(command);
	front_run(16);
	front_stop();
	wire_close();
	PROMISE(input_files() == files);
	return 0;
}
