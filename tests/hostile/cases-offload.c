/* SPDX-License-Identifier: MIT */
/* cases-offload.c - false GSO extras and checksum flags: groups 9 and 10
 *
 * Offsets in FRAME_TCP4: IP at 14, its protocol at 23, TCP at 34, data offset at 46.
 */
#include "front.h"

/* A TCP frame of 2000 payload bytes in one slot with one GSO extra. */
#define SEGMENT(mss_, type_, feat_) CHAIN(D(2054, 0, EXTRA | BLANK), GSO(mss_, type_, feat_))

/* The longest there is, in 17 slots. */
#define LARGEST(mss_) \
	D(65535, 0, MORE | EXTRA | BLANK), GSO(mss_, 1, 0), DN(14, 4096, 0, 0, MORE), D(4096, 0, 0)

static const struct fcase cases[] = {
	{ 9, "gso as it should be", V_PASS, .ok = 1, .frame = FRAME_TCP4, SEGMENT(1000, 1, 0) },
	{ 9, "mss 0", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4, SEGMENT(0, 1, 0) },
	{ 9, "mss 1", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4, SEGMENT(1, 1, 0) },
	{ 9, "mss 7", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4, SEGMENT(7, 1, 0) },
	{ 9, "mss 8", V_PASS, .ok = 1, .frame = FRAME_TCP4, SEGMENT(8, 1, 0) },
	{ 9, "mss beyond the payload", V_PASS, .ok = 1, .frame = FRAME_TCP4, SEGMENT(60000, 1, 0) },
	{ 9, "mss 65535", V_PASS, "gtx_drop_tap=1", .raced = true, .frame = FRAME_TCP4, SEGMENT(65535, 1, 0) },
	{ 9, "gso type 0", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4, SEGMENT(1000, 0, 0) },
	{ 9, "gso type 3", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4, SEGMENT(1000, 3, 0) },
	{ 9, "gso type 255", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4, SEGMENT(1000, 255, 0) },
	{ 9, "v6 type on a v4 frame", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4, SEGMENT(1000, 2, 0) },
	{ 9, "v4 type on a v6 frame", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP6, SEGMENT(1000, 1, 0) },
	{ 9, "features not 0", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4, SEGMENT(1000, 1, 1) },
	{ 9, "gso on udp", V_DROP, "gtx_drop_gso=1", .frame = FRAME_UDP4, SEGMENT(1000, 1, 0) },
	{ 9, "gso on icmp", V_DROP, "gtx_drop_gso=1", .frame = FRAME_ICMP4, SEGMENT(1000, 1, 0) },
	{ 9, "gso on arp", V_DROP, "gtx_drop_gso=1", .frame = FRAME_ARP, SEGMENT(1000, 1, 0) },
	{ 9, "gso on an unknown ethertype", V_DROP, "gtx_drop_gso=1", SEGMENT(1000, 1, 0) },
	{ 9, "no csum_blank", V_PASS, .ok = 1, .frame = FRAME_TCP4, CHAIN(D(2074, 0, EXTRA), GSO(1000, 1, 0)) },
	{ 9, "tcp header cut off", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4,
	  CHAIN(D(44, 0, EXTRA | BLANK), GSO(1000, 1, 0)) },
	{ 9, "data offset below 5", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4, PATCH({ 46, 4 << 4 }),
	  SEGMENT(1000, 1, 0) },
	{ 9, "data offset beyond the packet", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4, PATCH({ 46, 15 << 4 }),
	  CHAIN(D(80, 0, EXTRA | BLANK), GSO(1000, 1, 0)) },
	{ 9, "ip header length below 5", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4, PATCH({ 14, 0x44 }),
	  SEGMENT(1000, 1, 0) },
	{ 9, "ip version 6 in a v4 frame", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4, PATCH({ 14, 0x65 }),
	  SEGMENT(1000, 1, 0) },
	{ 9, "gso on a fragment", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4, PATCH({ 20, 0x20 }),
	  SEGMENT(1000, 1, 0) },
	{ 9, "ip options", V_PASS, .ok = 1, .frame = FRAME_TCP4_OPTIONS,
	  CHAIN(D(2094, 0, EXTRA | BLANK), GSO(1000, 1, 0)) },
	{ 9, "ipv6", V_PASS, .ok = 1, .frame = FRAME_TCP6, CHAIN(D(2074, 0, EXTRA | BLANK), GSO(1000, 2, 0)) },
	{ 9, "ipv6 behind an option header", V_PASS, .ok = 1, .frame = FRAME_TCP6_HOPOPTS,
	  CHAIN(D(2082, 0, EXTRA | BLANK), GSO(1000, 2, 0)) },
	{ 9, "ipv6 option header that leaves the packet", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP6_HOPOPTS,
	  PATCH({ 55, 255 }), CHAIN(D(2082, 0, EXTRA | BLANK), GSO(1000, 2, 0)) },
	{ 9, "ipv6 option headers in a circle", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP6_HOPOPTS,
	  PATCH({ 54, 0 }), CHAIN(D(2082, 0, EXTRA | BLANK), GSO(1000, 2, 0)) },
	{ 9, "vlan", V_PASS, .ok = 1, .frame = FRAME_TCP4_VLAN, CHAIN(D(2058, 0, EXTRA | BLANK), GSO(1000, 1, 0)) },
	{ 9, "qinq", V_PASS, .ok = 1, .frame = FRAME_TCP4_QINQ, CHAIN(D(2062, 0, EXTRA | BLANK), GSO(1000, 1, 0)) },
	{ 9, "three vlan tags", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4_VLAN3,
	  CHAIN(D(2066, 0, EXTRA | BLANK), GSO(1000, 1, 0)) },
	{ 9, "no more than one segment", V_PASS, .ok = 1, .frame = FRAME_TCP4,
	  CHAIN(D(154, 0, EXTRA | BLANK), GSO(1000, 1, 0)) },
	{ 9, "64 KiB of mss 7", V_DROP, "gtx_drop_gso=1", .frame = FRAME_TCP4, CHAIN(LARGEST(7)) },
	{ 9, "64 KiB of mss 8", V_PASS, .ok = 1, .frame = FRAME_TCP4, CHAIN(LARGEST(8)) },
	/* The route to 10.79.9.2 has a device without TSO: dom0's kernel segments the frame. */
	{ 9, "64 KiB of mss 8, which are cut", V_PASS, .ok = 1, .frame = FRAME_TCP4, .host = "cut",
	  PATCH({ 16, 0xff }, { 17, 0xf1 }, { 24, 0x5c }, { 25, 0x66 }, { 31, 0x4f }, { 32, 9 }, { 33, 2 }),
	  CHAIN(LARGEST(8)) },
	/* Each is copied by a call of its own, as it ends a batch; one more call is for the
	 * frame that ends a case. */
	{ 9, "five of 64 KiB of mss 8, a run each", V_PASS, "grant_calls=6", .ok = 5, .frame = FRAME_TCP4,
	  CHAIN(LARGEST(8), LARGEST(8), LARGEST(8), LARGEST(8), LARGEST(8)) },
	{ 9, "five of 64 KiB of mss 1448, together", V_PASS, "grant_calls=3", .ok = 5, .frame = FRAME_TCP4,
	  CHAIN(LARGEST(1448), LARGEST(1448), LARGEST(1448), LARGEST(1448), LARGEST(1448)) },

	{ 10, "blank checksum, unknown ethertype", V_DROP, "gtx_drop_csum=1", CHAIN(D(60, 0, BLANK)) },
	{ 10, "blank checksum, ethernet header only", V_DROP, "gtx_drop_csum=1", .frame = FRAME_TCP4,
	  CHAIN(D(14, 0, BLANK)) },
	{ 10, "blank checksum on arp", V_DROP, "gtx_drop_csum=1", .frame = FRAME_ARP, CHAIN(D(60, 0, BLANK)) },
	{ 10, "blank checksum on icmp", V_DROP, "gtx_drop_csum=1", .frame = FRAME_ICMP4, CHAIN(D(142, 0, BLANK)) },
	{ 10, "blank checksum on a first fragment", V_DROP, "gtx_drop_csum=1", .frame = FRAME_UDP4,
	  PATCH({ 20, 0x20 }), CHAIN(D(142, 0, BLANK)) },
	{ 10, "blank checksum on a later fragment", V_DROP, "gtx_drop_csum=1", .frame = FRAME_UDP4,
	  PATCH({ 21, 0x08 }), CHAIN(D(142, 0, BLANK)) },
	{ 10, "udp length lies", V_PASS, .ok = 1, .frame = FRAME_UDP4, PATCH({ 38, 0xff }), CHAIN(D(142, 0, BLANK)) },
	{ 10, "ip length lies", V_PASS, .ok = 1, .frame = FRAME_UDP4, PATCH({ 16, 0xff }), CHAIN(D(142, 0, BLANK)) },
	{ 10, "l4 header beyond the packet", V_DROP, "gtx_drop_csum=1", .frame = FRAME_TCP4, CHAIN(D(40, 0, BLANK)) },
	{ 10, "udp header cut off", V_DROP, "gtx_drop_csum=1", .frame = FRAME_UDP4, CHAIN(D(41, 0, BLANK)) },
	{ 10, "ip options beyond the packet", V_DROP, "gtx_drop_csum=1", .frame = FRAME_TCP4_OPTIONS,
	  CHAIN(D(60, 0, BLANK)) },
	{ 10, "ipv6 header cut off", V_DROP, "gtx_drop_csum=1", .frame = FRAME_TCP6, CHAIN(D(50, 0, BLANK)) },
	{ 10, "vlan tag cut off", V_DROP, "gtx_drop_csum=1", .frame = FRAME_TCP4_VLAN, CHAIN(D(16, 0, BLANK)) },
	{ 10, "blank checksum as it should be", V_PASS, .ok = 1, .frame = FRAME_UDP4, CHAIN(D(142, 0, BLANK)) },
	{ 10, "data_validated on garbage", V_PASS, .ok = 1, CHAIN(D(60, 0, NETTXF_data_validated)) },
};

const struct table table_offload = { cases, sizeof(cases) / sizeof(cases[0]) };
