/* SPDX-License-Identifier: MIT */
/* look.h - what xenstore says of a VIF */
#ifndef NETPAIR_BACKEND_LOOK_H
#define NETPAIR_BACKEND_LOOK_H

#include "common/base/abi.h"
#include "common/base/util.h"
#include "common/host/store.h"

struct vif;
struct hs_back_view;

/* Reads the xenbus state in a directory; Unknown: it is gone, forbidden or
 * nonsense. Returns 0, or -errno if xenstored failed; *state is Unknown then, too. */
MUST_CHECK int vif_state_in(struct store *s, const char *dir, enum xenbus_state *state);

/* Reads what the next step depends on. Returns 0; -ENOENT: the backend directory
 * is gone; -ESTALE: it was made anew; other -errno: it could not be read. */
MUST_CHECK int vif_look(struct vif *v, struct hs_back_view *view);

#endif
