/* SPDX-License-Identifier: MIT */
/* front.h - a scripted frontend: acts as the guest against a backend, with none of the daemons' checks
 *
 * It writes what a case says to the ring page, with the structures of Xen's
 * headers. It needs libxenstore, libxengnttab and libxenevtchn only
 * and so runs on xensim as well as in a real guest.
 *
 * Guarded memory. The data pages are granted read-only and must not change. Of
 * the receive buffers only the bytes that a response names may change, and none
 * of a buffer that was never posted. Of the ring pages only the words and slots
 * that the backend writes may change.
 */
#ifndef HOSTILE_FRONT_H
#define HOSTILE_FRONT_H

#include <xenevtchn.h>
#include <xengnttab.h>
#include <xen/xen.h>
#include <xen/io/netif.h>

#include "frames.h"
#include "hostile.h"

#define NDATA 4u	/* pages to send from, read-only */
#define NBUF 272u	/* pages to receive into; the last ones are never posted as such */
#define NPOST 256u

#define MORE NETTXF_more_data
#define EXTRA NETTXF_extra_info
#define BLANK (NETTXF_csum_blank | NETTXF_data_validated)

/* Which grant a slot names. */
enum ref {
	REF_DATA,	/* the first data page, where the frame is */
	REF_ZERO, REF_HUGE, REF_BEYOND,
	REF_FOREIGN,	/* granted to another domain than the backend's */
	REF_ENDED,	/* a grant taken back */
	REF_RING,	/* the gtx ring's own page */
	REF_BUF,	/* a receive buffer */
	REF_MAX,
};

enum slot_kind { SLOT_END, SLOT_DATA, SLOT_EXTRA };

/* One slot, or a run of n whose offset grows by step. */
struct slot {
	uint8_t kind, ref, step;
	uint16_t n, size, offset, flags;
	uint8_t x[8];		/* an extra's bytes: type, flags, body */
};

#define DN(n_, size_, offset_, step_, flags_) \
	{ .kind = SLOT_DATA, .n = (n_), .size = (size_), .offset = (offset_), .step = (step_), .flags = (flags_) }
#define D(size_, offset_, flags_) DN(1, size_, offset_, 0, flags_)
#define DREF(ref_, size_, flags_) \
	{ .kind = SLOT_DATA, .n = 1, .ref = (ref_), .size = (size_), .flags = (flags_) }
#define XN(n_, ...) { .kind = SLOT_EXTRA, .n = (n_), .x = { __VA_ARGS__ } }
#define X(...) XN(1, __VA_ARGS__)
/* A GSO extra: MSS, type, features. */
#define GSO(mss_, type_, feat_) \
	X(XEN_NETIF_EXTRA_TYPE_GSO, 0, (mss_) & 0xff, (mss_) >> 8, type_, 0, (feat_) & 0xff, (feat_) >> 8)
#define CHAIN(...) .slots = (const struct slot[]){ __VA_ARGS__, { .kind = SLOT_END } }

/* A byte that differs from the template. */
struct patch { uint16_t at; uint8_t value; };
#define PATCH(...) .patch = (const struct patch[]){ __VA_ARGS__, { 0, 0 } }

struct front;

struct fcase {
	uint8_t group;
	const char *name;
	enum verdict verdict;
	const char *want;		/* counters or reason; NULL: none */
	unsigned int ok;		/* packets delivered besides those known to be good */
	enum frame frame;
	const struct patch *patch;
	const struct slot *slots;	/* sent once connected; or */
	void (*run)(struct front *f);	/* done once connected */
	void (*before)(struct front *f);	/* done before the keys are written */
	const struct key *keys;		/* in place of a correct frontend's */
	const offload_header *header;	/* agreed: before the frame, which is at byte 12 of its page; NULL: not agreed */
	uint32_t gtx_start, grx_start;	/* where the rings' indices begin */
	const char *host;		/* words for the hook, before and after */
	bool telling;			/* one of those worth running on a real Xen */
	bool ctrl;			/* with a control ring */
	bool two;			/* with two queues */
	bool mask;			/* with an event mask (docs/event-mask.md) */
	bool wild;			/* the peer writes guarded memory itself */
	bool driver;			/* only where the backend is not dom0, which may read everything */
	bool uso;			/* only where the backend takes UDP segmentation */
	bool raced;			/* the responses' statuses depend on timing */
};

struct ring_end { uint32_t req, rsp; };		/* published; known answered */

/* The members that each queue has. */
#define QUEUE_FIELDS \
	netif_tx_sring_t *gtx; \
	netif_rx_sring_t *grx; \
	uint32_t gtx_ref, grx_ref; \
	unsigned int nth; \
	evtchn_port_t port; \
	struct ring_end g, r; \
	uint16_t id[SLOTS];		/* of the gtx request in each slot */ \
	bool is_extra[SLOTS]; \
	int16_t page[SLOTS];		/* buf page in each grx slot; -1: another's */

