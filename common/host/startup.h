/* SPDX-License-Identifier: MIT */
/* startup.h - the checks and locks of a daemon's start
 *
 * Each function returns if the daemon may go on. Else it prints the reason on
 * stderr in one line and exits, with an exit code of daemon.h.
 */
#ifndef NETPAIR_STARTUP_H
#define NETPAIR_STARTUP_H

#include <stdint.h>

#include "kernel.h"

/* Checks that the event channel device and /dev/net/tun can be opened, which both
 * daemons need. */
void startup_check_devices(const char *program);

/* Ends the program if the kernel's driver of that side is there, which claims each VIF. */
void startup_check_kernel(const char *program, enum kernel_side side);

/* Ends the program if dir is too long for the names of the files in it. */
void startup_check_run_dir(const char *program, const char *dir);

/* Locks the ndevids devices, or the whole domain if ndevids is 0; then makes and
 * locks the run directory. Waits for each lock for a second, as a daemon that was
 * just killed may still hold it. */
void startup_lock(const char *program, const char *run_dir, const uint32_t *devids, unsigned int ndevids);

#endif
