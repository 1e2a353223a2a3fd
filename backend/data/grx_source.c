/* SPDX-License-Identifier: MIT */
/* grx_source.c - the next frame for the guest
 *
 * Theory of operation. With one queue it is known where a frame will lie before it is
 * read. If so many of the posted buffers are static grants that the largest frame fits,
 * a frame is read straight into the guest's pages. A response lies in its request's slot
 * and a GSO extra takes the second one. So a read leaves the second page out; grx.c moves
 * up a frame that needs no extra and reached past the first page. With an offload header
 * there is no such extra: the frame lies behind its header in one page after the other. The
 * header itself is read into private memory, and copied to the page once it is final.
 *
 * With several queues, a hash or headroom a frame is read into private memory: its queue,
 * or the number of its extras, is known only once it is read. So is one that is captured.
 *
 * Where the frontend wants headroom, each slot's data starts behind it and an extra
 * says so. It is for an XDP program, which sees one page: so large frames go in
 * segments. A frame has the headroom that was wanted when it was read.
 */
#include <string.h>

#include "common/host/tap.h"
#include "common/wire/frame.h"
#include "grx_posted.h"
#include "grx_source.h"
#include "grx_stall.h"
#include "queue_limit.h"
#include "rate.h"
#include "steer.h"

/* The buffers that the largest frame needs with its extra, or with an offload header. */
#define DIRECT_SLOTS ((PKT_LEN_MAX + XEN_PAGE - 1) / XEN_PAGE + 1)

static_assert(DIRECT_SLOTS <= POSTED_MAX, "the largest frame fits what is taken ahead");
static_assert(VNET_HDR_LEN + (DIRECT_SLOTS - 1) * XEN_PAGE == TAP_READ_MAX, "a longer frame is told apart");
static_assert(TAP_READ_MAX + XEN_PAGE <= FRAME_ROOM, "it has room behind the start of a page");

bool vif_source_has_frames(struct vif_worker *vw)
{
	return (vw->w.tap_ready && vif_rate_allows(vw, RATE_GRX)) || vw->held || vw->tso.left;
}

void vif_source_sent(struct vif_worker *vw)
{
	if (!vw->w.tap_ready)
		vw->w.tap_ready = vw->reader.limit ? taplimit_waits(&vw->reader) : taplook_answer(&vw->w.look);
}

void vif_source_begin(struct vif_worker *vw)
{
	taplimit_begin(&vw->reader);
}

void vif_source_end(struct vif_worker *vw)
{
	if (taplimit_end(&vw->reader))
		vif_queue_limit_kick(vw);
}

/* Notes a frame that was read, and decides whether to read again. Where the sums of the limit say
 * that it was the last one, a read that finds nothing is not needed, unless a queue waits for slots: only
 * an empty TAP ends that. */
static void source_took(struct vif_worker *vw, uint32_t len)
{
	taplimit_took(&vw->reader, len);
	if (!vw->reader.limit) {
		vw->w.tap_ready = taplook_again(&vw->w.look);
	} else if (!taplimit_waits(&vw->reader) && !vif_stall_waits(vw)) {
		taplimit_empty(&vw->reader);
		vw->w.tap_ready = false;
	}
}

/* Begins a packet with the result of a read. Returns false if it gave no frame. */
static bool source_got(struct vif_worker *vw, struct vif_frame *f, ssize_t got)
{
	memset(&f->pkt, 0, offsetof(struct pkt, piece));
	f->queue = NULL;
	switch (tap_outcome(got)) {
	case TAP_FRAME:
		f->pkt.len = (uint32_t)got - VNET_HDR_LEN;
		source_took(vw, f->pkt.len);
		return true;
	case TAP_DROP:
		f->pkt.drop = DROP_BOUNDS;
		return true;
	case TAP_LOST:
		worker_fault(&vw->w, "TAP lost");
		/* fall through */
	case TAP_EMPTY:
		break;
	}
	taplimit_empty(&vw->reader);
	vw->w.tap_ready = false;
	taplook_empty(&vw->w.look);
	vif_stall_end_idle(vw);
	return false;
}

/* Makes a frame for f->queue, which is body in n runs, into a packet, or begins to segment it. */
static enum drop source_classify(struct vif_frame *f, struct virtio_net_hdr_mrg_rxbuf *hdr, const struct iovec *body, unsigned int n)
{
	struct vif_queue *q = f->queue;
	struct vif_worker *vw = q->vw;
	enum drop drop;

