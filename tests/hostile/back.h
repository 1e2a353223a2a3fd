/* SPDX-License-Identifier: MIT */
/* back.h - a scripted backend: acts as a hostile driver domain against a frontend
 *
 * The counterpart of front.h: it writes raw rings and has none of the daemons' checks.
 * It sends from the guest's network namespace ($HOSTILE_NETNS) to have the
 * daemon under test use its gtx ring, and has the hook attach and detach the
 * interface, so that each case starts with a new one.
 */
#ifndef HOSTILE_BACK_H
#define HOSTILE_BACK_H

#include <xenevtchn.h>
#include <xengnttab.h>
#include <xen/xen.h>
#include <xen/io/netif.h>

#include "frames.h"
#include "hostile.h"

#define MORE NETRXF_more_data
#define EXTRA NETRXF_extra_info
#define BLANK (NETRXF_csum_blank | NETRXF_data_validated)

enum rsp_kind { RSP_END, RSP_DATA, RSP_EXTRA };

/* A response, or a run of n. */
struct rsp {
	uint8_t kind;
	uint16_t n;
	int16_t status;
	uint16_t offset, flags;
	uint16_t id_off;	/* added to the correct id */
	uint8_t x[8];
};

#define RN(n_, status_, offset_, flags_) \
	{ .kind = RSP_DATA, .n = (n_), .status = (status_), .offset = (offset_), .flags = (flags_) }
#define R(status_, offset_, flags_) RN(1, status_, offset_, flags_)
#define RID(id_off_, status_) { .kind = RSP_DATA, .n = 1, .status = (status_), .id_off = (id_off_) }
#define XN(n_, ...) { .kind = RSP_EXTRA, .n = (n_), .x = { __VA_ARGS__ } }
#define X(...) XN(1, __VA_ARGS__)
#define GSO(mss_, type_, feat_) \
	X(XEN_NETIF_EXTRA_TYPE_GSO, 0, (mss_) & 0xff, (mss_) >> 8, type_, 0, (feat_) & 0xff, (feat_) >> 8)
#define CHAIN(...) .rsps = (const struct rsp[]){ __VA_ARGS__, { .kind = RSP_END } }

struct back;

struct bcase {
	uint8_t group;
	const char *name;
	enum verdict verdict;
	const char *want;
	unsigned int ok;		/* packets delivered besides the probes */
	enum frame frame;
	const struct rsp *rsps;		/* answered on grx once connected; or */
	void (*run)(struct back *b);	/* done once connected; or */
	void (*script)(struct back *b);	/* instead of connecting */
	const struct key *keys;		/* in place of an honest backend's */
	const offload_header *header;	/* agreed: before the frame, which is at byte 12 of its page; NULL: not agreed */
	bool raced;			/* the counters depend on timing */
	const char *fault;		/* xensim fault rule for the guest's domain during the case */
};

struct back {
	struct xs_handle *xs;
	xengnttab_handle *tab;
	xenevtchn_handle *evt;
	uint32_t domid, guest, devid;
	char fe[64], be[80], nic[16];
	struct logfile log;
	int packet_fd, ifindex;		/* in the guest's namespace */
	/* per connection */
	const struct bcase *c;
	netif_tx_sring_t *gtx;
	netif_rx_sring_t *grx;
	netif_tx_sring_t *gtx1;		/* of its second queue; NULL: it has one */
	netif_rx_sring_t *grx1;
	xen_netif_ctrl_sring_t *ctrl;	/* NULL: the frontend has none */
	uint64_t *mask;			/* the page of the event mask; NULL: channels */
	uint8_t *bufs;			/* the guest's receive pages, by slot modulo nbufs */
	unsigned int nbufs;
	evtchn_port_t gtx_port, grx_port, ctrl_port, port1;
	uint32_t gtx_rsp, grx_rsp, ctrl_rsp;	/* answered */
	unsigned int sent;		/* frames that must count as delivered */
	bool connected;
	uint32_t seed;
	struct trouble t;
};

/* back.c: the peer's set-up */
bool back_open(struct back *b, uint32_t guest, uint32_t devid, const char *netns);
void back_close(struct back *b);
void back_attach(struct back *b);		/* a new interface for the guest */
void back_detach(struct back *b);
void back_offer(struct back *b);		/* the keys, and InitWait */
bool back_connect(struct back *b);		/* from there to Connected on both ends */
void back_disconnect(struct back *b);
bool back_map(struct back *b);			/* what the frontend has written */
void back_unmap(struct back *b);
void back_state(struct back *b, const char *state);
int back_wait_front(struct back *b, unsigned int mask);

/* The words of the event mask, and bits (docs/event-mask.md). */
#define TO_BACKEND 0
#define TO_FRONTEND 8
#define AWAKE (UINT64_C(1) << 63)
#define GTX_BIT UINT64_C(2)
#define GRX_BIT UINT64_C(4)

/* cases-back-ctrl.c: the n-th message of the frontend, and answers to messages */
struct xen_netif_ctrl_request ctrl_message(struct back *b, uint32_t n);
void ctrl_answer(struct back *b, uint16_t id, uint16_t type, uint32_t status, uint32_t data);

/* back-ring.c */
void frame_put(struct back *b, unsigned int buf, const offload_header *h, enum frame kind);	/* in that page */
void front_kick(struct back *b, evtchn_port_t port, uint64_t bit);	/* the bit only if there is a mask */
void rsps_put(struct back *b, const struct rsp *r);
void grx_push(struct back *b);
bool grx_reposted(struct back *b);		/* the frontend has posted all buffers again */
void gtx_answer(struct back *b, uint16_t id, int16_t status);
void gtx_push(struct back *b);
uint16_t gtx_id(struct back *b, uint32_t at);
uint32_t grx_ref(struct back *b, uint32_t at);
void guest_send(struct back *b, unsigned int n, unsigned int size);
bool gtx_wait(struct back *b, uint32_t n);	/* n requests since the start */
void gtx_answer_all(struct back *b);
void probe(struct back *b);

struct btable { const struct bcase *cases; unsigned int n; };
extern const struct btable table_back_ring, table_back_rx, table_back_header, table_back_store, table_back_ctrl,
	table_back_queues, table_back_rss, table_back_hash, table_back_mcast, table_back_held;

#endif
