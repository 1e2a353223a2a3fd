/* SPDX-License-Identifier: MIT */
/* evtchn_keeper.h - the process that keeps event channels of before a restore open
 *
 * Theory of operation. When a guest is restored its kernel forgets which
 * interrupt belonged to which event channel. A descriptor of /dev/xen/evtchn
 * that is closed afterwards makes it look that up and stop at a BUG_ON
 * (drivers/xen/evtchn.c, seen with Linux 6.1), and the process goes with it.
 * So such a descriptor must stay open for as long as the guest runs, longer
 * than netfrontd does: a small process, the keeper, receives it and sleeps.
 *
 * There is one keeper per guest. It listens on the socket "keeper" in the run
 * directory, where each netfrontd after the one that started it finds it. It
 * takes descriptors from processes of its own user only, never gives one back,
 * and never ends by itself. Where it does not answer, or has no room for one
 * more descriptor, the next keeper takes its place on the socket and the
 * earlier one goes on holding what it has.
 *
 * Its argv[0] starts with '@', by which systemd leaves it alone when it stops
 * everything at a shutdown; KillMode=process does so when the unit is stopped.
 */
#ifndef NETPAIR_FRONTEND_EVTCHN_KEEPER_H
#define NETPAIR_FRONTEND_EVTCHN_KEEPER_H

#include "common/base/util.h"

/* The word on netfrontd's command line that makes a process a keeper. */
#define EVTCHN_KEEPER_ARG "--keep-event-channels-of-before-a-restore"

/* Gives a copy of fd to the keeper of run_dir, which is started if need be. The
 * caller may close fd afterwards. Takes at most a few seconds. Returns 0 or -errno. */
MUST_CHECK int evtchn_keeper_give(const char *run_dir, int fd);

/* Is the keeper: serves the listening socket that is its standard input. */
_Noreturn void evtchn_keeper_main(void);

#endif
