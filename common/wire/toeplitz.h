/* SPDX-License-Identifier: MIT */
/* toeplitz.h - the hash of netif.h and of receive side scaling, by a table */
#ifndef NETPAIR_TOEPLITZ_H
#define NETPAIR_TOEPLITZ_H

#include <stdint.h>

/* Bytes of the longest input (two IPv6 addresses, two ports), and of the key that it needs. */
#define TOEPLITZ_INPUT_MAX 36u
#define TOEPLITZ_KEY 40u

/* The part of the hash that each value of each half byte of the input contributes. */
struct toeplitz {
	uint32_t part[2 * TOEPLITZ_INPUT_MAX][16];
};

/* Makes the table for a key. */
void toeplitz_init(struct toeplitz *t, const uint8_t key[TOEPLITZ_KEY]);

/* Returns the hash of len (at most TOEPLITZ_INPUT_MAX) bytes. */
uint32_t toeplitz_hash(const struct toeplitz *t, const uint8_t *input, uint32_t len);

#endif
