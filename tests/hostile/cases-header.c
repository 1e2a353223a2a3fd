/* SPDX-License-Identifier: MIT */
/* cases-header.c - false offload headers (docs/vnet-header.md): group 28
 *
 * Offsets in FRAME_TCP4 and FRAME_UDP4: IP at 14, TCP or UDP at 34, which end at 54 and 42. In the pages the
 * frame is at 12, behind its header.
 */
#include <string.h>

#include "front.h"

#define CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define ECN VIRTIO_NET_HDR_GSO_ECN
#define V4 VIRTIO_NET_HDR_GSO_TCPV4
#define V6 VIRTIO_NET_HDR_GSO_TCPV6
#define UDP 5	/* VIRTIO_NET_HDR_GSO_UDP_L4, Linux 6.2 */

/* A TCP frame of 2000 payload bytes in one slot, and its header with that GSO type and size, and length of headers. */
#define TCP4(type_, size_, hdr_len_) \
	.frame = FRAME_TCP4, HEADER(CSUM, type_, size_, hdr_len_, 34, 16, 0), CHAIN(D(2054, 12, 0))
#define UDP4(type_, size_, hdr_len_) \
	.frame = FRAME_UDP4, HEADER(CSUM, type_, size_, hdr_len_, 34, 6, 0), CHAIN(D(2042, 12, 0))
/* A partial checksum in a frame of 142 bytes. */
#define PARTIAL(start_, offset_) \
	.frame = FRAME_UDP4, HEADER(CSUM, 0, 0, 0, start_, offset_, 0), CHAIN(D(142, 12, 0))
/* A frame of 60 bytes without anything to do, with one false field. */
#define PLAIN(...) HEADER(__VA_ARGS__), CHAIN(D(60, 12, 0))

/* The longest there is, in 17 slots. */
#define LARGEST D(65535, 12, MORE), DN(15, 4096, 0, 0, MORE), D(11, 0, 0)

#define HEADER_DROP V_DROP, "gtx_drop_header=1"
#define GSO_DROP V_DROP, "gtx_drop_gso=1"
#define CSUM_DROP V_DROP, "gtx_drop_csum=1"
#define KEYS(...) .keys = (const struct key[]){ __VA_ARGS__, { NULL, NULL } }

static void send_mapped(struct front *f)
{
	static const struct slot s[] = { D(2054, 12, 0), { .kind = SLOT_END } };

	map_all(f);
	chain_put(f, s);
	gtx_push(f);
}

/* The header and the frame's headers change while they are read. */
static void rewrite(void *arg)
{
	struct front *f = arg;

	for (unsigned int i = 0; i < 12 + 54; i++)
		f->data[i] = (uint8_t)(surprise(&f->seed) & 3 ? f->guard[i] : surprise(&f->seed));
}

static void put_headed(struct front *f)
{
	slot_put(f, f->data_ref[0], 12, 0, f->next_id++, 2054);
}

static void header_changes(struct front *f)
{
	gtx_put_rewritten(f, rewrite, put_headed);
}

/* What the backend sends has a header, too, whose fields keep the rules. */
static void check_received(struct front *f, unsigned int n)
{
	bufs_post(f, 0, NPOST);
	arp(f, n);
	if (grx_wait(f, n, WAIT_MS) != n)
		trouble(&f->t, "the host's frames do not arrive");
	for (unsigned int i = 0; i < n; i++) {
		netif_rx_response_t rsp = f->grx->ring[f->r.rsp % SLOTS].rsp;
		const uint8_t *page = f->buf + f->page[f->r.rsp++ % SLOTS] * PAGE;
		offload_header h;

		if (rsp.offset < HEADER_LEN || rsp.status < 14 || rsp.flags) {
			trouble(&f->t, "a response has offset %u, status %d, flags %x", rsp.offset, rsp.status, rsp.flags);
			return;
		}
		memcpy(&h, page + rsp.offset - HEADER_LEN, sizeof(h));
		if ((h.hdr.flags & ~3) || h.hdr.gso_type || h.hdr.gso_size || h.hdr.hdr_len || h.num_buffers)
			trouble(&f->t, "a received header breaks the rules");
	}
}

static void received(struct front *f) { check_received(f, 8); }

static void received_mapped(struct front *f)
{
	map_all(f);
	check_received(f, 40);
}

