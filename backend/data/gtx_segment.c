/* SPDX-License-Identifier: MIT */
/* gtx_segment.c - software segmentation towards the device, for gtx_segment.h */
#include <errno.h>
#include <sys/mman.h>

#include "common/wire/frame.h"
#include "common/wire/vnethdr.h"
#include "gtx_segment.h"

/* #syscalls munmap */
/* #syscalls-some mmap */

/* The frame, then a segment with its header. */
#define SEGMENT_AT PKT_LEN_MAX
#define SEGMENT_BUFFER (SEGMENT_AT + VNET_HDR_LEN + PKT_LEN_MAX)

int vif_gtx_segment_init(struct vif_worker *vw)
{
	const struct vif_conf *conf = &vw->conn->conf;
	void *p;

	if (!(conf->header & ~conf->device))
		return 0;
	p = mmap(NULL, SEGMENT_BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	vw->gtx_tso.frame = p;
	return 0;
}

void vif_gtx_segment_exit(struct vif_worker *vw)
{
	if (vw->gtx_tso.frame)
		munmap(vw->gtx_tso.frame, SEGMENT_BUFFER);
}

bool vif_gtx_segment_needs(const struct vif_worker *vw, const struct virtio_net_hdr *vh)
{
	return vh->gso_type != VIRTIO_NET_HDR_GSO_NONE && vw->gtx_tso.frame &&
	       !(vw->conn->conf.device & vnethdr_gso_bit(vh->gso_type));
}

enum drop vif_gtx_segment(struct vif_worker *vw, struct vif_frame *f, unsigned int n)
{
	struct virtio_net_hdr_mrg_rxbuf *hdr = f->iov[0].iov_base;
	struct tso *tso = &vw->gtx_tso;
	uint8_t *out = tso->frame + SEGMENT_AT;
	struct net_port *net = &vw->w.net;
	struct pkt segment;
	struct iovec iov;
	ssize_t put;

	port_write(net);
	f->iov[0].iov_base = (uint8_t *)hdr + VNET_HDR_LEN;
	f->iov[0].iov_len -= VNET_HDR_LEN;
	if (tso_begin(tso, &hdr->hdr, f->iov, n, PKT_LEN_MAX) < 0)
		return DROP_GSO;
	f->put = 0;
	while (tso->left) {
		frame_next_segment(&segment, tso, PKT_HEADED, out + VNET_HDR_LEN, 0);
		iov = (struct iovec){ out, VNET_HDR_LEN + segment.len };
		burst_add(&net->burst, &iov, 1, &put);
		port_write(net);
		if (put < 0)
			f->put = put;
	}
	return DROP_NONE;
}