	if (f->pkt.len >= PKT_LEN_MIN && vif_settings_filtered(vw->conn->settings, body->iov_base))
		return DROP_MCAST;
	drop = frame_to_pkt(&f->pkt, &vw->tso, &hdr->hdr, &q->conf->peer, body, n);
	/* It begins the bytes of the first slot. */
	if (f->pkt.header && drop == DROP_NONE && !vw->tso.left)
		memcpy((uint8_t *)body->iov_base - VNET_HDR_LEN, hdr, sizeof(*hdr));
	if (drop != DROP_SHORT && vif_settings_charges(vw->conn->settings, RATE_GRX))
		vif_settings_charge(vw->conn->settings, RATE_GRX, vnet_wire_len(&hdr->hdr, f->pkt.len));
	if (vw->tso.left) {
		vw->tso_queue = q;
		vw->tso_headroom = f->pkt.headroom;
	}
	return drop;
}

/* Reads one frame to grx_buf + at. Returns false if there is none. */
static bool source_read_private(struct vif_worker *vw, struct vif_frame *f, uint32_t at)
{
	struct iovec iov = { vw->grx_buf + at, TAP_READ_MAX };
	struct virtio_net_hdr_mrg_rxbuf hdr;
	struct iovec body;

	if (!source_got(vw, f, port_read(&vw->w.net, &iov, 1)))
		return false;
	if (f->pkt.drop != DROP_NONE)
		return true;
	f->direct = false;
	f->at = at;
	/* The buffer keeps a header for vif_source_split(). */
	memcpy(&hdr, vw->grx_buf + at, sizeof(hdr));
	hdr.num_buffers = 0;
	body = (struct iovec){ vw->grx_buf + at + VNET_HDR_LEN, f->pkt.len };
	f->pkt.headroom = vif_settings_headroom(vw->conn->settings);
	f->queue = vif_steer(vw, &f->pkt, body.iov_base);
	f->pkt.drop = source_classify(f, &hdr, &body, 1);
	return true;
}

/* Returns true if the largest frame would be in mapped pages entirely. With a hash or headroom
 * it returns false, as each takes one more slot. A captured frame is read once, and not from the guest's pages.
 * With an offload header the last page may be missing, of which only the longest frames need a few bytes, if there
 * is room in the buffer for such a frame. */
static bool source_reads_direct(const struct vif_queue *q, bool room)
{
	return q->nposted + (q->conf->peer.header && room) >= DIRECT_SLOTS && q->unmapped == 0 && q->conf->peer.sg &&
	       !hash_steers(&q->vw->conn->hash) && !vif_settings_headroom(q->vw->conn->settings) && !capture_on(&q->vw->w.capture);
}

/* Appends the pages of the posted buffers from first up to end to the n runs of iov, as runs of pages that lie one
 * behind the other; next is where the last of the n runs ends. Returns the number of runs. */
static unsigned int source_lay_pages(const struct vif_queue *q, struct iovec *iov, unsigned int n,
				     unsigned int first, unsigned int end, const uint8_t *next)
{
	for (unsigned int i = first; i < end; i++) {
		if (q->posted[i].page == next)
			iov[n - 1].iov_len += XEN_PAGE;
		else
			iov[n++] = (struct iovec){ q->posted[i].page, XEN_PAGE };
		next = q->posted[i].page + XEN_PAGE;
	}
	return n;
}

/* Lays iov over the page of the first posted buffer and those from the third on. Returns the number of runs. */
static unsigned int source_lay_out(const struct vif_queue *q, struct iovec *iov)
{
	iov[0] = (struct iovec){ q->posted[0].page, XEN_PAGE };
	return source_lay_pages(q, iov, 1, 2, DIRECT_SLOTS, NULL);
}

/* Lays iov over all pages from behind an offload header on. The header takes as many bytes of the last page as of
 * the first. Returns the number of runs. */
static unsigned int source_lay_out_headed(const struct vif_queue *q, struct iovec *iov)
{
	uint8_t *first = q->posted[0].page, *tail = q->vw->grx_tail;
	unsigned int n;

	iov[0] = (struct iovec){ first + VNET_HDR_LEN, XEN_PAGE - VNET_HDR_LEN };
	n = source_lay_pages(q, iov, 1, 1, DIRECT_SLOTS - 1, first + XEN_PAGE);
	if (q->nposted >= DIRECT_SLOTS)
		tail = q->posted[DIRECT_SLOTS - 1].page;
	if (tail == q->posted[DIRECT_SLOTS - 2].page + XEN_PAGE)
		iov[n - 1].iov_len += VNET_HDR_LEN;
	else
		iov[n++] = (struct iovec){ tail, VNET_HDR_LEN };
	return n;
}

