/* SPDX-License-Identifier: MIT */
/* rate.c - the rate= of a vif line in the form of the xenstore key */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "netpair.h"

#define RATE_INTERVAL_US 50000u
#define RATE_INTERVAL_MAX_US 4000000u
#define RATE_BYTES_MAX UINT64_C(1000000000000)

/* Reads a number of up to 9 digits and moves *at behind it. Returns false if there is none. */
static bool rate_number(const char **at, uint64_t *out)
{
	unsigned int n = 0;

	for (*out = 0; isdigit((unsigned char)**at); (*at)++, n++)
		*out = *out * 10 + (uint64_t)(**at - '0');
	return n > 0 && n <= 9;
}

/* Reads "10MB/s" or "800Kb/s": bytes a second. */
static bool rate_speed(const char **at, uint64_t *bytes)
{
	uint64_t unit = 1;
	unsigned int bits;

	if (!rate_number(at, bytes))
		return false;
	if (**at == 'K')
		unit = 1000;
	else if (**at == 'M')
		unit = 1000000;
	else if (**at == 'G')
		unit = 1000000000;
	*at += unit > 1;
	bits = **at == 'B' ? 1 : 8;
	if (strncmp(*at, "B/s", 3) != 0 && strncmp(*at, "b/s", 3) != 0)
		return false;
	*at += 3;
	*bytes = *bytes * unit / bits;
	return *bytes > 0 && *bytes <= RATE_BYTES_MAX;
}

/* Reads "20ms": microseconds. */
static bool rate_interval(const char **at, uint64_t *usecs)
{
	uint64_t unit = 1000000;

	if (!rate_number(at, usecs))
		return false;
	if (**at == 'u')
		unit = 1;
	else if (**at == 'm')
		unit = 1000;
	*at += unit < 1000000;
	if (**at != 's')
		return false;
	(*at)++;
	*usecs *= unit;
	return *usecs > 0 && *usecs <= RATE_INTERVAL_MAX_US;
}

bool rate_key(char *key, size_t len, const char *text)
{
	uint64_t bytes, usecs = RATE_INTERVAL_US;

	/* The key's own form, and the word for no limit. */
	if (strchr(text, ',') || strcmp(text, "none") == 0)
		return snprintf(key, len, "%s", text) < (int)len;
	if (!rate_speed(&text, &bytes))
		return false;
	if (*text == '@') {
		text++;
		if (!rate_interval(&text, &usecs))
			return false;
	}
	snprintf(key, len, "%" PRIu64 ",%" PRIu64, bytes * usecs / 1000000, usecs);
	return !*text;
}
