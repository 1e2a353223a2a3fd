/* SPDX-License-Identifier: MIT */
/* serve.h - a guest's data process: it serves the VIFs that control names, in the sandbox
 *
 * The process is netbackd itself, executed anew with the option SERVE_OPTION and these
 * descriptors. It opens its devices, gives up every privilege, says READY, and obeys the
 * messages of msg.h. When control asks for it, it stops what it serves and ends. When control goes
 * without a word it serves on, and waits for the next one at the listening socket.
 */
#ifndef NETPAIR_BACKEND_SERVE_H
#define NETPAIR_BACKEND_SERVE_H

#include "common/base/util.h"

#define SERVE_OPTION "data-process"
#define SERVE_SOCK 3		/* control's socket, msg.h */
#define SERVE_LISTENER 4	/* listens in the run directory, so that the next control finds the process */

/* Runs the data process. Returns its exit code. */
MUST_CHECK int vif_serve(void);

#endif
