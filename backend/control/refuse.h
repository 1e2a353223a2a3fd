/* SPDX-License-Identifier: MIT */
/* refuse.h - what a person is told of a VIF: the log, and the key error */
#ifndef NETPAIR_BACKEND_REFUSE_H
#define NETPAIR_BACKEND_REFUSE_H

#include "common/base/util.h"

struct reason;
struct vif;

/* Has the VIF looked at again at the next tick, as xenstored failed. A lost
 * connection is logged once for all VIFs (loop.c), and all are looked at once
 * there is another. */
void vif_look_again(struct vif *v, int err);

/* Refuses the frontend until its state changes, and says why in the log and in
 * the key error, where the toolstack's user finds it. If only this host lacks descriptors or
 * memory, the VIF is looked at again at the next tick instead: what is connected stays so. */
void vif_refuse(struct vif *v, const struct reason *why);

/* Says what is wrong in the log and in the key error, and refuses nothing. */
void vif_tell_error(struct vif *v, const struct reason *why);

/* Says once what the VIF waits for, in the log and in the key error, and has it looked at again at the next tick. */
void vif_wait(struct vif *v, const struct reason *why);

/* Removes the key error, as nothing is wrong; but if a deleted device was made
 * anew, the key says so until the VIF is attached again. Returns 0; -ENOENT:
 * the directory is gone; other -errno. */
MUST_CHECK int vif_error_settle(struct vif *v);

/* Does the same, and logs if it fails. */
void vif_error_settle_or_log(struct vif *v);

/* Each second or so: writes the key error if it is still due, and logs what the
 * VIF's bucket suppressed. */
void vif_tick(struct vif *v);

#endif
