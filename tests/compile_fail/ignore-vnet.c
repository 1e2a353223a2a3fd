/* SPDX-License-Identifier: MIT */
/* headers that do not bear the offload are a drop */
/* fails: unused.result|ignoring return value */
#include "common/wire/offload.h"

enum vnet_result test(struct virtio_net_hdr *v, const struct pkt *p, uint8_t *h, size_t n);

enum vnet_result test(struct virtio_net_hdr *v, const struct pkt *p, uint8_t *h, size_t n)
{
#ifdef FAIL
	vnet_from_pkt(v, p, h, n);
	return VNET_OK;
#else
	return vnet_from_pkt(v, p, h, n);
#endif
}
