/* SPDX-License-Identifier: MIT */
/* served.h - what the data process of an earlier control says that it serves */
#ifndef NETPAIR_BACKEND_SERVED_H
#define NETPAIR_BACKEND_SERVED_H

#include "backend/data/msg.h"

/* A VIF that is served, and that nobody has claimed. */
struct served {
	struct served *next;
	struct msg_connect made;	/* what it was connected by */
	int counters_fd, tap_fd;	/* -1: taken by who claimed it */
	int switch_fd;			/* likewise, or no switch is connected */
};

/* Adds what a checked message says to a list. Takes the descriptors. Returns 0; -EEXIST: the list has
 * that number or that name, so that it never has more than MSG_VIFS_MAX; -ENOMEM. */
MUST_CHECK int served_add(struct served **list, const struct msg_serving *m, const int *fds);

/* Returns whether the VIF of that number in the messages is in the list. */
bool served_has_number(const struct served *list, uint32_t number);

/* Takes the VIF of that name off the list; NULL: it is not there. The caller owes served_free(). */
struct served *served_claim(struct served **list, const char *name);

/* Closes the descriptors that were not taken, and frees it. NULL is allowed. */
void served_free(struct served *s);

/* Frees the whole list. */
void served_free_all(struct served **list);

#endif
