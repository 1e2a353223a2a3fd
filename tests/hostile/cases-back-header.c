/* SPDX-License-Identifier: MIT */
/* cases-back-header.c - false offload headers from a backend (docs/vnet-header.md): group 28
 *
 * The counterpart of cases-header.c. netfrontd takes all that its own device takes.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "back.h"

#define CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define V4 VIRTIO_NET_HDR_GSO_TCPV4
#define V6 VIRTIO_NET_HDR_GSO_TCPV6
#define UDP 5	/* VIRTIO_NET_HDR_GSO_UDP_L4, Linux 6.2 */

#define TCP4(type_, size_, hdr_len_) \
	.frame = FRAME_TCP4, HEADER(CSUM, type_, size_, hdr_len_, 34, 16, 0), CHAIN(R(2054, 12, 0))
#define UDP4(type_, size_, hdr_len_) \
	.frame = FRAME_UDP4, HEADER(CSUM, type_, size_, hdr_len_, 34, 6, 0), CHAIN(R(2042, 12, 0))
#define PARTIAL(start_, offset_) \
	.frame = FRAME_UDP4, HEADER(CSUM, 0, 0, 0, start_, offset_, 0), CHAIN(R(142, 12, 0))
#define PLAIN(...) HEADER(__VA_ARGS__), CHAIN(R(60, 12, 0))

#define HEADER_DROP V_DROP, "grx_drop_header=1"
#define GSO_DROP V_DROP, "grx_drop_gso=1"
#define CSUM_DROP V_DROP, "grx_drop_csum=1"
#define KEYS(...) .keys = (const struct key[]){ __VA_ARGS__, { NULL, NULL } }

/* What the guest sends has a header, in the bytes before its first slot's data. */
static void sent(struct back *b)
{
	uint32_t from;

	guest_send(b, 4, 60);
	if (!gtx_wait(b, b->gtx_rsp + 4))
		return;
	for (from = b->gtx_rsp; from != b->gtx_rsp + 4; from++) {
		netif_tx_request_t req = b->gtx->ring[from % SLOTS].req;
		const uint8_t *page = xengnttab_map_grant_ref(b->tab, b->guest, req.gref, PROT_READ);
		offload_header h;

		if (!page || req.offset < HEADER_LEN || req.offset > PAGE || req.flags || req.size != 60) {
			trouble(&b->t, "a request has offset %u, size %u, flags %x", req.offset, req.size, req.flags);
		} else {
			memcpy(&h, page + req.offset - HEADER_LEN, sizeof(h));
			if ((h.hdr.flags & ~3) || h.hdr.gso_type || h.hdr.gso_size || h.hdr.hdr_len || h.num_buffers)
				trouble(&b->t, "a sent header breaks the rules");
		}
		if (page)
			xengnttab_unmap(b->tab, (void *)(uintptr_t)page, 1);
	}
	gtx_answer_all(b);
}

static void rewrite(void *arg)
{
	static const offload_header good = { { CSUM, V4, 54, 1000, 34, 16 }, 0 };
	struct back *b = arg;

	for (unsigned int i = 0; i < b->nbufs; i++) {
		uint8_t *page = b->bufs + i * PAGE;
		unsigned int at = surprise(&b->seed) % 66;

		memcpy(page, &good, sizeof(good));
		page[at] = (uint8_t)b->seed;
	}
}

/* Sends frames whose headers change while they are taken and after. */
static void header_changes(struct back *b)
{
	static const struct rsp segments[] = { RN(16, 2054, 12, 0), { .kind = RSP_END } };
	struct again *a = again_start(rewrite, b);

	for (int i = 0; i < 100; i++) {
		rsps_put(b, segments);
		grx_push(b);
		if (!grx_reposted(b))
			trouble(&b->t, "the buffers were not posted again");
	}
	again_stop(a);
}

/* The agreement is of this connection, whatever the key says since. */
static void key_changes(struct back *b)
{
	static const struct rsp good[] = { RN(4, 60, 12, 0), { .kind = RSP_END } };

	store_put(b->xs, XBT_NULL, b->be, "feature-vnet-header", "0");
	rsps_put(b, good);
	grx_push(b);
}

