/* SPDX-License-Identifier: MIT */
/* grant.h - another domain's granted pages: mapping rings, copying packets
 *
 * A handle belongs to one thread. A copy batch is filled, run by one ioctl and
 * asked segment by segment how it went: the call succeeds while single
 * segments fail (XSA-362), so there is no way to a result but grant_batch_ok().
 */
#ifndef NETPAIR_GRANT_H
#define NETPAIR_GRANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util.h"

struct grant_dev;

/* Opens gntdev for grants of domain peer. -errno. */
MUST_CHECK int grant_open(struct grant_dev **out, struct domid peer);

/* Unmaps nothing: the maps must be gone. NULL is fine. */
void grant_close(struct grant_dev *g);

/* Maps one granted page for reading and writing; NULL with -errno in *err. */
MUST_CHECK void *grant_map(struct grant_dev *g, struct gref gref, int *err);
void grant_unmap(struct grant_dev *g, void *page);

enum grant_access { GRANT_READ, GRANT_READ_WRITE };

/* Maps n granted pages as one run, all or none; the run is unmapped as a whole.
 * NULL with -errno in *err. */
MUST_CHECK void *grant_map_run(struct grant_dev *g, const struct gref *grefs, unsigned int n,
			       enum grant_access access, int *err);
void grant_unmap_run(struct grant_dev *g, void *pages, unsigned int n);

/* Segments of a batch; a ring's worth, each frame of one page too. */
#define GRANT_BATCH_MAX 256u

struct grant_batch;

/* A batch of segments that belongs to g and goes with it. -ENOMEM. */
MUST_CHECK int grant_batch_new(struct grant_batch **out, struct grant_dev *g);
void grant_batch_free(struct grant_batch *b);

/* Starts an empty batch. */
void grant_batch_reset(struct grant_batch *b);
unsigned int grant_batch_room(const struct grant_batch *b);
unsigned int grant_batch_count(const struct grant_batch *b);

/* Adds a copy of len bytes between the peer's page at offset (offset + len <=
 * XEN_PAGE: a segment may not cross a page on the peer's side) and local
 * memory. There must be room. */
void grant_batch_from_peer(struct grant_batch *b, void *dst, struct gref src, uint16_t offset, uint16_t len);
void grant_batch_to_peer(struct grant_batch *b, struct gref dst, const void *src, uint16_t offset, uint16_t len);

/* Runs the batch. -errno if none of it was done; then no segment is ok. */
MUST_CHECK int grant_batch_run(struct grant_batch *b);

/* Whether segments [from, from + n) were all copied by the last run. */
MUST_CHECK bool grant_batch_ok(const struct grant_batch *b, unsigned int from, unsigned int n);

#endif
