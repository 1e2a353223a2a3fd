/* SPDX-License-Identifier: MIT */
/* errtext.h - messages for an errno, by what failed
 *
 * One errno has several meanings: ENOSPC is a quota in xenstore, the limit of
 * gntalloc for grants, a full disk for a file. So code that prints an error says
 * what failed.
 */
#ifndef NETPAIR_ERRTEXT_H
#define NETPAIR_ERRTEXT_H

enum errtext_of {
	ERRTEXT_STORE,	/* a request to xenstored */
	ERRTEXT_XEN,	/* grants and event channels: opening the devices, map, share, bind */
	ERRTEXT_TAP,	/* /dev/net/tun and the network device behind it */
	ERRTEXT_FILE,	/* files, threads, and all other calls of Linux */
};

/* Returns the message for err, the -errno of such a request, as tools/check-source
 * checks at each call; an errno has the same message. The text is static; it is
 * libc's where we have no better one. Safe from every thread. */
const char *errtext(enum errtext_of of, int err);

#endif
