/* SPDX-License-Identifier: MIT */
/* toeplitz.h - the hash of netif.h and of receive side scaling, by a table */
#ifndef NETPAIR_TOEPLITZ_H
#define NETPAIR_TOEPLITZ_H

#include <stdint.h>

/* The longest input (two IPv6 addresses, two ports), and the key that it needs. */
#define TOEPLITZ_INPUT_MAX 36u
#define TOEPLITZ_KEY 40u

/* What each value of each half byte of the input adds to the hash. */
struct toeplitz {
	uint32_t part[2 * TOEPLITZ_INPUT_MAX][16];
};

void toeplitz_init(struct toeplitz *t, const uint8_t key[TOEPLITZ_KEY]);

/* The hash of len (at most TOEPLITZ_INPUT_MAX) bytes. */
uint32_t toeplitz_hash(const struct toeplitz *t, const uint8_t *input, uint32_t len);

#endif
