/* SPDX-License-Identifier: MIT */
/* fuzz-back.c - netbackd's data side against a hostile guest, over the whole life of a connection: gtx,
 * grx, control ring, static grants, hash, multicast list, headroom, event mask and two queues, on
 * xensim in this process
 *
 * Input: three bytes of features, then commands, each of one byte and further bytes. The worker runs
 * when a command says so. During a run, before each segment of a grant copy, the guest may rewrite
 * slots and pages and revoke grants.
 *
 * What must hold, whatever the guest does:
 * - a page that dom0 may not write keeps its bytes, also one that was never granted;
 * - every frame that goes into the TAP has one counted fate, and so has every frame that comes out;
 * - there are no more answers than requests, and nothing happens after a fault;
 * - a guest that kept the rules is not faulted;
 * - no descriptor stays open.
 */
#include <dirent.h>
#include <errno.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#include "fates.h"
#include "fuzz.h"
#include "inproc.h"
#include "input.h"
#include "wire.h"

/* This file starts the runs, so no worker thread is started. */
#define worker_start fuzz_worker_start
#include "backend/data/conn.c"
#undef worker_start

#include "common/base/log.h"

#define GUEST 1u
#define OTHER 2u

/* The guest's pages, by what dom0 may do with them. */
enum { P_GTX, P_GRX, P_CTRL, P_LIST, P_GTX1, P_GRX1, P_MASK, P_READ, P_WRITE = P_READ + 8, P_OTHERS = P_WRITE + 40, P_OWN, P_MAX };

static struct {
	uint8_t *page;			/* the guest's mapping; NULL: the grant was revoked */
	uint8_t *kept;			/* what it must contain, if dom0 may not write it */
	uint32_t ref;
} pages[P_MAX];

static xengntshr_handle *shr;
static xenevtchn_handle *evt;
static uint32_t port, port1;
static struct vif_conn *conn_now;
static struct vif_settings settings;
static struct vif_conf conf;
static struct vif_counters counters;
static struct mapquota quota = { .guest_max = 64, .all_max = 64 };	/* the guest has some fifty pages */
static uint64_t frames_in, faulted_at;
static bool broke_rules, host_failed;
static uint32_t gtx_prod[2], grx_prod[2], ctrl_prod;
static const unsigned int gtx_page[2] = { P_GTX, P_GTX1 }, grx_page[2] = { P_GRX, P_GRX1 };
static unsigned int copy_faults;	/* so many more segments of copies fail, or the guest misbehaves before them */

int fuzz_worker_start(struct worker *w)
{
	(void)w;
	return 0;
}

/* --- the guest ------------------------------------------------------------- */

static void keep(unsigned int p, const void *data, size_t len, size_t at)
{
	if (!pages[p].page || at + len > XEN_PAGE)
		return;
	memcpy(pages[p].page + at, data, len);
	if (pages[p].kept)
		memcpy(pages[p].kept + at, data, len);
}

static void share(unsigned int p, uint32_t domid, int writable)
{
	pages[p].page = xengntshr_share_pages(shr, domid, 1, &pages[p].ref, writable);
	PROMISE(pages[p].page);
	if (!writable || domid != 0) {
		pages[p].kept = malloc(XEN_PAGE);
		PROMISE(pages[p].kept);
		memset(pages[p].page, (int)(p + 1), XEN_PAGE);
		memcpy(pages[p].kept, pages[p].page, XEN_PAGE);
	}
}

static void revoke_page(unsigned int p)
{
	if (!pages[p].page)
		return;
	if (pages[p].kept)
		PROMISE(memcmp(pages[p].page, pages[p].kept, XEN_PAGE) == 0);
	xengntshr_unshare(shr, pages[p].page, 1);
	free(pages[p].kept);
	pages[p].page = pages[p].kept = NULL;
}

