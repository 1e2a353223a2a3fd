/* SPDX-License-Identifier: MIT */
/* tomb.h - where event channels of a life before the restore are laid to rest
 *
 * Theory of operation. When a guest is restored its kernel forgets which
 * interrupt belonged to which event channel. A descriptor of /dev/xen/evtchn
 * that is closed afterwards makes it look that up and stop at a BUG_ON
 * (drivers/xen/evtchn.c, seen with Linux 6.1), and the process goes with it.
 * So such a descriptor must stay open for as long as the guest runs, longer
 * than we do: a small process of its own inherits it and sleeps. Its name
 * starts with '@', by which systemd leaves it alone when it stops everything.
 */
#ifndef NETPAIR_TOMB_H
#define NETPAIR_TOMB_H

#include "../common/util.h"

/* The word on netfrontd's command line that makes a process a tomb. */
#define TOMB_ARG "--keep-channels-of-a-restored-guest"

/* Hands fd to a new tomb; it may be closed here then. -errno. */
MUST_CHECK int tomb_bury(int fd);

/* Being a tomb: never returns. */
_Noreturn void tomb_rest(void);

#endif
