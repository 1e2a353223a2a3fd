/* SPDX-License-Identifier: MIT */
/* frames.h - templates of what is sent, by either end */
#ifndef HOSTILE_FRAMES_H
#define HOSTILE_FRAMES_H

#include <stdint.h>
#include <linux/virtio_net.h>

enum frame {
	FRAME_RAW,	/* a local experimental ethertype */
	FRAME_TCP4, FRAME_TCP6, FRAME_UDP4, FRAME_ICMP4, FRAME_ARP,
	FRAME_TCP4_OPTIONS, FRAME_TCP6_HOPOPTS, FRAME_TCP4_VLAN, FRAME_TCP4_QINQ, FRAME_TCP4_VLAN3,
};

/* The offload header before a frame (docs/vnet-header.md), and what it takes in a page. */
typedef struct virtio_net_hdr_mrg_rxbuf offload_header;
#define HEADER_LEN sizeof(offload_header)

/* .header of a case: flags, GSO type and size, length of the headers, where the checksum is. */
#define HEADER(flags_, type_, size_, hdr_len_, start_, offset_, num_) \
	.header = &(const offload_header){ { (flags_), (type_), (hdr_len_), (size_), (start_), (offset_) }, (num_) }
#define HEADER_PLAIN HEADER(0, 0, 0, 0, 0, 0, 0)

/* Writes the headers to a page; the rest of the page stays as payload. */
void frame_make(uint8_t *to, enum frame kind);

/* An ARP request from guest_ip for host_ip, both in host order. */
void frame_arp(uint8_t *to, uint32_t guest_ip, uint32_t host_ip);

#endif
