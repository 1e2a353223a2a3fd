/* SPDX-License-Identifier: MIT */
/* cases-back-rx.c - bad frames from a backend: group 18 */
#include "back.h"

/* A frame with a GSO extra: the TCP frame of frames.c. */
#define SEGMENT(mss_, type_, feat_) CHAIN(R(2054, 0, EXTRA | BLANK), GSO(mss_, type_, feat_))

static const struct bcase cases[] = {
	{ 18, "status 4096", V_PASS, .ok = 1, CHAIN(R(4096, 0, 0)) },
	{ 18, "status 4097", V_DROP, "grx_drop_bounds=1", CHAIN(R(4097, 0, 0)) },
	{ 18, "status 32767", V_DROP, "grx_drop_bounds=1", CHAIN(R(32767, 0, 0)) },
	{ 18, "offset + status 4096", V_PASS, .ok = 1, CHAIN(R(60, 4036, 0)) },
	{ 18, "offset + status 4097", V_DROP, "grx_drop_bounds=1", CHAIN(R(60, 4037, 0)) },
	{ 18, "offset 65535", V_DROP, "grx_drop_bounds=1", CHAIN(R(60, 65535, 0)) },
	{ 18, "offset 65535, status 32767", V_DROP, "grx_drop_bounds=1", CHAIN(R(32767, 65535, 0)) },
	{ 18, "status 0", V_DROP, "grx_drop_short=1", CHAIN(R(0, 0, 0)) },
	{ 18, "status 13", V_DROP, "grx_drop_short=1", CHAIN(R(13, 0, 0)) },
	{ 18, "status -1", V_DROP, "grx_drop_peer=1", CHAIN(R(-1, 0, 0)) },
	{ 18, "status -2", V_DROP, "grx_drop_peer=1", CHAIN(R(-2, 0, 0)) },
	{ 18, "status -32768", V_DROP, "grx_drop_peer=1", CHAIN(R(-32768, 0, 0)) },
	{ 18, "more_data without end", V_DROP, "grx_drop_peer=1", CHAIN(R(60, 0, MORE)) },
	{ 18, "more_data to the end of the ring", V_DROP, "grx_drop_slots=1", CHAIN(RN(256, 60, 0, MORE)) },
	{ 18, "an error in the middle", V_DROP, "grx_drop_peer=1", CHAIN(R(60, 0, MORE), R(-1, 0, MORE), R(60, 0, 0)) },
	{ 18, "second fragment leaves its page", V_DROP, "grx_drop_bounds=1", CHAIN(R(60, 0, MORE), R(60, 4090, 0)) },
	{ 18, "empty fragments", V_PASS, .ok = 1, CHAIN(R(60, 0, MORE), RN(3, 0, 0, MORE), R(60, 0, 0)) },
	{ 18, "18 fragments", V_PASS, .ok = 1, CHAIN(RN(17, 60, 0, MORE), R(60, 0, 0)) },
	{ 18, "19 fragments", V_DROP, "grx_drop_slots=1", CHAIN(RN(18, 60, 0, MORE), R(60, 0, 0)) },
	{ 18, "200 fragments", V_DROP, "grx_drop_slots=1", CHAIN(RN(199, 60, 0, MORE), R(60, 0, 0)) },
	{ 18, "more than 65535 bytes", V_DROP, "grx_drop_bounds=1", CHAIN(RN(16, 4096, 0, MORE), R(60, 0, 0)) },
	{ 18, "16 full pages", V_DROP, "grx_drop_bounds=1", CHAIN(RN(15, 4096, 0, MORE), R(4096, 0, 0)) },
	{ 18, "as much as there can be", V_PASS, .ok = 1, CHAIN(RN(15, 4096, 0, MORE), R(4095, 0, 0)) },
	{ 18, "a bad frame between good ones", V_DROP, "grx_drop_bounds=1", .ok = 2,
	  CHAIN(R(60, 0, 0), R(4097, 0, 0), R(60, 0, 0)) },
	{ 18, "256 bad frames", V_DROP, "grx_drop_bounds=256", CHAIN(RN(256, 60, 4090, 0)) },

	{ 18, "extra_info without an extra", V_DROP, "grx_drop_extra=1", CHAIN(R(60, 0, EXTRA)) },
	{ 18, "extras to the end of the ring", V_DROP, "grx_drop_extra=1", CHAIN(R(60, 0, EXTRA), XN(255, 1, 1, 100, 0, 1)) },
	{ 18, "no data, extras only", V_DROP, "grx_drop_short=1", CHAIN(R(0, 0, EXTRA), GSO(1000, 1, 0)) },
	{ 18, "extra type 0", V_DROP, "grx_drop_extra=1", CHAIN(R(60, 0, EXTRA), X(0)) },
	{ 18, "mcast extra", V_DROP, "grx_drop_extra=1", CHAIN(R(60, 0, EXTRA), X(2, 0, 1, 0, 0x5e)) },
	{ 18, "hash unasked", V_DROP, "grx_drop_extra=1", CHAIN(R(60, 0, EXTRA), X(4, 0, 0, 1, 1, 2, 3, 4)) },
	{ 18, "xdp headroom unasked", V_DROP, "grx_drop_extra=1", CHAIN(R(60, 0, EXTRA), X(5, 0, 0, 1)) },
	{ 18, "extra type 255", V_DROP, "grx_drop_extra=1", CHAIN(R(60, 0, EXTRA), X(255, 0)) },
	{ 18, "unknown flag in an extra", V_DROP, "grx_drop_extra=1", CHAIN(R(60, 0, EXTRA), X(1, 2, 100, 0, 1)) },
	{ 18, "gso_prefix", V_PASS, .ok = 1, CHAIN(R(60, 0, NETRXF_gso_prefix)) },

	{ 18, "gso as it should be", V_PASS, .ok = 1, .frame = FRAME_TCP4, SEGMENT(1000, 1, 0) },
	{ 18, "mss 0", V_DROP, "grx_drop_gso=1", .frame = FRAME_TCP4, SEGMENT(0, 1, 0) },
	{ 18, "mss 1", V_DROP, "grx_drop_gso=1", .frame = FRAME_TCP4, SEGMENT(1, 1, 0) },
	{ 18, "mss 7", V_DROP, "grx_drop_gso=1", .frame = FRAME_TCP4, SEGMENT(7, 1, 0) },
	{ 18, "mss 8", V_PASS, .ok = 1, .frame = FRAME_TCP4, SEGMENT(8, 1, 0) },
	{ 18, "gso type 3", V_DROP, "grx_drop_gso=1", .frame = FRAME_TCP4, SEGMENT(1000, 3, 0) },
	{ 18, "gso features", V_DROP, "grx_drop_gso=1", .frame = FRAME_TCP4, SEGMENT(1000, 1, 0x8000) },
	{ 18, "gso of the other ip version", V_DROP, "grx_drop_gso=1", .frame = FRAME_TCP4, SEGMENT(1000, 2, 0) },
	{ 18, "gso on udp", V_DROP, "grx_drop_gso=1", .frame = FRAME_UDP4, SEGMENT(1000, 1, 0) },
	{ 18, "gso on an unknown ethertype", V_DROP, "grx_drop_gso=1", SEGMENT(1000, 1, 0) },
	{ 18, "blank checksum, unknown ethertype", V_DROP, "grx_drop_csum=1", CHAIN(R(60, 0, BLANK)) },
	{ 18, "blank checksum, header cut off", V_DROP, "grx_drop_csum=1", .frame = FRAME_TCP4, CHAIN(R(40, 0, BLANK)) },
	{ 18, "every flag", V_DROP, "grx_drop_extra=1", .frame = FRAME_TCP4, CHAIN(R(60, 0, 0xffff)) },
};

const struct btable table_back_rx = { cases, sizeof(cases) / sizeof(cases[0]) };
