/* SPDX-License-Identifier: MIT */
/* offers.c - what --without leaves out of the offload header's mask, for offers.h */
#include "common/wire/vnethdr.h"
#include "offers.h"

uint32_t offers_header(uint32_t without, uint32_t device)
{
	uint32_t mask = device;

	/* One bit is for both IP versions. */
	if (without & (OFFER_HEADER | OFFER_CSUM4 | OFFER_CSUM6))
		return 0;
	if (without & (OFFER_SG | OFFER_GSO4))
		mask &= ~VNETHDR_TSO4;
	if (without & (OFFER_SG | OFFER_GSO6))
		mask &= ~VNETHDR_TSO6;
	if (without & (OFFER_SG | OFFER_USO))
		mask &= ~VNETHDR_USO;
	return vnethdr_usable(mask);
}