static const struct bcase cases[] = {
	{ 28, "tcp as it should be", V_PASS, .ok = 1, TCP4(V4, 1000, 54) },
	{ 28, "tcp over ipv6", V_PASS, .ok = 1, .frame = FRAME_TCP6, HEADER(CSUM, V6, 1000, 74, 54, 16, 0), CHAIN(R(2074, 12, 0)) },
	{ 28, "tcp behind a vlan tag", V_PASS, .ok = 1, .frame = FRAME_TCP4_VLAN, HEADER(CSUM, V4, 1000, 58, 38, 16, 0), CHAIN(R(2058, 12, 0)) },
	{ 28, "plain", V_PASS, .ok = 1, PLAIN(0, 0, 0, 0, 0, 0, 0) },
	{ 28, "a partial checksum", V_PASS, .ok = 1, PARTIAL(34, 6) },
	{ 28, "a partial checksum in the last bytes", V_PASS, .ok = 1, PARTIAL(140, 0) },
	{ 28, "the first slot has the header only", V_PASS, .ok = 1, HEADER_PLAIN, CHAIN(R(0, 12, MORE), R(60, 12, 0)) },
	{ 28, "the header at the end of its page", V_PASS, .ok = 1, HEADER_PLAIN, CHAIN(R(0, 4096, MORE), R(60, 12, 0)) },
	{ 28, "as much as there can be", V_PASS, .ok = 1, HEADER_PLAIN, CHAIN(R(4084, 12, MORE), RN(15, 4096, 0, MORE), R(11, 0, 0)) },
	{ 28, "what is sent", V_PASS, HEADER_PLAIN, .run = sent },
	{ 28, "the key changes once connected", V_PASS, .ok = 4, HEADER_PLAIN, .run = key_changes },

	{ 28, "offset 0", HEADER_DROP, HEADER_PLAIN, CHAIN(R(60, 0, 0)) },
	{ 28, "offset 11", HEADER_DROP, HEADER_PLAIN, CHAIN(R(60, 11, 0)) },
	{ 28, "offset 65535", V_DROP, "grx_drop_bounds=1", HEADER_PLAIN, CHAIN(R(60, 65535, 0)) },
	{ 28, "status 4085 behind a header", V_DROP, "grx_drop_bounds=1", HEADER_PLAIN, CHAIN(R(4085, 12, 0)) },
	{ 28, "an error has no header", V_DROP, "grx_drop_peer=1", HEADER_PLAIN, CHAIN(R(-1, 0, 0)) },
	{ 28, "csum_blank in the slot", HEADER_DROP, HEADER_PLAIN, CHAIN(R(60, 12, NETRXF_csum_blank)) },
	{ 28, "data_validated in the slot", HEADER_DROP, HEADER_PLAIN, CHAIN(R(60, 12, NETRXF_data_validated)) },
	{ 28, "a gso extra", V_DROP, "grx_drop_extra=1", .frame = FRAME_TCP4, HEADER(CSUM, V4, 1000, 54, 34, 16, 0),
	  CHAIN(R(2054, 12, EXTRA), GSO(1000, 1, 0)) },
	{ 28, "flag 4", HEADER_DROP, PLAIN(4, 0, 0, 0, 0, 0, 0) },
	{ 28, "flag 128", HEADER_DROP, PLAIN(128, 0, 0, 0, 0, 0, 0) },
	{ 28, "num_buffers", HEADER_DROP, PLAIN(0, 0, 0, 0, 0, 0, 1) },
	{ 28, "csum_start without a checksum", HEADER_DROP, PLAIN(0, 0, 0, 0, 34, 0, 0) },
	{ 28, "gso_size without gso", HEADER_DROP, PLAIN(0, 0, 1000, 0, 0, 0, 0) },
	{ 28, "hdr_len without gso", HEADER_DROP, PLAIN(0, 0, 0, 42, 0, 0, 0) },
	{ 28, "csum_start in the ip header", CSUM_DROP, PARTIAL(33, 6) },
	{ 28, "a checksum that leaves the frame by a byte", CSUM_DROP, PARTIAL(141, 0) },
	{ 28, "csum_start 65535", CSUM_DROP, PARTIAL(65535, 6) },
	{ 28, "csum_start and csum_offset that wrap", CSUM_DROP, PARTIAL(34, 65502) },
	{ 28, "gso type 3", GSO_DROP, TCP4(3, 1000, 54) },
	{ 28, "gso type 64, of a tunnel", GSO_DROP, TCP4(V4 | 0x40, 1000, 54) },
	{ 28, "gso type 255", GSO_DROP, TCP4(255, 1000, 54) },
	{ 28, "gso without a checksum", GSO_DROP, .frame = FRAME_TCP4, HEADER(0, V4, 1000, 54, 0, 0, 0), CHAIN(R(2054, 12, 0)) },
	{ 28, "gso_size 0", GSO_DROP, TCP4(V4, 0, 54) },
	{ 28, "gso_size 63", GSO_DROP, TCP4(V4, 63, 54) },
	{ 28, "gso_size 63 of udp", GSO_DROP, UDP4(UDP, 63, 42) },
	{ 28, "hdr_len a byte short", GSO_DROP, TCP4(V4, 1000, 53) },
	{ 28, "hdr_len 65535", GSO_DROP, TCP4(V4, 1000, 65535) },
	{ 28, "csum_start beside the tcp header", GSO_DROP, .frame = FRAME_TCP4, HEADER(CSUM, V4, 1000, 54, 38, 16, 0), CHAIN(R(2054, 12, 0)) },
	{ 28, "v6 type on a v4 frame", GSO_DROP, TCP4(V6, 1000, 54) },
	{ 28, "udp type on a tcp frame", GSO_DROP, TCP4(UDP, 1000, 54) },
	{ 28, "tcp type on a udp frame", GSO_DROP, UDP4(V4, 1000, 42) },
	{ 28, "gso on an unknown ethertype", GSO_DROP, HEADER(CSUM, V4, 1000, 54, 34, 16, 0), CHAIN(R(2054, 12, 0)) },
	{ 28, "tcp header cut off", GSO_DROP, .frame = FRAME_TCP4, HEADER(CSUM, V4, 1000, 54, 34, 16, 0), CHAIN(R(53, 12, 0)) },
	{ 28, "256 bad headers", V_DROP, "grx_drop_header=256", HEADER(4, 0, 0, 0, 0, 0, 0), CHAIN(RN(256, 60, 12, 0)) },
	{ 28, "the header changes while it is read", V_ANY, .raced = true, .frame = FRAME_TCP4,
	  HEADER(CSUM, V4, 1000, 54, 34, 16, 0), .run = header_changes },

	{ 28, "feature-vnet-header is text", V_REFUSE, "backend key feature-vnet-header is not acceptable",
	  KEYS({ "feature-vnet-header", "0x67" }) },
	{ 28, "feature-vnet-header without checksums", V_PASS, .ok = 1, CHAIN(R(60, 0, 0)), KEYS({ "feature-vnet-header", "102" }) },
	{ 28, "feature-vnet-header of every bit", V_PASS, .ok = 1, PLAIN(0, 0, 0, 0, 0, 0, 0),
	  KEYS({ "feature-vnet-header", "4294967295" }) },
};

const struct btable table_back_header = { cases, sizeof(cases) / sizeof(cases[0]) };
