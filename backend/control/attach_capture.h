/* SPDX-License-Identifier: MIT */
/* attach_capture.h - the frames of a connection are captured, wherever it is served */
#ifndef NETPAIR_BACKEND_ATTACH_CAPTURE_H
#define NETPAIR_BACKEND_ATTACH_CAPTURE_H

#include <stdbool.h>

#include "attach.h"
#include "common/host/capture.h"

/* Begins to capture a connection that is up, in a block for its workers. fds stay the caller's. Returns 0; -ENOTCONN:
 * it is not up; other -errno. */
MUST_CHECK int attach_capture(struct attach *a, const struct capring_wish *wish, const struct capture_fds *fds);

/* Ends that, if the connection is still the one that is captured. */
void attach_capture_stop(struct attach *a);

/* Returns whether the connection is up that attach_capture() began to capture. */
bool attach_is_captured(const struct attach *a);

/* Unmaps what no worker uses any more. Called each second. */
void attach_capture_tick(struct attach *a);

#endif