static void guest_start(void)
{
	static const uint32_t one = 1;
	xenevtchn_port_or_error_t got;

	inproc_act(GUEST);
	shr = xengntshr_open(NULL, 0);
	evt = xenevtchn_open(NULL, 0);
	PROMISE(shr && evt);
	for (unsigned int p = 0; p < P_OWN; p++)
		share(p, p == P_OTHERS ? OTHER : 0, p < P_READ || p >= P_WRITE);
	pages[P_OWN].ref = 4000;	/* never granted */
	for (unsigned int p = P_GTX; p <= P_MASK; p++) {
		memset(pages[p].page, 0, XEN_PAGE);
		if (p == P_LIST || p == P_MASK)
			continue;
		memcpy(pages[p].page + 4, &one, 4);
		memcpy(pages[p].page + 12, &one, 4);
	}
	got = xenevtchn_bind_unbound_port(evt, 0);
	PROMISE(got > 0);
	port = (uint32_t)got;
	got = xenevtchn_bind_unbound_port(evt, 0);
	PROMISE(got > 0);
	port1 = (uint32_t)got;
	gtx_prod[0] = gtx_prod[1] = grx_prod[0] = grx_prod[1] = ctrl_prod = 0;
}

static void guest_end(void)
{
	for (unsigned int p = 0; p < P_OWN; p++)
		revoke_page(p);
	xenevtchn_close(evt);
	xengntshr_close(shr);
}

static uint32_t some_ref(uint8_t which)
{
	return pages[which % P_MAX].ref;
}

static void write_word(unsigned int p, unsigned int at, uint32_t v)
{
	if (pages[p].page)
		memcpy(pages[p].page + at, &v, 4);
}

static uint32_t read_word(unsigned int p, unsigned int at)
{
	uint32_t v = 0;

	if (pages[p].page)
		memcpy(&v, pages[p].page + at, 4);
	return v;
}

static uint8_t *slot(unsigned int p, uint32_t i)
{
	static uint8_t nowhere[16];

	if (!pages[p].page)
		return nowhere;
	if (p == P_GTX || p == P_GTX1)
		return pages[p].page + 64 + i % 256 * 12;
	return p == P_CTRL ? pages[p].page + 64 + i % 128 * 16 : pages[p].page + 64 + i % 256 * 8;
}

/* Returns the number of a queue that exists. */
static unsigned int some_queue(void)
{
	return conf.queues > 1 ? eat8(&input, &input_left) & 1 : 0;
}

/* Posts a control message in the next slot. */
static void post_message(const struct xen_netif_ctrl_request *req)
{
	if (ctrl_prod - read_word(P_CTRL, 8) >= 128)
		return;
	memcpy(slot(P_CTRL, ctrl_prod++), req, sizeof(*req));
	write_word(P_CTRL, 0, ctrl_prod);
}

/* Writes an offload header and the frame behind it to the first page of packets: TCP or UDP with a header that fits,
 * or any bytes. */
static void put_header(void)
{
	struct virtio_net_hdr_mrg_rxbuf hdr = { .hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .gso_size = 100 } };
	uint8_t frame[54] = { [12] = 8, [14] = 0x45, [23] = 6, [46] = 0x50 }, kind = eat8(&input, &input_left);

	hdr.hdr.gso_type = kind & 1 ? 5 : VIRTIO_NET_HDR_GSO_TCPV4;
	hdr.hdr.csum_offset = kind & 1 ? 6 : 16;
	hdr.hdr.hdr_len = kind & 1 ? 42 : 54;
	if (kind & 1)
		frame[23] = 17;
	if (kind & 2)
		hdr = (struct virtio_net_hdr_mrg_rxbuf){ .num_buffers = 0 };
	if (kind & 4)
		eat(&hdr, sizeof(hdr), &input, &input_left);
	if (kind & 8)
		eat(frame, sizeof(frame), &input, &input_left);
	keep(P_READ, &hdr, sizeof(hdr), 0);
	keep(P_READ, frame, sizeof(frame), sizeof(hdr));
}

