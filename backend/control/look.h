/* SPDX-License-Identifier: MIT */
/* look.h - what xenstore says of a VIF */
#ifndef NETPAIR_BACKEND_LOOK_H
#define NETPAIR_BACKEND_LOOK_H

#include "common/base/util.h"

struct vif;
struct hs_back_view;

/* Reads what the next step depends on. Returns 0; -ENOENT: the backend directory
 * is gone; -ESTALE: it was made anew; other -errno: it could not be read. */
MUST_CHECK int vif_look(struct vif *v, struct hs_back_view *view);

#endif
