/* SPDX-License-Identifier: MIT */
/* grant.h - another domain's granted pages: mapping rings, copying packets
 *
 * A handle belongs to one thread. A copy batch is filled and then run by one
 * ioctl. The ioctl succeeds while single copies fail (XSA-362), so the caller
 * must ask grant_batch_ok() for the result of each. A copy of a batch is called a
 * segment, as in libxengnttab.
 */
#ifndef NETPAIR_GRANT_H
#define NETPAIR_GRANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/util.h"

struct grant_dev;

/* Opens gntdev for grants of domain peer. Returns 0 or -errno. */
MUST_CHECK int grant_open(struct grant_dev **out, struct domid peer);

/* Closes the handle; all pages must be unmapped before. NULL is allowed. */
void grant_close(struct grant_dev *g);

/* Maps one granted page for reading and writing. Returns the page; NULL: *err is -errno. */
MUST_CHECK void *grant_map(struct grant_dev *g, struct gref gref, int *err);
void grant_unmap(struct grant_dev *g, void *page);

enum grant_access { GRANT_READ, GRANT_READ_WRITE };

/* Maps n granted pages one behind the other, all or none; they are unmapped
 * together. Returns the first page; NULL: *err is -errno. */
MUST_CHECK void *grant_map_run(struct grant_dev *g, const struct gref *grefs, unsigned int n,
			       enum grant_access access, int *err);
void grant_unmap_run(struct grant_dev *g, void *pages, unsigned int n);

/* The most segments of a batch: one for each slot of a ring. */
#define GRANT_BATCH_MAX 256u

struct grant_batch;

/* Makes a batch for g, which must outlive it. Returns 0 or -ENOMEM. */
MUST_CHECK int grant_batch_new(struct grant_batch **out, struct grant_dev *g);
void grant_batch_free(struct grant_batch *b);

/* Empties the batch. */
void grant_batch_reset(struct grant_batch *b);

/* Return the number of segments that can be added, and that were added. */
unsigned int grant_batch_room(const struct grant_batch *b);
unsigned int grant_batch_count(const struct grant_batch *b);

/* Adds a copy of len bytes between the peer's page at offset (offset + len <=
 * XEN_PAGE: a segment may not cross a page on the peer's side) and local
 * memory. There must be room. */
void grant_batch_from_peer(struct grant_batch *b, void *dst, struct gref src, uint16_t offset, uint16_t len);
void grant_batch_to_peer(struct grant_batch *b, struct gref dst, const void *src, uint16_t offset, uint16_t len);

/* Runs the batch. Returns 0; -errno: no segment was copied. */
MUST_CHECK int grant_batch_run(struct grant_batch *b);

/* Returns whether the last run copied all segments [from, from + n). */
MUST_CHECK bool grant_batch_ok(const struct grant_batch *b, unsigned int from, unsigned int n);

#endif