/* Posts a valid packet: n slots of read-only pages, with a GSO extra if the input asks for one. */
static void post_packet(void)
{
	unsigned int q = some_queue(), page = gtx_page[q];
	unsigned int n = eat8(&input, &input_left) % 18 + 1;
	bool header = conf.peer.header, gso = n < 18 && eat8(&input, &input_left) & 1 && !header;
	uint16_t first = (uint16_t)(eat16(&input, &input_left) % (XEN_PAGE - 64 - VNET_HDR_LEN) + 64);
	uint32_t len = n == 1 ? first : first + (n - 1) * 1000u;

	if (gtx_prod[q] - read_word(page, 8) > 256 - 20)
		return;
	if (header)
		put_header();
	for (unsigned int i = 0; i < n; i++) {
		netif_tx_request_t req = {
			.gref = pages[P_READ + i % 8].ref, .id = (uint16_t)i,
			.flags = (uint16_t)(i + 1 < n ? NETTXF_more_data : 0),
			.size = i ? 1000 : (uint16_t)len, .offset = !i && header ? VNET_HDR_LEN : 0,
		};

		if (!i)
			req.flags |= (uint16_t)(gso ? NETTXF_extra_info | NETTXF_csum_blank | NETTXF_data_validated : 0);
		memcpy(slot(page, gtx_prod[q]++), &req, sizeof(req));
		if (!i && gso) {
			struct netif_extra_info extra = pkt_gso_extra(XEN_NETIF_GSO_TYPE_TCPV4, 1000);

			memcpy(slot(page, gtx_prod[q]++), &extra, sizeof(extra));
		}
	}
}

/* Sets the headroom, as the control thread does when the guest asks for it. */
static void want_headroom(unsigned int which)
{
	static const uint16_t bytes[4] = { 0, 1, 100, PKT_HEADROOM_MAX };

	atomic_store(&settings.headroom, bytes[which]);
}

/* Posts a valid change of the multicast list. */
static void post_mcast(void)
{
	unsigned int q = some_queue(), page = gtx_page[q];
	uint8_t what = eat8(&input, &input_left), which = eat8(&input, &input_left);
	netif_tx_request_t req = { .gref = pages[P_READ].ref, .id = which, .flags = NETTXF_extra_info, .size = 60 };
	struct netif_extra_info extra = { .type = XEN_NETIF_EXTRA_TYPE_MCAST_ADD };

	if (what & 2)
		atomic_store(&settings.filter, what & 4);
	if (what & 8)
		want_headroom(what >> 4 & 3);
	if (gtx_prod[q] - read_word(page, 8) > 256 - 2)
		return;
	if (what & 1)
		extra.type = XEN_NETIF_EXTRA_TYPE_MCAST_DEL;
	extra.u.mcast.addr[0] = which & 0x80 ? which : 1;
	extra.u.mcast.addr[5] = which % 80;
	memcpy(slot(page, gtx_prod[q]++), &req, sizeof(req));
	memcpy(slot(page, gtx_prod[q]++), &extra, sizeof(extra));
}

static void post_anything(void)
{
	unsigned int q = some_queue();
	unsigned int n = eat8(&input, &input_left) % 24 + 1;

	broke_rules = true;
	while (n-- && input_left) {
		uint8_t *at = slot(gtx_page[q], gtx_prod[q]++);
		uint32_t ref;

		eat(at, 12, &input, &input_left);
		ref = some_ref(at[0]);
		if (at[1] & 3)
			memcpy(at, &ref, 4);
	}
}

static void post_buffers(void)
{
	unsigned int q = some_queue(), page = grx_page[q];
	unsigned int n = eat8(&input, &input_left) % 64 + 1;

	while (n--) {
		uint8_t which = input_left ? eat8(&input, &input_left) : 0;
		netif_rx_request_t req = { .id = (uint16_t)(grx_prod[q] % 256) };

		if (grx_prod[q] - read_word(page, 8) >= 256)
			return;
		/* The page may be a ring's own. */
		broke_rules |= which >> 7;
		req.gref = which & 0x80 ? some_ref(which) : pages[P_WRITE + which % 40].ref;
		memcpy(slot(page, grx_prod[q]++), &req, sizeof(req));
	}
	write_word(page, 0, grx_prod[q]);
}

