/* SPDX-License-Identifier: MIT */
/* conn_capture.h - the frames of a connection are captured (common/host/capture.h)
 *
 * Called by the thread that owns the connection. None of these waits.
 */
#ifndef NETPAIR_FRONTEND_CONN_CAPTURE_H
#define NETPAIR_FRONTEND_CONN_CAPTURE_H

#include "common/host/capture.h"

struct nic_conn;

/* Begins to copy frames to the ring. Takes fds. Returns 0 or -errno, as capture_begin(). */
MUST_CHECK int nic_conn_capture(struct nic_conn *conn, const struct capring_wish *wish, const struct capture_fds *fds);

/* Ends that, if it was begun. */
void nic_conn_capture_stop(struct nic_conn *conn);

/* Returns whether it was begun, and not ended. */
bool nic_conn_is_captured(const struct nic_conn *conn);

/* Unmaps what the workers do not use any more. Called now and then. */
void nic_conn_capture_reap(struct nic_conn *conn);

#endif
