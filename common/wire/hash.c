/* SPDX-License-Identifier: MIT */
/* hash.c - the state of hash.h and what it makes of a frame */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "headers.h"

#define OK XEN_NETIF_CTRL_STATUS_SUCCESS
#define INVALID XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER
#define OVERFLOW XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW
#define NOT_SUPPORTED XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED

#define ALL_TYPES (XEN_NETIF_CTRL_HASH_TYPE_IPV4 | XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP | \
		   XEN_NETIF_CTRL_HASH_TYPE_IPV6 | XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)

void hash_init(struct hash *h)
{
	memset(h, 0, sizeof(*h));
}

uint32_t hash_set_algorithm(struct hash *h, uint32_t algorithm)
{
	if (algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_NONE &&
	    algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ)
		return INVALID;
	h->algorithm = algorithm;
	return OK;
}

/* netif.h requires that an algorithm is selected first; the statuses are those of Linux. */
uint32_t hash_get_flags(const struct hash *h, uint32_t *flags)
{
	if (h->algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_NONE)
		return NOT_SUPPORTED;
	*flags = ALL_TYPES;
	return OK;
}

uint32_t hash_set_flags(struct hash *h, uint32_t flags)
{
	if (flags & ~(uint32_t)ALL_TYPES || h->algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_NONE)
		return INVALID;
	h->flags = flags;
	return OK;
}

uint32_t hash_check_key(uint32_t len)
{
	if (len > XEN_PAGE)	/* one grant cannot hold it */
		return INVALID;
	return len > HASH_KEY_MAX ? OVERFLOW : OK;
}

uint32_t hash_set_key(struct hash *h, const uint8_t *key, uint32_t len)
{
	uint32_t status = hash_check_key(len);

	if (status != OK)
		return status;
	memset(h->key, 0, sizeof(h->key));
	if (len)
		memcpy(h->key, key, len);
	toeplitz_init(&h->toeplitz, h->key);
	return OK;
}

uint32_t hash_set_size(struct hash *h, uint32_t size)
{
	if (size > HASH_MAPPING_MAX)
		return INVALID;
	h->size = size;
	memset(h->mapping, 0, sizeof(h->mapping));
	return OK;
}

uint32_t hash_check_mapping(const struct hash *h, uint32_t n, uint32_t offset)
{
	if (n > HASH_MAPPING_MAX)
		return OVERFLOW;
	/* Not offset + n, which may wrap (XSA-270). */
	return n > h->size || offset > h->size - n ? INVALID : OK;
}

uint32_t hash_set_mapping(struct hash *h, const uint32_t *entry, uint32_t n, uint32_t offset, uint32_t queues)
{
	uint32_t status = hash_check_mapping(h, n, offset);

	if (status != OK)
		return status;
	for (uint32_t i = 0; i < n; i++)
		if (entry[i] >= queues || entry[i] > UINT8_MAX)
			return INVALID;
	for (uint32_t i = 0; i < n; i++)
		h->mapping[offset + i] = (uint8_t)entry[i];
	return OK;
}

bool hash_steers(const struct hash *h)
{
	return h->algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_NONE && h->flags;
}

/* Returns the hash of the addresses and, unless NULL, the ports. They have the
 * hash's order in the frame, but there may be IP options between them. */
static struct hash_value hash_value_of(const struct hash *h, const uint8_t *addrs, uint32_t len, const uint8_t *ports,
				       uint8_t type)
{
	uint8_t input[TOEPLITZ_INPUT_MAX];

	memcpy(input, addrs, len);
	if (ports) {
		memcpy(input + len, ports, 4);
		len += 4;
	}
	return (struct hash_value){ true, type, toeplitz_hash(&h->toeplitz, input, len) };
}

struct hash_value hash_frame(const struct hash *h, const uint8_t *frame, size_t len)
{
	struct headers at = frame ? headers_parse(frame, len) : (struct headers){ .version = 0 };
	const uint8_t *tcp = at.l4 && at.proto == IPPROTO_TCP ? frame + at.l4 : NULL;