static void post_control(void)
{
	struct xen_netif_ctrl_request req = { .id = (uint16_t)ctrl_prod };
	uint8_t what = eat8(&input, &input_left);
	unsigned int n = eat8(&input, &input_left) % 48;

	req.type = what & 0x80 ? eat16(&input, &input_left) : (uint16_t)(what % 12);
	req.data[0] = what & 0x40 ? eat32(&input, &input_left) : 0;
	broke_rules |= what >> 5 & 1;	/* the list may be in a ring's page */
	req.data[1] = what & 0x20 ? some_ref(eat8(&input, &input_left)) : pages[P_LIST].ref;
	req.data[2] = what & 0x10 ? eat32(&input, &input_left) : n;
	for (unsigned int i = 0; i < n; i++) {
		uint8_t which = eat8(&input, &input_left);
		struct xen_netif_gref entry = { .ref = pages[P_READ + which % 48].ref };

		entry.flags = which & 0x40 ? (uint16_t)which : P_READ + which % 48 < P_WRITE;
		if (pages[P_LIST].page)
			memcpy(pages[P_LIST].page + 8 * (size_t)i, &entry, 8);
	}
	post_message(&req);
}

/* Posts a message about the hash. Its list is valid but for some queue numbers. */
static void post_hash(void)
{
	static const uint16_t types[] = {
		XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS,
		XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE,
		XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING,
	};
	uint8_t what = eat8(&input, &input_left) % 5, how = eat8(&input, &input_left);
	struct xen_netif_ctrl_request req = { .id = (uint16_t)ctrl_prod, .type = types[what] };

	req.data[0] = what == 0 ? how & 1 : what == 1 ? how & 15u : what == 3 ? how % 130u : pages[P_LIST].ref;
	req.data[1] = what == 2 ? how % 42u : what == 4 ? how % 130u : 0;
	req.data[2] = what == 4 && how & 1 ? eat8(&input, &input_left) % 130u : 0;
	for (uint32_t i = 0; what == 4 && i < how % 130u && pages[P_LIST].page; i++) {
		uint32_t entry = eat8(&input, &input_left);

		/* Mostly numbers of queues that exist. */
		entry = entry < 250 ? entry % conf.queues : entry;
		memcpy(pages[P_LIST].page + 4 * (size_t)i, &entry, 4);
	}
	for (uint32_t i = 0; what == 2 && i < how % 42u && pages[P_LIST].page; i++)
		pages[P_LIST].page[i] = eat8(&input, &input_left);
	post_message(&req);
}

/* Breaks one rule, which the next bytes choose. */
static void misbehave(void)
{
	static const unsigned int rings[] = { P_GTX, P_GRX, P_CTRL, P_GTX1, P_GRX1 };
	uint8_t what = eat8(&input, &input_left), how = eat8(&input, &input_left);
	uint8_t bytes[24];

	broke_rules = true;
	eat(bytes, sizeof(bytes), &input, &input_left);
	switch (what % 7) {
	case 0:
		revoke_page(P_READ + how % (P_OWN - P_READ));
		break;
	case 1:
		memcpy(slot(rings[how % 5], bytes[0]), bytes + 1, rings[how % 5] == P_GRX || rings[how % 5] == P_GRX1 ? 8 : 12);
		break;
	case 2:
		keep(P_READ + how % 8, bytes, 12, bytes[12] * 16u);
		break;
	case 3:
		write_word(rings[how % 5], (bytes[0] % 4) * 4u, eat32(&input, &input_left));
		break;
	case 4:
		if (pages[P_LIST].page)
			memcpy(pages[P_LIST].page + how * 8u, bytes, 8);
		break;
	case 5:
		/* Either word, or a part of the page without a meaning. */
		if (pages[P_MASK].page)
			memcpy(pages[P_MASK].page + how % 4 * 32u, bytes, 8);
		break;
	default:
		revoke_page(how % P_READ);
		break;
	}
}

