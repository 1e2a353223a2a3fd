/* SPDX-License-Identifier: MIT */
/* kept.h - the tables that a guest set and that only we know, noted for a daemon after us */
#ifndef NETPAIR_KEPT_H
#define NETPAIR_KEPT_H

#include "link.h"
#include "queue.h"

/* Notes the tables that the next daemon must know, before what set them is
 * answered; and reads them again, if this connection had one before. */
void vif_kept_save(struct vif_worker *vw);
void vif_kept_load(struct vif_link *l, const struct vif_place *place);

#endif
