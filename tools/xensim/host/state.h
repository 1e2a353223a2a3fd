/* SPDX-License-Identifier: MIT */
/* state.h - the state directory
 *
 * A lock on DIR/lock says that a host is alive.  The process that gets the
 * lock may clear what an earlier, killed host left: its processes, its
 * directories, and the namespaces whose names are in DIR/dom/ID/netns.  Only
 * what a host has made is removed, so that a wrong DIR loses no files.
 */
#ifndef XENSIM_STATE_H
#define XENSIM_STATE_H

/* Takes dir for a new host and clears what a dead one left; ends the process if it cannot be had. */
void state_take(const char *dir);

/* Writes the host's process id into its lock. Returns 0, or -1 and errno. */
int state_sign(void);

/* Removes all that a host has made below dir, and dir if it is empty then. */
void state_remove(const char *dir);

/* Does the same for a host that is dead, or waits for one that is dying to end.
 * Returns 0, or -1 and errno: EWOULDBLOCK if a host runs there, ENOENT if there was none. */
int state_clear(const char *dir, int dying);

#endif