static int inproc_fault_now(int map, uint32_t i, uint32_t n)
{
	(void)i;
	(void)n;
	if (!copy_faults)
		return 0;
	copy_faults--;
	if (input_left && input[0] & 1) {
		misbehave();
		return 0;
	}
	host_failed |= map;
	return map ? EINVAL : -3;
}

/* --- dom0 ------------------------------------------------------------------ */

static void back_start(bool resume)
{
	struct vif_conn_params params = { .peer = { GUEST }, .name = "fuzz", .tables_fd = -1, .quota = &quota,
				   .tap_fds = &wire_tap, .limit_fd = -1, .settings = &settings, .counters = &counters, .workers = 1, .control_fd = wire_control, .adopt = resume };
	struct reason why;
	int err;

	vif_counters_new(&counters, conf.queues, 1);
	inproc_act(0);
	err = vif_conn_start(&conn_now, &params, &conf, &why);
	PROMISE(err == 0 || (err < 0 && err == why.err && reason_list_number(&why) != REASON_NONE));
	/* Valid rings must be accepted. */
	PROMISE(err == 0 || broke_rules || host_failed);
	if (err)
		conn_now = NULL;
	faulted_at = 0;
}

/* What is told of a queue is what its rings say. */
static void check_positions(unsigned int q)
{
	struct positions at;

	PROMISE(vif_counters_positions(&counters, q, &at));
	PROMISE(at.queue.gtx.rsp_prod == read_word(gtx_page[q], 8) && at.queue.grx.rsp_prod == read_word(grx_page[q], 8));
	PROMISE(at.queue.gtx.cons - at.queue.gtx.rsp_prod <= at.queue.gtx.req_prod - at.queue.gtx.rsp_prod);
	PROMISE(at.queue.gtx.req_prod - at.queue.gtx.rsp_prod <= 256 && at.queue.grx.req_prod - at.queue.grx.rsp_prod <= 256);
}

static void check(void)
{
	struct stats sum;
	struct reason why;
	uint64_t grx;

	wire_drain();
	vif_conn_stats(conn_now, &sum);
	PROMISE(stats_get(&sum, STAT_GTX_PACKETS) == wire_frames);
	fates_check_directions(&sum);
	grx = fates_grx(&sum);
	PROMISE(grx <= frames_in);
	frames_in -= grx;	/* the next connection gets the frames that are still in the TAP */
	if (vif_conn_faulted(conn_now, &why)) {
		if (!broke_rules) {
			fprintf(stderr, "faulted for nothing: %s\n", why.what);
			abort();
		}
		PROMISE(reason_list_number(&why) != REASON_NONE);
	}
	for (unsigned int q = 0; !broke_rules && q < 2; q++)
		PROMISE(gtx_prod[q] - read_word(gtx_page[q], 8) <= 256 && grx_prod[q] - read_word(grx_page[q], 8) <= 256);
	for (unsigned int q = 0; !broke_rules && q < conf.queues; q++)
		check_positions(q);
}

static void back_stop(void)
{
	struct stats sum;

	if (!conn_now)
		return;
	check();
	vif_conn_stop(conn_now, &sum);
	conn_now = NULL;
	PROMISE(atomic_load(&quota.all) == 0 && atomic_load(&quota.guest[GUEST]) == 0);
	wire_frames = 0;
}

static void back_run(unsigned int rounds)
{
	struct worker *w;

	if (!conn_now)
		return;
	w = &conn_now->worker->w;
	while (rounds-- && !worker_faulted(w)) {
		if (w->mask.ours)
			evmask_wake(&w->mask);
		w->tap_ready = true;
		if (!w->ops->run(w))
			break;
		wire_drain();
	}
	if (!worker_faulted(w))
		(void)!w->ops->pending(w);
	if (w->mask.ours)
		(void)!evmask_sleep(&w->mask);
}

/* Publishes the slots that were written to the gtx rings. */
static void publish(void)
{
	write_word(P_GTX, 0, gtx_prod[0]);
	write_word(P_GTX1, 0, gtx_prod[1]);
}