static const struct fcase cases[] = {
	{ 28, "tcp as it should be", V_PASS, .ok = 1, TCP4(V4, 1000, 54) },
	{ 28, "tcp with ecn", V_PASS, .ok = 1, TCP4(V4 | ECN, 1000, 54) },
	{ 28, "tcp over ipv6", V_PASS, .ok = 1, .frame = FRAME_TCP6, HEADER(CSUM, V6, 1000, 74, 54, 16, 0), CHAIN(D(2074, 12, 0)) },
	{ 28, "tcp behind an option header", V_PASS, .ok = 1, .frame = FRAME_TCP6_HOPOPTS,
	  HEADER(CSUM, V6, 1000, 82, 62, 16, 0), CHAIN(D(2082, 12, 0)) },
	{ 28, "tcp behind a vlan tag", V_PASS, .ok = 1, .frame = FRAME_TCP4_VLAN, HEADER(CSUM, V4, 1000, 58, 38, 16, 0), CHAIN(D(2058, 12, 0)) },
	{ 28, "tcp behind two vlan tags", V_PASS, .ok = 1, .frame = FRAME_TCP4_QINQ, HEADER(CSUM, V4, 1000, 62, 42, 16, 0), CHAIN(D(2062, 12, 0)) },
	{ 28, "udp as it should be", V_PASS, .ok = 1, .uso = true, UDP4(UDP, 1000, 42) },
	{ 28, "plain", V_PASS, .ok = 1, PLAIN(0, 0, 0, 0, 0, 0, 0) },
	{ 28, "data valid", V_PASS, .ok = 1, PLAIN(2, 0, 0, 0, 0, 0, 0) },
	{ 28, "a partial checksum", V_PASS, .ok = 1, PARTIAL(34, 6) },
	{ 28, "a partial checksum anywhere", V_PASS, .ok = 1, HEADER(CSUM, 0, 0, 0, 41, 9, 0), CHAIN(D(60, 12, 0)) },
	{ 28, "a partial checksum in the last bytes", V_PASS, .ok = 1, PARTIAL(140, 0) },
	{ 28, "the first slot has the header only", V_PASS, .ok = 1, .frame = FRAME_TCP4, HEADER(CSUM, V4, 1000, 54, 34, 16, 0),
	  CHAIN(D(2054, 12, MORE), D(2054, 12, 0)) },
	{ 28, "the header at the end of its page", V_PASS, .ok = 1, HEADER_PLAIN, CHAIN(D(60, 4096, MORE), D(60, 12, 0)) },
	{ 28, "headers in slots of a byte", V_PASS, .ok = 1, .frame = FRAME_TCP4, HEADER(CSUM, V4, 1000, 54, 34, 16, 0),
	  CHAIN(D(2054, 12, MORE), DN(16, 1, 13, 1, MORE), D(2037, 29, 0)) },
	{ 28, "a change of the multicast list has no header", V_PASS, HEADER_PLAIN, CHAIN(D(60, 0, EXTRA), X(2, 0, 1, 0, 0x5e, 0, 0, 1)) },
	{ 28, "64 KiB of size 64", V_PASS, .ok = 1, .frame = FRAME_TCP4, HEADER(CSUM, V4, 64, 54, 34, 16, 0), CHAIN(LARGEST) },
	{ 28, "five of 64 KiB of size 64", V_PASS, .ok = 5, .frame = FRAME_TCP4, HEADER(CSUM, V4, 64, 54, 34, 16, 0),
	  CHAIN(LARGEST, LARGEST, LARGEST, LARGEST, LARGEST) },
	{ 28, "mapped", V_PASS, .ok = 1, .ctrl = true, .frame = FRAME_TCP4, HEADER(CSUM, V4, 1000, 54, 34, 16, 0), .run = send_mapped },
	{ 28, "what is received", V_PASS, "grx_packets=8", HEADER_PLAIN, .run = received },
	{ 28, "what is received in mapped pages", V_PASS, "grx_packets=40", .ctrl = true, HEADER_PLAIN, .run = received_mapped },

	{ 28, "offset 0", HEADER_DROP, HEADER_PLAIN, CHAIN(D(60, 0, 0)) },
	{ 28, "offset 11", HEADER_DROP, HEADER_PLAIN, CHAIN(D(60, 11, 0)) },
	{ 28, "offset that leaves the page", V_DROP, "gtx_drop_bounds=1", HEADER_PLAIN, CHAIN(D(60, 4097, MORE), D(60, 12, 0)) },
	{ 28, "csum_blank in the slot", HEADER_DROP, HEADER_PLAIN, CHAIN(D(60, 12, NETTXF_csum_blank)) },
	{ 28, "data_validated in the slot", HEADER_DROP, HEADER_PLAIN, CHAIN(D(60, 12, NETTXF_data_validated)) },
	{ 28, "a gso extra", V_DROP, "gtx_drop_extra=1", .frame = FRAME_TCP4, HEADER(CSUM, V4, 1000, 54, 34, 16, 0),
	  CHAIN(D(2054, 12, EXTRA), GSO(1000, 1, 0)) },
	{ 28, "flag 4", HEADER_DROP, PLAIN(4, 0, 0, 0, 0, 0, 0) },
	{ 28, "flag 128", HEADER_DROP, PLAIN(128, 0, 0, 0, 0, 0, 0) },
	{ 28, "num_buffers", HEADER_DROP, PLAIN(0, 0, 0, 0, 0, 0, 1) },
	{ 28, "csum_start without a checksum", HEADER_DROP, PLAIN(0, 0, 0, 0, 34, 0, 0) },
	{ 28, "csum_offset without a checksum", HEADER_DROP, PLAIN(0, 0, 0, 0, 0, 6, 0) },
	{ 28, "gso_size without gso", HEADER_DROP, PLAIN(0, 0, 1000, 0, 0, 0, 0) },
	{ 28, "hdr_len without gso", HEADER_DROP, PLAIN(0, 0, 0, 42, 0, 0, 0) },

	{ 28, "csum_start in ethernet's header", CSUM_DROP, PARTIAL(0, 6) },
	{ 28, "csum_start in the ip header", CSUM_DROP, PARTIAL(33, 6) },
	{ 28, "a checksum that leaves the frame by a byte", CSUM_DROP, PARTIAL(141, 0) },
	{ 28, "csum_start 65535", CSUM_DROP, PARTIAL(65535, 6) },
	{ 28, "csum_offset 65535", CSUM_DROP, PARTIAL(34, 65535) },
	{ 28, "csum_start and csum_offset that wrap", CSUM_DROP, PARTIAL(34, 65502) },

	{ 28, "gso type 2", GSO_DROP, TCP4(2, 1000, 54) },
	{ 28, "gso type 3", GSO_DROP, TCP4(3, 1000, 54) },
	{ 28, "gso type 6", GSO_DROP, TCP4(6, 1000, 54) },
	{ 28, "gso type 32, of a tunnel", GSO_DROP, TCP4(V4 | 0x20, 1000, 54) },
	{ 28, "gso type 64, of a tunnel", GSO_DROP, TCP4(V4 | 0x40, 1000, 54) },
	{ 28, "gso type 255", GSO_DROP, TCP4(255, 1000, 54) },
	{ 28, "ecn alone", GSO_DROP, TCP4(ECN, 1000, 54) },
	{ 28, "ecn on udp", GSO_DROP, UDP4(UDP | ECN, 1000, 42) },
	{ 28, "gso without a checksum", GSO_DROP, .frame = FRAME_TCP4, HEADER(0, V4, 1000, 54, 0, 0, 0), CHAIN(D(2054, 12, 0)) },
	{ 28, "gso_size 0", GSO_DROP, TCP4(V4, 0, 54) },
	{ 28, "gso_size 1", GSO_DROP, TCP4(V4, 1, 54) },
	{ 28, "gso_size 63", GSO_DROP, TCP4(V4, 63, 54) },
	{ 28, "gso_size 63 of udp", GSO_DROP, UDP4(UDP, 63, 42) },
	{ 28, "64 KiB of size 8", GSO_DROP, .frame = FRAME_TCP4, HEADER(CSUM, V4, 8, 54, 34, 16, 0), CHAIN(LARGEST) },
	{ 28, "hdr_len 0", GSO_DROP, TCP4(V4, 1000, 0) },
	{ 28, "hdr_len a byte short", GSO_DROP, TCP4(V4, 1000, 53) },
	{ 28, "hdr_len a byte long", GSO_DROP, TCP4(V4, 1000, 55) },
	{ 28, "hdr_len of the whole frame", GSO_DROP, TCP4(V4, 1000, 2054) },
	{ 28, "hdr_len 65535", GSO_DROP, TCP4(V4, 1000, 65535) },
	{ 28, "csum_start beside the tcp header", GSO_DROP, .frame = FRAME_TCP4, HEADER(CSUM, V4, 1000, 54, 38, 16, 0), CHAIN(D(2054, 12, 0)) },
	{ 28, "csum_offset of udp on tcp", GSO_DROP, .frame = FRAME_TCP4, HEADER(CSUM, V4, 1000, 54, 34, 6, 0), CHAIN(D(2054, 12, 0)) },
	{ 28, "csum_offset of tcp on udp", GSO_DROP, .frame = FRAME_UDP4, HEADER(CSUM, UDP, 1000, 42, 34, 16, 0), CHAIN(D(2042, 12, 0)) },
	{ 28, "v6 type on a v4 frame", GSO_DROP, TCP4(V6, 1000, 54) },
	{ 28, "v4 type on a v6 frame", GSO_DROP, .frame = FRAME_TCP6, HEADER(CSUM, V4, 1000, 74, 54, 16, 0), CHAIN(D(2074, 12, 0)) },
	{ 28, "udp type on a tcp frame", GSO_DROP, TCP4(UDP, 1000, 54) },
	{ 28, "tcp type on a udp frame", GSO_DROP, UDP4(V4, 1000, 42) },
	{ 28, "gso on icmp", GSO_DROP, .frame = FRAME_ICMP4, HEADER(CSUM, V4, 1000, 54, 34, 16, 0), CHAIN(D(2054, 12, 0)) },
	{ 28, "gso on arp", GSO_DROP, .frame = FRAME_ARP, HEADER(CSUM, V4, 1000, 54, 34, 16, 0), CHAIN(D(2054, 12, 0)) },
	{ 28, "gso on a fragment", GSO_DROP, PATCH({ 20, 0x20 }), TCP4(V4, 1000, 54) },
	{ 28, "gso behind three vlan tags", GSO_DROP, .frame = FRAME_TCP4_VLAN3, HEADER(CSUM, V4, 1000, 66, 46, 16, 0), CHAIN(D(2066, 12, 0)) },
	{ 28, "tcp header cut off", GSO_DROP, .frame = FRAME_TCP4, HEADER(CSUM, V4, 1000, 54, 34, 16, 0), CHAIN(D(53, 12, 0)) },
	{ 28, "tcp data offset below 5", GSO_DROP, PATCH({ 46, 4 << 4 }), TCP4(V4, 1000, 50) },
	{ 28, "ip header length below 5", GSO_DROP, PATCH({ 14, 0x44 }), TCP4(V4, 1000, 54) },
	{ 28, "a bad header between good ones", HEADER_DROP, .raced = true, HEADER_PLAIN, CHAIN(D(60, 12, 0), D(60, 11, 0), D(60, 12, 0)) },
	{ 28, "64 bad headers", V_DROP, "gtx_drop_header=64", HEADER(4, 0, 0, 0, 0, 0, 0), CHAIN(DN(64, 60, 12, 0, 0)) },
	{ 28, "the header changes while it is read", V_ANY, .ctrl = true, .wild = true, .frame = FRAME_TCP4,
	  HEADER(CSUM, V4, 1000, 54, 34, 16, 0), .run = header_changes },

	{ 28, "vnet-header is text", V_REFUSE, "frontend key vnet-header is not acceptable",
	  KEYS({ "vnet-header", "0x67" }) },
	{ 28, "vnet-header without checksums", V_PASS, .ok = 1, CHAIN(D(60, 0, 0)),
	  KEYS({ "vnet-header", "102" }, { "feature-gso-tcpv4", NULL }) },
	{ 28, "vnet-header beside feature-gso-tcpv4", V_PASS, .ok = 1, .frame = FRAME_TCP4,
	  CHAIN(D(2054, 0, EXTRA | BLANK), GSO(1000, 1, 0)), KEYS({ "vnet-header", "103" }) },
	{ 28, "vnet-header of every bit", V_PASS, .ok = 1, PLAIN(0, 0, 0, 0, 0, 0, 0), KEYS({ "vnet-header", "4294967295" }) },
};

const struct table table_header = { cases, sizeof(cases) / sizeof(cases[0]) };
