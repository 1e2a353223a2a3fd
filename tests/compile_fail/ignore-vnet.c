/* SPDX-License-Identifier: MIT */
/* The caller must look at whether the headers allow the offload: the packet is dropped otherwise. */
/* fails: unused.result|ignoring return value */
#include "common/wire/offload.h"

enum drop test(struct virtio_net_hdr *v, const struct pkt *p, uint8_t *h, size_t n);

enum drop test(struct virtio_net_hdr *v, const struct pkt *p, uint8_t *h, size_t n)
{
#ifdef FAIL
	vnet_from_pkt(v, p, h, n);
	return DROP_NONE;
#else
	return vnet_from_pkt(v, p, h, n);
#endif
}
