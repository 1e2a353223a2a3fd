/* SPDX-License-Identifier: MIT */
/* errtext.h - what an errno means here, in words for people
 *
 * One errno has several meanings: ENOSPC is a quota where xenstore says it, the
 * limit of gntalloc where grants are made, a full disk where a file is written.
 * So whoever prints an error says what failed.
 */
#ifndef NETPAIR_ERRTEXT_H
#define NETPAIR_ERRTEXT_H

enum errtext_of {
	ERRTEXT_STORE,	/* a request to xenstored */
	ERRTEXT_XEN,	/* grants and event channels: opening the devices, map, share, bind */
	ERRTEXT_TAP,	/* /dev/net/tun and the network device behind it */
	ERRTEXT_FILE,	/* files, threads, and what else is plain Linux */
};

/* Returns what err (an errno or its negative) means for such a request. The
 * text is static; it is libc's where there is nothing better to say. Safe from
 * every thread. */
const char *errtext(enum errtext_of of, int err);

#endif
