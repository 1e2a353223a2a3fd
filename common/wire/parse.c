/* SPDX-License-Identifier: MIT */
/* parse.c - numbers and addresses from a peer's text */
#include <string.h>

#include "parse.h"

bool parse_u32(uint32_t *out, const char *text)
{
	uint64_t v = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		v = v * 10 + (uint64_t)(*text - '0');
		if (v > UINT32_MAX)
			return false;
	}
	*out = (uint32_t)v;
	return true;
}

/* Returns the value of a hexadecimal digit, -1 for another character. */
static int parse_hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	/* c | 0x20 also maps a few control characters to digits; c >= '0' excludes them. */
	return at && (c >= '0') ? (int)(at - digits) : -1;
}

bool parse_ether(uint8_t *addr, const char *text)
{
	uint8_t out[6];

	for (int i = 0; i < 6; i++, text += 3) {
		int high = parse_hex_digit(text[0]);
		int low = high < 0 ? -1 : parse_hex_digit(text[1]);

		if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(addr, out, sizeof(out));
	return true;
}

bool parse_mac(uint8_t *mac, const char *text)
{
	uint8_t addr[6];

	/* The address of a station is no group address. */
	if (!parse_ether(addr, text) || (addr[0] & 1))
		return false;
	memcpy(mac, addr, sizeof(addr));
	return true;
}