/* Makes a frame that was read into n runs one at offset at of grx_buf: it needs more slots than are posted. */
static void source_gather(struct vif_queue *q, struct vif_frame *f, struct virtio_net_hdr_mrg_rxbuf *hdr,
			  const struct iovec *iov, unsigned int n, uint32_t at)
{
	struct iovec body = { q->vw->grx_buf + at + VNET_HDR_LEN, f->pkt.len };
	uint8_t *to = body.iov_base;

	for (unsigned int i = 0; i < n; to += iov[i++].iov_len)
		memcpy(to, iov[i].iov_base, iov[i].iov_len);
	f->direct = false;
	f->at = at;
	memcpy(q->vw->grx_buf + at, hdr, sizeof(*hdr));
	f->pkt.drop = source_classify(f, hdr, &body, 1);
}

/* Reads one frame into the guest's pages. Returns false if there is none. */
static bool source_read_direct(struct vif_queue *q, struct vif_frame *f, uint32_t at)
{
	struct virtio_net_hdr_mrg_rxbuf hdr = { .num_buffers = 0 };
	UNINITIALISED struct iovec iov[1 + DIRECT_SLOTS];
	unsigned int n = q->conf->peer.header ? source_lay_out_headed(q, iov + 1) : source_lay_out(q, iov + 1);

	iov[0] = (struct iovec){ &hdr, sizeof(hdr) };
	if (!source_got(q->vw, f, port_read(&q->vw->w.net, iov, n + 1)))
		return false;
	if (f->pkt.drop != DROP_NONE)
		return true;
	f->direct = true;
	f->queue = q;
	n = frame_trim(iov + 1, n, f->pkt.len);
	if (q->conf->peer.header && f->pkt.len + VNET_HDR_LEN > q->nposted * XEN_PAGE)
		source_gather(q, f, &hdr, iov + 1, n, at);
	else
		f->pkt.drop = source_classify(f, &hdr, iov + 1, n);
	return true;
}

/* Makes f the next segment, with its bytes at offset at of grx_buf. */
static void source_segment(struct vif_worker *vw, struct vif_frame *f, uint32_t at)
{
	frame_next_segment(&f->pkt, &vw->tso, vw->tso_queue->conf->peer.header ? PKT_HEADED : PKT_PLAIN,
			   vw->grx_buf + at + VNET_HDR_LEN, vw->tso_headroom);
	f->queue = vw->tso_queue;
	f->direct = false;
	f->at = at;
}

void vif_source_split(struct vif_frame *f)
{
	struct vif_worker *vw = f->queue->vw;
	struct iovec body = { vw->grx_buf + f->at + VNET_HDR_LEN, f->pkt.len };
	struct virtio_net_hdr hdr;

	memcpy(&hdr, vw->grx_buf + f->at, sizeof(hdr));
	if (tso_begin(&vw->tso, &hdr, &body, 1, XEN_PAGE - pkt_first(&f->pkt)) < 0) {
		f->pkt.drop = DROP_GSO;
		return;
	}
	vw->tso_queue = f->queue;
	vw->tso_headroom = f->pkt.headroom;
	source_segment(vw, f, f->at);
}

bool vif_source_next(struct vif_worker *vw, struct vif_frame *f, uint32_t used)
{
	bool room = used + FRAME_ROOM <= BATCH_BYTES && grant_batch_room(vw->batch) >= PKT_SLOTS_MAX;
	struct vif_queue *q = vw->queue;
	uint32_t at = vif_grx_at(&vw->conn->conf, used);
	bool direct = false;

	if (vw->held)
		return room && vif_stall_resume(vw, f);
	if (!vif_source_has_frames(vw))
		return false;
	if (vw->nqueues == 1) {
		vif_posted_refill(q);
		if (q->nposted == 0 && !vif_stall_drops(q))
			return false;
		direct = !vw->tso.left && source_reads_direct(q, room);
	}
	if (!vw->tso.left) {
		if (!direct && !room)
			return false;
		if (!(direct ? source_read_direct(q, f, at) : source_read_private(vw, f, at)))
			return false;
		if (!vw->tso.left)
			return true;
	}
	/* If there is no room for its segments, they begin the next run. */
	if (room)
		source_segment(vw, f, at);
	return room;
}
