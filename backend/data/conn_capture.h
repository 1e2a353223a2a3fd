/* SPDX-License-Identifier: MIT */
/* conn_capture.h - the frames of a connection are captured (common/host/capture.h)
 *
 * Called by the thread that owns the connection. None of these waits.
 */
#ifndef NETPAIR_BACKEND_CONN_CAPTURE_H
#define NETPAIR_BACKEND_CONN_CAPTURE_H

#include "common/host/capture.h"

struct vif_conn;

/* Begins to copy frames to the ring. Takes fds. Returns 0 or -errno, as capture_begin(). */
MUST_CHECK int vif_conn_capture(struct vif_conn *conn, const struct capring_wish *wish, const struct capture_fds *fds);

/* Ends that, if it was begun. */
void vif_conn_capture_stop(struct vif_conn *conn);

/* Unmaps what the workers do not use any more. Called now and then. */
void vif_conn_capture_reap(struct vif_conn *conn);

#endif
