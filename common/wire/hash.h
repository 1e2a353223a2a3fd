/* SPDX-License-Identifier: MIT */
/* hash.h - the frontend's choice of a queue for each frame: netif.h's hash control messages
 *
 * A setter returns the status for the control response (XEN_NETIF_CTRL_STATUS_*).
 * It changes nothing unless that is SUCCESS. Its arguments are in private memory,
 * so that the bytes that are checked are the bytes that are used. A struct hash
 * belongs to one thread.
 */
#ifndef NETPAIR_HASH_H
#define NETPAIR_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/abi.h"
#include "toeplitz.h"
#include "common/base/util.h"

/* The most octets of a key and the most entries of a mapping, as in Linux netback. */
#define HASH_KEY_MAX TOEPLITZ_KEY
#define HASH_MAPPING_MAX 128u

struct hash {
	uint32_t algorithm;	/* XEN_NETIF_CTRL_HASH_ALGORITHM_* */
	uint32_t flags;		/* XEN_NETIF_CTRL_HASH_TYPE_* that the frontend wants */
	uint8_t key[HASH_KEY_MAX];
	uint32_t size;		/* entries of the mapping; 0: the queue is the hash modulo the queues */
	uint8_t mapping[HASH_MAPPING_MAX];
	struct toeplitz toeplitz;	/* tables made from key */
};

/* The hash of a frame. */
struct hash_value {
	bool known;		/* false: the frame has no type that is wanted, and value is 0 */
	uint8_t type;		/* _XEN_NETIF_CTRL_HASH_TYPE_* */
	uint32_t value;
};

/* Sets no algorithm, no key and no mapping. */
void hash_init(struct hash *h);

/* Sets the algorithm; INVALID_PARAMETER unless it is NONE or TOEPLITZ. */
MUST_CHECK uint32_t hash_set_algorithm(struct hash *h, uint32_t algorithm);

/* Gets the hash types that are supported. */
MUST_CHECK uint32_t hash_get_flags(const struct hash *h, uint32_t *flags);

/* Sets the hash types that the frontend wants. */
MUST_CHECK uint32_t hash_set_flags(struct hash *h, uint32_t flags);

/* Checks the length of a key in octets, before the key is copied. */
MUST_CHECK uint32_t hash_check_key(uint32_t len);

/* Sets a key of len octets; missing octets are 0. */
MUST_CHECK uint32_t hash_set_key(struct hash *h, const uint8_t *key, uint32_t len);

/* Sets the number of entries of the mapping, all of which become 0. */
MUST_CHECK uint32_t hash_set_size(struct hash *h, uint32_t size);

/* Checks whether n entries fit in the mapping from offset on, before they are copied. */
MUST_CHECK uint32_t hash_check_mapping(const struct hash *h, uint32_t n, uint32_t offset);

/* Sets n entries of the mapping from offset on; each must be below queues. */
MUST_CHECK uint32_t hash_set_mapping(struct hash *h, const uint32_t *entry, uint32_t n, uint32_t offset,
				     uint32_t queues);

/* Returns whether the frontend chooses the queue of a frame; if not, the backend does. */
bool hash_steers(const struct hash *h);

/* Returns the hash of a frame whose first len bytes are in private memory; NULL has none. */
struct hash_value hash_frame(const struct hash *h, const uint8_t *frame, size_t len);

/* Returns the queue for a hash value, below queues. */
uint32_t hash_queue(const struct hash *h, uint32_t value, uint32_t queues);

/* The longest text of hash_print(), with the NUL. */
#define HASH_TEXT_MAX (64u + 2u * HASH_KEY_MAX + 3u * HASH_MAPPING_MAX)

/* Writes all of h as a line of text, without newline, to text of len bytes. */
void hash_print(const struct hash *h, char *text, size_t len);

/* Parses a line of hash_print(). Returns false, and changes nothing, if it has
 * another form or names a queue that is not below queues. */
MUST_CHECK bool hash_parse(struct hash *h, const char *text, uint32_t queues);

#endif
