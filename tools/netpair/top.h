/* SPDX-License-Identifier: MIT */
/* top.h - the rows of netpair top: rates between two documents of stats */
#ifndef NETPAIR_TOOL_TOP_H
#define NETPAIR_TOOL_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

enum top_sort { TOP_SORT_NAME, TOP_SORT_FROM, TOP_SORT_TO, TOP_SORT_DROPS, TOP_SORT_CPU };

/* One VIF, a second's worth. */
struct top_row {
	char name[16], guest[24], state[16];
	uint32_t domid;
	double from_pps, to_pps;	/* packets a second */
	double from_bps, to_bps;	/* bits a second */
	double drops;			/* packets dropped a second, both ways */
	double wakeups;			/* times a second that a worker slept */
	double copies;			/* grant copies for each packet */
	unsigned int waiting;		/* frames' requests from the guest that wait for an answer now, over all queues */
	double cpu;			/* share of a processor that its process used, percent; below 0: not known */
	double guest_cpu;		/* and the guest; below 0: not known */
};

struct top_table {
	struct top_row *rows;		/* owned */
	size_t n;
};

/* What is remembered of one look at the daemon. */
struct top_look {
	json_t *doc;			/* of stats; owned */
	uint64_t when;			/* monotonic microseconds */
};

/* Makes the table of what happened from one look to the next; rows whose name and guest do not contain filter
 * are left out. */
void top_make(struct top_table *table, const struct top_look *before, const struct top_look *now, const char *filter);

/* Sorts the rows, the largest first; by name in the order of numbers. */
void top_sort(struct top_table *table, enum top_sort by);

void top_free(struct top_table *table);

#endif