	/* netif.h requires the type of the most fields that is wanted. */
	if (at.version == 4 && tcp && (h->flags & XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP))
		return hash_value_of(h, frame + at.l3 + 12, 8, tcp, _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP);
	if (at.version == 4 && (h->flags & XEN_NETIF_CTRL_HASH_TYPE_IPV4))
		return hash_value_of(h, frame + at.l3 + 12, 8, NULL, _XEN_NETIF_CTRL_HASH_TYPE_IPV4);
	if (at.version == 6 && tcp && (h->flags & XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP))
		return hash_value_of(h, frame + at.l3 + 8, 32, tcp, _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP);
	if (at.version == 6 && (h->flags & XEN_NETIF_CTRL_HASH_TYPE_IPV6))
		return hash_value_of(h, frame + at.l3 + 8, 32, NULL, _XEN_NETIF_CTRL_HASH_TYPE_IPV6);
	return (struct hash_value){ false, 0, 0 };
}

uint32_t hash_queue(const struct hash *h, uint32_t value, uint32_t queues)
{
	return h->size ? h->mapping[value % h->size] : value % queues;
}

/* --- as text ------------------------------------------------------------- */

static void hash_print_bytes(char *text, size_t len, const uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n && len > 2; i++, text += 2, len -= 2)
		snprintf(text, len, "%02x", p[i]);
}

void hash_print(const struct hash *h, char *text, size_t len)
{
	char key[2 * HASH_KEY_MAX + 1] = "", mapping[2 * HASH_MAPPING_MAX + 1] = "";

	hash_print_bytes(key, sizeof(key), h->key, HASH_KEY_MAX);
	hash_print_bytes(mapping, sizeof(mapping), h->mapping, h->size);
	snprintf(text, len, "hash %" PRIu32 " %" PRIu32 " %s %" PRIu32 " %s", h->algorithm, h->flags, key,
		 h->size, mapping);
}

/* Parses n bytes in hexadecimal and advances *text. Returns false if there are fewer. */
static bool hash_parse_bytes(uint8_t *p, uint32_t n, const char **text)
{
	static const char digits[] = "0123456789abcdef";

	for (uint32_t i = 0; i < 2 * n; i++, (*text)++) {
		const char *digit = **text ? strchr(digits, **text) : NULL;

		if (!digit)
			return false;
		p[i / 2] = (uint8_t)(p[i / 2] << 4 | (digit - digits));
	}
	return true;
}

bool hash_parse(struct hash *h, const char *text, uint32_t queues)
{
	uint8_t key[HASH_KEY_MAX] = { 0 }, mapping[HASH_MAPPING_MAX] = { 0 };
	uint32_t algorithm, flags, size, entry[HASH_MAPPING_MAX];
	struct hash fresh;
	int used = 0;

	if (sscanf(text, "hash %" SCNu32 " %" SCNu32 " %n", &algorithm, &flags, &used) != 2 || used == 0)
		return false;
	text += used;
	used = 0;
	if (!hash_parse_bytes(key, HASH_KEY_MAX, &text) || sscanf(text, " %" SCNu32 " %n", &size, &used) != 1 ||
	    used == 0 || size > HASH_MAPPING_MAX)
		return false;
	text += used;
	if (!hash_parse_bytes(mapping, size, &text) || *text)
		return false;
	for (uint32_t i = 0; i < size; i++)
		entry[i] = mapping[i];
	/* The setters check the values, as they do for the frontend's. */
	hash_init(&fresh);
	if (hash_set_algorithm(&fresh, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ) != OK ||
	    hash_set_flags(&fresh, flags) != OK || hash_set_algorithm(&fresh, algorithm) != OK ||
	    hash_set_key(&fresh, key, HASH_KEY_MAX) != OK || hash_set_size(&fresh, size) != OK ||
	    hash_set_mapping(&fresh, entry, size, 0, queues) != OK)
		return false;
	*h = fresh;
	return true;
}
