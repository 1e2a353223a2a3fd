/* SPDX-License-Identifier: MIT */
/* ctldoc.h - the documents that a daemon answers with at its control socket
 *
 * docs/control-socket.md names the members. A function that adds to a document takes what it
 * is given; without memory it adds nothing, and ctldoc_text() then returns NULL or less.
 */
#ifndef NETPAIR_CTLDOC_H
#define NETPAIR_CTLDOC_H

#include <jansson.h>

#include "common/base/positions.h"
#include "common/base/stats.h"
#include "common/base/util.h"

/* Returns a new document of the daemon called program; NULL: no memory. The caller owns it. */
json_t *ctldoc_new(const char *program);

/* Returns a new document with the member error; NULL: no memory. */
json_t *ctldoc_error(const char *program, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Returns the document as text, which the caller frees, and releases the document. NULL is returned for
 * NULL, and without memory. */
char *ctldoc_text(json_t *doc);

/* Adds a text, unless it is "". Bytes that are not UTF-8 become '?'. */
void ctldoc_add(json_t *object, const char *key, const char *text);

/* Adds a number. */
void ctldoc_add_number(json_t *object, const char *key, uint64_t number);

/* Adds true or false. */
void ctldoc_add_flag(json_t *object, const char *key, int flag);

/* Adds packets, bytes and drops of each direction, as from_guest and to_guest. */
void ctldoc_add_totals(json_t *vif, const struct stats *s);

/* Adds all counters, as an object called key. */
void ctldoc_add_counters(json_t *object, const char *key, const struct stats *s);

/* Appends where a queue's rings are and what its worker does to an array. */
void ctldoc_append_positions(json_t *rings, unsigned int queue, const struct positions *p);

/* Adds an array drops of the reasons that have drops, by direction. */
void ctldoc_add_drops(json_t *vif, const struct stats *s);

#endif
