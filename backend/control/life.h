/* SPDX-License-Identifier: MIT */
/* life.h - whose device it is that an earlier daemon left */
#ifndef NETPAIR_BACKEND_LIFE_H
#define NETPAIR_BACKEND_LIFE_H

#include <stdbool.h>

#include "common/base/util.h"

struct vif;

/* Returns the other VIF of the guest that has the same handle and so the device
 * of that name, or NULL. */
const struct vif *vif_rival(const struct vif *v);

/* Finds out, once and before anything else is done with a VIF, whose device,
 * stored descriptor and tables there are under its name. Returns true if all of
 * it is to be removed: it is another VIF's or guest's, or the directory is in
 * Initialising, which is a new life. */
MUST_CHECK bool vif_life_begin(struct vif *v);

/* Saves whose device it is, once it is open. */
void vif_life_save(const struct vif *v);

#endif
