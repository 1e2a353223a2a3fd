/* SPDX-License-Identifier: MIT */
/* fuzz.h - bytes to numbers, and promises that are checked in every build
 *
 * A target is one function for libFuzzer (`make fuzz`); replay.c calls the
 * same function over the corpus, as a plain test.
 */
#ifndef NETPAIR_FUZZ_H
#define NETPAIR_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not an assert: it holds whatever the flags. */
#define PROMISE(cond_) \
	do { \
		if (!(cond_)) { \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #cond_); \
			abort(); \
		} \
	} while (0)

/* Takes n bytes off the input's front; what is missing is 0. */
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
