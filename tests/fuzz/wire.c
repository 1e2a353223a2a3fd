/* SPDX-License-Identifier: MIT */
/* wire.c - the socket pair of wire.h */
#include "wire.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "input.h"

#include "common/wire/pkt.h"

int wire_tap = -1, wire_control = -1;
uint64_t wire_frames;
static int tap_far = -1;

void wire_open(void)
{
	int ends[2];

	PROMISE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
	wire_tap = ends[0], tap_far = ends[1];
	wire_control = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void wire_close(void)
{
	close(wire_tap);
	close(tap_far);
	close(wire_control);
}

void wire_drain(void)
{
	static uint8_t frame[70000];
	ssize_t got;

	while ((got = recv(tap_far, frame, sizeof(frame), MSG_DONTWAIT)) > 0) {
		PROMISE((size_t)got >= VNET_HDR_LEN + PKT_LEN_MIN && (size_t)got <= VNET_HDR_LEN + PKT_LEN_MAX);
		wire_frames++;
	}
}

uint32_t wire_send(struct virtio_net_hdr *out)
{
	static uint8_t frame[VNET_HDR_LEN + 66000];
	struct virtio_net_hdr_mrg_rxbuf hdr = { .hdr = { .hdr_len = 54 } };
	uint32_t len = 1 + eat16(&input, &input_left);
	uint8_t kind = eat8(&input, &input_left);

	memset(frame, 0, 128);
	eat(frame + VNET_HDR_LEN, 54, &input, &input_left);
	if (kind & 1) {
		frame[VNET_HDR_LEN + 12] = 8, frame[VNET_HDR_LEN + 13] = 0;
		frame[VNET_HDR_LEN + 14] = 0x45, frame[VNET_HDR_LEN + 23] = 6;
		frame[VNET_HDR_LEN + 46] = 0x50;
	}
	if (kind & 2)
		hdr.hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, hdr.hdr.csum_start = 34, hdr.hdr.csum_offset = 16;
	if (kind & 4)
		hdr.hdr.gso_type = kind & 8 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4, hdr.hdr.gso_size = 1448;
	if (kind & 16)
		eat(&hdr.hdr, sizeof(hdr.hdr), &input, &input_left);
	memcpy(frame, &hdr, sizeof(hdr));
	*out = hdr.hdr;
	if (send(tap_far, frame, VNET_HDR_LEN + len, MSG_DONTWAIT) > 0)
		return len;
	PROMISE(errno == EAGAIN || errno == ENOBUFS || errno == EMSGSIZE);
	return 0;
}
