/* SPDX-License-Identifier: MIT */
/* hash.h - which queue a frontend wants each frame on: netif.h's hash control messages
 *
 * A setter gives the status to answer with, and changes all or, unless that is
 * SUCCESS, nothing. What it is given is in private memory already, so that what
 * is checked is what is used. All of it belongs to one thread.
 */
#ifndef NETPAIR_HASH_H
#define NETPAIR_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "toeplitz.h"
#include "util.h"

/* Octets of a key, and entries of a mapping; Linux netback's limits too. */
#define HASH_KEY_MAX TOEPLITZ_KEY
#define HASH_MAPPING_MAX 128u

struct hash {
	uint32_t algorithm;	/* XEN_NETIF_CTRL_HASH_ALGORITHM_* */
	uint32_t flags;		/* XEN_NETIF_CTRL_HASH_TYPE_*, of those that are wanted */
	uint8_t key[HASH_KEY_MAX];
	uint32_t size;		/* entries of the mapping; 0: modulo the queues */
	uint8_t mapping[HASH_MAPPING_MAX];
	struct toeplitz toeplitz;	/* of the key */
};

/* What a frame has. */
struct hash_value {
	bool known;		/* false: no type that is wanted, and value is 0 */
	uint8_t type;		/* _XEN_NETIF_CTRL_HASH_TYPE_* */
	uint32_t value;
};

/* No algorithm, no key, no table. */
void hash_init(struct hash *h);

MUST_CHECK uint32_t hash_set_algorithm(struct hash *h, uint32_t algorithm);
MUST_CHECK uint32_t hash_get_flags(const struct hash *h, uint32_t *flags);
MUST_CHECK uint32_t hash_set_flags(struct hash *h, uint32_t flags);

/* Before a key of len octets is copied: whether it would do. */
MUST_CHECK uint32_t hash_check_key(uint32_t len);
MUST_CHECK uint32_t hash_set_key(struct hash *h, const uint8_t *key, uint32_t len);

MUST_CHECK uint32_t hash_set_size(struct hash *h, uint32_t size);

/* Before n entries for the table from offset on are copied: whether they fit. */
MUST_CHECK uint32_t hash_check_mapping(const struct hash *h, uint32_t n, uint32_t offset);
MUST_CHECK uint32_t hash_set_mapping(struct hash *h, const uint32_t *entry, uint32_t n, uint32_t offset,
				     uint32_t queues);

/* Whether the frontend steers; else it is our choice. */
bool hash_steers(const struct hash *h);

/* The hash of a frame that begins with len bytes, in private memory; NULL has none. */
struct hash_value hash_frame(const struct hash *h, const uint8_t *frame, size_t len);

/* The queue for a value, below queues. */
uint32_t hash_queue(const struct hash *h, uint32_t value, uint32_t queues);

/* All of it as a line of text without newline, and back; false: it is not
 * such a line, or not for that many queues, and nothing is changed. */
#define HASH_TEXT_MAX (64u + 2u * HASH_KEY_MAX + 3u * HASH_MAPPING_MAX)
void hash_print(const struct hash *h, char *text, size_t len);
MUST_CHECK bool hash_parse(struct hash *h, const char *text, uint32_t queues);

#endif
