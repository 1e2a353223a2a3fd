/* SPDX-License-Identifier: MIT */
/* fuzz-hash.c - hash messages and frames in any order: the chosen queue always exists, and the saved
 * text is read back as the same settings
 *
 * Input: the number of queues (1 byte), then steps, each of one byte and its numbers.
 */
#include "common/wire/hash.h"
#include "fuzz.h"

static void set_mapping(struct hash *h, uint32_t queues, const uint8_t **data, size_t *size)
{
	uint32_t n = eat32(data, size), offset = eat32(data, size), entry[HASH_MAPPING_MAX];
	struct hash before = *h;

	if (n % 4)	/* mostly an offset that can fit */
		n %= 160, offset %= 160;
	for (uint32_t i = 0; i < n && i < HASH_MAPPING_MAX; i++)
		entry[i] = eat8(data, size) & 31u;
	if (hash_check_mapping(h, n, offset) != XEN_NETIF_CTRL_STATUS_SUCCESS)
		return;
	PROMISE((uint64_t)n + offset <= h->size);
	if (hash_set_mapping(h, entry, n, offset, queues) != XEN_NETIF_CTRL_STATUS_SUCCESS)
		PROMISE(memcmp(h, &before, sizeof(before)) == 0);
}

static void steer(struct hash *h, uint32_t queues, const uint8_t **data, size_t *size)
{
	size_t len = eat8(data, size);
	uint8_t *frame = malloc(len + 1);
	struct hash_value v;

	PROMISE(frame);
	eat(frame, len, data, size);
	v = hash_frame(h, frame, len);
	free(frame);
	PROMISE(v.known || v.value == 0);
	PROMISE(!v.known || (h->flags & 1u << v.type));
	PROMISE(hash_queue(h, v.value, queues) < queues);
}

static void through_text(struct hash *h, uint32_t queues)
{
	char text[HASH_TEXT_MAX];
	struct hash back;

	hash_print(h, text, sizeof(text));
	PROMISE(hash_parse(&back, text, queues));
	PROMISE(back.size == h->size && memcmp(back.key, h->key, sizeof(h->key)) == 0);
	PROMISE(memcmp(back.mapping, h->mapping, sizeof(h->mapping)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t queues = eat8(&data, &size) % 16 + 1u, out, status = 0;
	uint8_t key[HASH_KEY_MAX];
	struct hash h;

	hash_init(&h);
	while (size) {
		switch (eat8(&data, &size) % 8) {
		case 0: status = hash_set_algorithm(&h, eat8(&data, &size) % 3); break;
		case 1: status = hash_set_flags(&h, eat8(&data, &size) % 20); break;
		case 2:
			out = eat32(&data, &size) % 50;
			eat(key, sizeof(key), &data, &size);
			status = hash_set_key(&h, key, out);
			break;
		case 3: status = hash_set_size(&h, eat8(&data, &size)); break;
		case 4: set_mapping(&h, queues, &data, &size); break;
		case 5: through_text(&h, queues); break;
		case 6: status = hash_get_flags(&h, &out); break;
		default: steer(&h, queues, &data, &size); break;
		}
		PROMISE(status <= XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW);
	}
	return 0;
}
