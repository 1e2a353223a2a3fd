/* SPDX-License-Identifier: MIT */
/* outage.h - outages of the xenstore
 *
 * The xenstore stops, continues, is killed and starts again, as a process of
 * its own would.  Domains, grants and event channels go on.
 */
#ifndef XENSIM_OUTAGE_H
#define XENSIM_OUTAGE_H

/* Does what words say: stop, cont, kill, start, or start --empty, which forgets
 * all nodes but dom0's.  Returns 0, or -1 and one line in *why, to be freed. */
int outage_command(char **words, int n, char **why);

/* Returns whether the xenstore serves its clients now. */
int outage_store_serves(void);

#endif