struct fqueue { QUEUE_FIELDS };

struct front {
	/* once per program */
	struct xs_handle *xs;
	xengntshr_handle *shr;
	xenevtchn_handle *evt;
	uint32_t domid, back, devid;
	char fe[64], be[256], name[24];
	uint32_t host_ip, guest_ip;	/* for ARP, host order */
	struct logfile log;
	int host_fd;			/* a socket of the host's; -1: none */
	/* The queue that is written to, and the other one, if there are two: front_swap(). */
	union {
		struct fqueue now;
		struct { QUEUE_FIELDS };
	};
	struct fqueue other;
	xen_netif_ctrl_sring_t *ctrl;
	struct xen_netif_gref *list;	/* a page of them */
	uint64_t *mask;			/* the page of the event mask */
	uint32_t ctrl_ref, list_ref, mask_ref, foreign_ref, ended_ref;
	uint8_t *data, *buf, *guard;	/* guard: a copy of data as it was */
	uint32_t data_ref[NDATA], buf_ref[NBUF];
	/* per connection */
	const struct fcase *c;
	evtchn_port_t ctrl_port;
	evtchn_port_t other_port;	/* open to another domain */
	struct ring_end m;		/* messages */
	unsigned int sent;		/* packets that must count as delivered */
	uint16_t next_id;
	bool connected;
	uint32_t seed;
	struct trouble t;
};

/* front.c: the peer's set-up */
bool front_open(struct front *f, uint32_t devid);
bool front_new_gtx_page(struct front *f);	/* takes the ring's page back and grants another */
void front_close(struct front *f);
void front_swap(struct front *f);		/* the other queue, from now on */
/* Waits for the host's device to have a carrier, which follows the backend's Connected.
 * Until then the host's kernel drops what it would send. */
void front_wait_host(struct front *f);
bool front_connect(struct front *f);		/* up to the backend's Connected */
void front_wait_refused(struct front *f);
void front_disconnect(struct front *f, bool politely);
uint32_t front_value(struct front *f, const char *name, bool *known);

/* The words of the event mask, and a ring's bit (docs/event-mask.md). */
#define TO_BACKEND 0
#define TO_FRONTEND 8
#define AWAKE (UINT64_C(1) << 63)
#define GTX_BIT(f_) (UINT64_C(2) << (2 * (f_)->nth))
#define GRX_BIT(f_) (UINT64_C(4) << (2 * (f_)->nth))

/* ring.c: the rings, raw */
void bit_set(struct front *f, uint64_t bit);	/* if there is a mask */
void rings_format(struct front *f);
void slot_put(struct front *f, uint32_t gref, uint16_t offset, uint16_t flags, uint16_t id, uint16_t size);
void extra_put(struct front *f, const uint8_t *x);
void buf_put(struct front *f, uint32_t gref, int page);
void bufs_post(struct front *f, unsigned int first, unsigned int n);
void gtx_push(struct front *f);			/* publish and notify */
void grx_push(struct front *f);
void chain_put(struct front *f, const struct slot *s);
bool gtx_settle(struct front *f, unsigned int ms);	/* all answered */

/* Registers all pages for packets, and all buffers, as static grants. */
void map_all(struct front *f);

/* For 60 ms puts packets, with all pages mapped, while another thread rewrites their bytes over and over. */
void gtx_put_rewritten(struct front *f, void (*rewrite)(void *), void (*put)(struct front *));
unsigned int grx_wait(struct front *f, unsigned int n, unsigned int ms);
void gtx_check(struct front *f, int16_t status);
void good_put(struct front *f);			/* a packet that must pass */
void probe(struct front *f);
void arp_put(struct front *f, unsigned int n);	/* ARP requests, sent */
void arp(struct front *f, unsigned int n);	/* the same, and waits until they are taken; the host replies to each */
uint32_t ref_of(struct front *f, enum ref r);
void guards_set(struct front *f);
void guards_check(struct front *f);

/* ctrl.c: the control ring, raw */
struct answer { uint32_t status, data; };
void msg_put(struct front *f, uint16_t id, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2);
void msg_push(struct front *f);
bool msg_settle(struct front *f, unsigned int ms);
struct answer msg_call(struct front *f, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2);
void msg_want(struct front *f, const char *what, uint32_t status, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2);

/* the tables */
struct table { const struct fcase *cases; unsigned int n; };
extern const struct table table_ring, table_tx, table_offload, table_race, table_rx, table_store, table_ctrl,
	table_gref, table_mapped, table_queues, table_mask, table_hash, table_xdp, table_header, table_load, table_held;

#endif
