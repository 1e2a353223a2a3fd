/* SPDX-License-Identifier: MIT */
/* evwait.h - what the user of a handle waits for: a count of the ports that can be taken */
#ifndef XENSIM_EVWAIT_H
#define XENSIM_EVWAIT_H

#include "evtchn.h"

/* Makes the descriptor that the user waits for from the eventfd. Returns 0, or -1 and errno. */
int evwait_open(struct xenevtchn_handle *h, unsigned int flags);

/* Closes it, and the eventfd. */
void evwait_close(struct xenevtchn_handle *h);

/* Counts one more port that can be taken. */
void evwait_kick(int efd);

/* Counts one less, if there is one; never waits. */
void evwait_uncount(struct xenevtchn_handle *h);

/* Takes one from the count; waits for it unless the user set O_NONBLOCK. Returns 0, or -1 and errno. */
int evwait_count(struct xenevtchn_handle *h);

#endif
