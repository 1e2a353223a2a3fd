/* SPDX-License-Identifier: MIT */
/* abi.h - the wire structures, from Xen's and Linux's headers, and what we rely on
 *
 * A ring is one page, shared by granting it:
 *
 *   offset 0   req_prod   written by the frontend, requests published so far
 *          4   req_event  written by the backend, "signal me at this request"
 *          8   rsp_prod   written by the backend, responses published so far
 *         12   rsp_event  written by the frontend, "signal me at this response"
 *         64   256 slots of 12 bytes (gtx) or 8 bytes (grx); control 128 of 16
 *
 * All words are little endian, as the host is. Indices are free-running and are
 * taken modulo the number of slots. A response lies in the slot of its request.
 */
#ifndef NETPAIR_ABI_H
#define NETPAIR_ABI_H

#if !defined(__XEN_INTERFACE_VERSION__)
#error "compile with -D__XEN_INTERFACE_VERSION__ (see Makefile): ring.h needs it"
#endif

#include <errno.h>	/* xs_wire.h names errors if it is there */
#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/netif.h>
#include <xen/io/xenbus.h>
#include <xen/io/xs_wire.h>
#include <linux/virtio_net.h>

#include "util.h"

/* Slots in the one page of a gtx or grx ring. */
#define RING_SLOTS 256u

/* The slots of a packet. netif.h requires that a backend accepts PKT_SLOTS_MAX. Like
 * Linux we drop a packet of more, and treat one of more than PKT_SLOTS_FATAL as a
 * fault of the ring. */
#define PKT_SLOTS_MAX XEN_NETIF_NR_SLOTS_MIN
#define PKT_SLOTS_FATAL 20u

/* Bytes of the largest frame that a slot chain can hold, and of the smallest: an
 * Ethernet header. */
#define PKT_LEN_MAX XEN_NETIF_MAX_TX_SIZE
#define PKT_LEN_MIN 14u

/* The smallest payload of a segment, in bytes: the smallest MSS that Linux sends
 * with, 48, less 40 bytes of TCP options (TCP_MIN_GSO_SIZE in include/net/tcp.h).
 * With less, one packet could become tens of thousands of frames. */
#define PKT_GSO_SIZE_MIN 8u

/* Linux's netif.h has a fifth extra, XDP, that Xen's netif.h lacks, and Linux's is no
 * user space header. Its first 16 bits are the number of bytes left free in front
 * of the data, for an XDP program. Linux asks for at most PKT_HEADROOM_MAX. */
#define PKT_EXTRA_XDP 5u
#define PKT_HEADROOM_MAX 256u

/* The header in front of each TAP frame: virtio_net_hdr with num_buffers. */
#define VNET_HDR_LEN sizeof(struct virtio_net_hdr_mrg_rxbuf)

static_assert(sizeof(struct xsd_sockmsg) == 16, "the head of a message of xenstored");
static_assert(sizeof(struct netif_tx_request) == 12, "gtx request");
static_assert(sizeof(struct netif_tx_response) == 4, "gtx response");
static_assert(sizeof(struct netif_rx_request) == 8, "grx request");
static_assert(sizeof(struct netif_rx_response) == 8, "grx response");
static_assert(sizeof(struct netif_extra_info) == 8, "extra info");
static_assert(offsetof(struct netif_tx_sring, ring) == 64, "gtx slots");
static_assert(offsetof(struct netif_rx_sring, ring) == 64, "grx slots");
static_assert(sizeof(union netif_tx_sring_entry) * RING_SLOTS <= XEN_PAGE - 64, "gtx fits");
static_assert(sizeof(union netif_rx_sring_entry) * RING_SLOTS <= XEN_PAGE - 64, "grx fits");
static_assert(PKT_EXTRA_XDP == XEN_NETIF_EXTRA_TYPE_MAX, "Xen has no fifth extra");
static_assert(PKT_SLOTS_MAX == 18, "netif.h's least number of slots");
static_assert(VNET_HDR_LEN == 12, "TAP header");

#endif
