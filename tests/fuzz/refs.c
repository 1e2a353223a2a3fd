/* SPDX-License-Identifier: MIT */
/* refs.c - checks the grefs and ports of an accepted configuration */
#include "refs.h"

#include "fuzz.h"

#include "backend/control/vif_conf.h"

void refs_check(const struct vif_conf *c)
{
	uint32_t refs[2 * VIF_QUEUES_MAX + 2], ports[2 * VIF_QUEUES_MAX + 2];
	unsigned int nrefs = 0, nports = 0;

	for (unsigned int q = 0; q < c->queues; q++) {
		refs[nrefs++] = c->queue[q].gtx_ref.raw;
		refs[nrefs++] = c->queue[q].grx_ref.raw;
		if (c->mask)
			continue;
		ports[nports++] = c->queue[q].gtx_port.raw;
		if (c->queue[q].grx_port.raw != c->queue[q].gtx_port.raw)
			ports[nports++] = c->queue[q].grx_port.raw;
	}
	if (c->ctrl)
		refs[nrefs++] = c->ctrl_ref.raw;
	if (c->mask)
		refs[nrefs++] = c->mask_ref.raw;
	if (c->mask || c->ctrl)
		ports[nports++] = c->mask ? c->mask_port.raw : c->ctrl_port.raw;
	for (unsigned int i = 0; i < nrefs; i++)
		for (unsigned int j = 0; j < i; j++)
			PROMISE(refs[i] != refs[j]);
	for (unsigned int i = 0; i < nports; i++) {
		PROMISE(ports[i] != 0);
		for (unsigned int j = 0; j < i; j++)
			PROMISE(ports[i] != ports[j]);
	}
}