/* Returns the greatest number of fates that are counted for a frame: one for each segment if it is split. */
static uint32_t most_fates(const struct virtio_net_hdr *hdr, uint32_t len)
{
	uint32_t size = hdr->gso_size < 2048 ? hdr->gso_size : 2048;	/* with headers, less than a page */

	return hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE || size == 0 ? 1 : 1 + len / size;
}

static void send_frame(void)
{
	struct virtio_net_hdr hdr;
	uint32_t len = wire_send(&hdr);

	if (len)
		frames_in += most_fates(&hdr, len);
}

static void command(uint8_t what)
{
	switch (what % 12) {
	case 0:
		post_packet();
		break;
	case 1:
		post_hash();
		break;
	case 2:
		post_anything();
		break;
	case 3:
		publish();
		break;
	case 4:
		post_buffers();
		break;
	case 5:
		send_frame();
		break;
	case 6:
		post_mcast();
		break;
	case 7:
		post_control();
		break;
	case 8:
		misbehave();
		break;
	case 9:
		copy_faults = eat8(&input, &input_left) % 32;
		/* A grant copy that fails is answered with an error. The guest broke no rule. */
		break;
	case 10:
		if (conn_now && !worker_faulted(&conn_now->worker->w))
			(void)!conn_now->worker->w.ops->rearm(&conn_now->worker->w);
		if (what & 0x80) {
			back_stop();
			back_start(what & 0x40);
		}
		break;
	default:
		back_run(what / 12u % 4 + 1);
		break;
	}
}

static void session(void)
{
	uint8_t bits[3];

	eat(bits, sizeof(bits), &input, &input_left);
	wire_open();
	frames_in = wire_frames = copy_faults = 0;
	broke_rules = host_failed = false;
	inproc_fault = NULL;
	guest_start();
	conf = (struct vif_conf){
		.queues = bits[0] & 4 ? 2 : 1, .ctrl = bits[0] & 1, .rx_notify = bits[0] & 2,
		.mask = bits[0] & 8,
		.peer = { .csum4 = bits[1] & 1, .csum6 = bits[1] & 2, .gso4 = bits[1] & 4,
			  .gso6 = bits[1] & 8, .sg = bits[1] & 16, .header = bits[1] & 32, .uso = (bits[1] & 96) == 96 },
	};
	if (conf.peer.header)
		conf.header = conf.device = 0x67;
	settings.headroom = bits[0] & 4 ? (uint16_t)((bits[0] >> 3) * 8 + 8) : 0;
	conf.queue[0].gtx_ref = gref_of(pages[P_GTX].ref);
	conf.queue[0].grx_ref = gref_of(pages[P_GRX].ref);
	conf.queue[1].gtx_ref = gref_of(pages[P_GTX1].ref);
	conf.queue[1].grx_ref = gref_of(pages[P_GRX1].ref);
	conf.queue[0].gtx_port = conf.queue[0].grx_port = evport_of(port);
	conf.queue[1].gtx_port = conf.queue[1].grx_port = evport_of(port1);
	conf.mask_ref = gref_of(pages[P_MASK].ref);
	conf.mask_port = evport_of(port);
	atomic_store(&settings.filter, false);
	atomic_store(&settings.headroom, 0);
	conf.ctrl_ref = gref_of(pages[P_CTRL].ref);
	if (conf.ctrl && !conf.mask) {
		inproc_act(GUEST);
		conf.ctrl_port = evport_of((uint32_t)xenevtchn_bind_unbound_port(evt, 0));
	}
	back_start(false);
	inproc_fault = inproc_fault_now;
	input_run(command);
	publish();
	back_run(64);
	back_stop();
	inproc_fault = NULL;
	guest_end();
	wire_close();
}

static unsigned int open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	PROMISE(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned int sessions;
	unsigned int files = 0;

	if (!sessions) {
		log_init("fuzz", LOG_LEVEL_ERROR);
		inproc_start(3);
	}
	input = data;
	input_left = size;
	if (sessions % 64 == 2)
		files = open_files();
	session();
	/* The first sessions open descriptors that stay open. */
	if (sessions++ % 64 == 2)
		PROMISE(open_files() == files);
	return 0;
}
