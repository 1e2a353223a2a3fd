/* SPDX-License-Identifier: MIT */
/* fuzz.h - takes numbers from the input's bytes, and checks conditions in every build
 *
 * A target is one function that libFuzzer calls (`make fuzz`). replay.c calls
 * the same function with each file of the corpus, as a plain test.
 */
#ifndef NETPAIR_FUZZ_H
#define NETPAIR_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program if the condition does not hold, in every build (an assert does not with -DNDEBUG). */
#define PROMISE(cond_) \
	do { \
		if (!(cond_)) { \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #cond_); \
			abort(); \
		} \
	} while (0)

/* Takes n bytes off the input's front. Bytes that are missing are 0. */
static inline void eat(void *dst, size_t n, const uint8_t **data, size_t *size)
{
	size_t have = n < *size ? n : *size;

	memset(dst, 0, n);
	if (have)
		memcpy(dst, *data, have);
	*data += have;
	*size -= have;
}

static inline uint8_t eat8(const uint8_t **data, size_t *size)
{
	uint8_t v;

	eat(&v, 1, data, size);
	return v;
}

static inline uint16_t eat16(const uint8_t **data, size_t *size)
{
	uint16_t v;

	eat(&v, 2, data, size);
	return v;
}

static inline uint32_t eat32(const uint8_t **data, size_t *size)
{
	uint32_t v;

	eat(&v, 4, data, size);
	return v;
}

#endif
