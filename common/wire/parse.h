/* SPDX-License-Identifier: MIT */
/* parse.h - numbers and addresses from a peer's text
 *
 * A text must be valid to its end: "2x", "-1" and "" are no numbers. The
 * functions return false, and leave the output alone, if it is not.
 */
#ifndef NETPAIR_PARSE_H
#define NETPAIR_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

/* Parses an unsigned decimal number of 32 bits. */
MUST_CHECK bool parse_u32(uint32_t *out, const char *text);

/* Parses aa:bb:cc:dd:ee:ff into six bytes. parse_mac() refuses a group address. */
MUST_CHECK bool parse_ether(uint8_t *addr, const char *text);
MUST_CHECK bool parse_mac(uint8_t *mac, const char *text);

#endif
