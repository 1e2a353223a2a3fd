/* SPDX-License-Identifier: MIT */
/* flow.c - FNV-1a over addresses and ports, then mixed */
#include "flow.h"
#include "headers.h"

/* Bytes of a frame that are parsed; headers beyond are ignored. */
#define LOOK 128u

static uint32_t flow_add(uint32_t h, const uint8_t *p, size_t len)
{
	while (len--)
		h = (h ^ *p++) * 16777619u;
	return h;
}

uint32_t flow_hash(const uint8_t *frame, size_t len)
{
	struct headers h = headers_parse(frame, min_size(len, LOOK));
	uint32_t v = 2166136261u;

	if (h.version == 0)
		return 0;
	v = h.version == 4 ? flow_add(v, frame + h.l3 + 12, 8) : flow_add(v, frame + h.l3 + 8, 32);
	if (h.l4)
		v = flow_add(v, frame + h.l4, 4);
	/* FNV's low bits alone do not separate adjacent ports. */
	return v ^ v >> 15;
}
