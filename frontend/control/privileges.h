/* SPDX-License-Identifier: MIT */
/* privileges.h - netfrontd gives up the rights that it does not need after its start
 *
 * A backend that finds a fault in netfrontd must not get root's rights in the guest. So
 * netfrontd becomes another user, which keeps one capability and a list of system calls.
 */
#ifndef NETPAIR_PRIVILEGES_H
#define NETPAIR_PRIVILEGES_H

#include "common/base/util.h"

struct privileges {
	const char *program;
	const char *user;	/* an account or a number; NULL: the account netpair, else a number of ours */
	const char *run_dir;
};

/* Becomes that user, with CAP_NET_ADMIN and no other capability, and with no new privileges. The
 * devices of /dev/xen and the run directory are made accessible to the user before. Does nothing about
 * the user if the process is not root's, or if the user is root. If the user could not reach what
 * netfrontd needs, a warning says so, and the process stays as it is. Called before the first thread
 * starts. Exits with a line on stderr if the kernel refuses half way. */
void privileges_drop(const struct privileges *p);

#endif
