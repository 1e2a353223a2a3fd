/* SPDX-License-Identifier: MIT */
/* grx_posted.c - the guest's receive buffers that are taken off the ring ahead of frames */
#include <string.h>

#include "grx_posted.h"

void vif_posted_refill(struct vif_queue *q)
{
	struct gref gref;

	while (q->nposted < POSTED_MAX && grx_back_take(&q->grx, &gref)) {
		struct posted *p = &q->posted[q->nposted++];

		*p = (struct posted){ gref, gref_map_write(q->gref_map, gref) };
		q->unmapped += !p->page;
	}
}

void vif_posted_spend(struct vif_queue *q, unsigned int n)
{
	for (unsigned int i = 0; i < n && q->unmapped; i++)
		q->unmapped -= !q->posted[i].page;
	q->nposted -= n;
	memmove(q->posted, q->posted + n, q->nposted * sizeof(q->posted[0]));
}

unsigned int vif_posted_slots(const struct vif_queue *q)
{
	return q->nposted + grx_back_left(&q->grx);
}

unsigned int vif_posted_list(const struct vif_queue *q, struct gref *out)
{
	for (unsigned int i = 0; i < q->nposted; i++)
		out[i] = q->posted[i].gref;
	return q->nposted;
}

void vif_posted_refresh(struct vif_queue *q)
{
	q->unmapped = 0;
	for (unsigned int i = 0; i < q->nposted; i++) {
		q->posted[i].page = gref_map_write(q->gref_map, q->posted[i].gref);
		q->unmapped += !q->posted[i].page;
	}
}
