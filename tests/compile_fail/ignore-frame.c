/* SPDX-License-Identifier: MIT */
/* The caller must look at whether a frame became a packet. */
/* fails: unused.result|ignoring return value */
#include "common/wire/frame.h"

enum drop test(struct pkt *p, struct tso *t, struct virtio_net_hdr *vh, const struct vnet_peer *peer, const struct iovec *iov);

enum drop test(struct pkt *p, struct tso *t, struct virtio_net_hdr *vh, const struct vnet_peer *peer, const struct iovec *iov)
{
#ifdef FAIL
	frame_to_pkt(p, t, vh, peer, iov, 1);
	return DROP_NONE;
#else
	return frame_to_pkt(p, t, vh, peer, iov, 1);
#endif
}
