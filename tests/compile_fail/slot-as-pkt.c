/* SPDX-License-Identifier: MIT */
/* An unchecked slot is not a checked packet. */
/* fails: incompatible pointer type|incompatible pointer types|passing argument|incompatible type */
#include "common/wire/offload.h"

enum drop test(struct virtio_net_hdr *v, const struct pkt *p, const struct gtx_slot *s, uint8_t *h, size_t n);

enum drop test(struct virtio_net_hdr *v, const struct pkt *p, const struct gtx_slot *s, uint8_t *h, size_t n)
{
#ifdef FAIL
	return vnet_from_pkt(v, s, h, n);
#else
	return vnet_from_pkt(v, p, h, n);
#endif
}
