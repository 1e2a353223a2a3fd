/* SPDX-License-Identifier: MIT */
/* filter.h - libpcap's filter language, run over frames of Ethernet in this process */
#ifndef NETPAIR_TOOL_FILTER_H
#define NETPAIR_TOOL_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

struct filter;

/* Compiles a text; "" matches each frame. Returns false after a line on stderr: it does not parse. The caller owes
 * filter_free(). */
MUST_CHECK bool filter_new(struct filter **out, const char *text);

/* Returns whether a frame of len bytes matches, of which the first caplen are at frame. */
bool filter_matches(const struct filter *f, const uint8_t *frame, uint32_t caplen, uint32_t len);

/* Frees it; NULL is ignored. */
void filter_free(struct filter *f);

#endif
