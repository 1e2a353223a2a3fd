/* SPDX-License-Identifier: MIT */
/* fuzz-parse.c - numbers, addresses and names of ports of xenstore: an accepted value must be what the text says */
#include <ctype.h>
#include <inttypes.h>

#include "common/host/store.h"
#include "common/wire/parse.h"
#include "common/wire/portname.h"
#include "fuzz.h"

static void check_u32(const char *text)
{
	uint32_t v = 0;
	char again[16];

	if (!parse_u32(&v, text))
		return;
	PROMISE(strspn(text, "0123456789") == strlen(text) && *text);
	while (*text == '0' && text[1])
		text++;
	snprintf(again, sizeof(again), "%" PRIu32, v);
	PROMISE(strcmp(again, text) == 0);
}

static void check_mac(const char *text)
{
	uint8_t mac[6];
	char again[18];

	if (!parse_mac(mac, text))
		return;
	PROMISE(strlen(text) == 17 && !(mac[0] & 1));
	snprintf(again, sizeof(again), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	for (int i = 0; i < 17; i++)
		PROMISE(tolower((unsigned char)text[i]) == again[i]);
}

static void check_port(const char *text)
{
	struct port_name name;
	char again[2 * PORT_NAME_MAX];

	if (port_name_parse(&name, text))
		return;
	snprintf(again, sizeof(again), "%s%s%s", port_kind_word(name.kind), *name.arg ? ":" : "", name.arg);
	PROMISE(strcmp(again, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	PROMISE(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	check_u32(text);
	check_mac(text);
	check_port(text);
	free(text);
	return 0;
}
