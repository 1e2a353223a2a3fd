/* SPDX-License-Identifier: MIT */
/* hist.h - a histogram of times: buckets of powers of two of a microsecond, and exact extremes */
#ifndef NETPAIR_TOOL_HIST_H
#define NETPAIR_TOOL_HIST_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* The last one has all that is longer: from 2^22 us, four seconds. */
#define HIST_BUCKETS 24u

struct hist {
	const char *title;
	uint64_t count, sum, least, most;	/* nanoseconds */
	uint64_t bucket[HIST_BUCKETS];		/* bucket i: less than 2^i us, and at least half of that */
};

/* Adds a time in nanoseconds. */
void hist_add(struct hist *h, uint64_t ns);

/* Returns an upper bound in nanoseconds of the shortest share of the times, which is at most 1. */
uint64_t hist_quantile(const struct hist *h, double share);

/* Prints it for people: at most 80 columns. */
void hist_print(const struct hist *h);

/* Returns it as a document's member. */
json_t *hist_document(const struct hist *h);

/* Writes n histograms as one picture. */
void hist_svg(FILE *f, const struct hist *const h[], unsigned int n, const char *title);

#endif
