/* SPDX-License-Identifier: MIT */
/* wake.h - an eventfd by which one thread or process wakes another */
#ifndef NETPAIR_WAKE_H
#define NETPAIR_WAKE_H

/* Makes the eventfd readable. Safe from every thread. */
void wake_up(int eventfd);

/* Makes it unreadable again. */
void wake_taken(int eventfd);

#endif
