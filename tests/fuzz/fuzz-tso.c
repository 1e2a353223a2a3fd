/* SPDX-License-Identifier: MIT */
/* fuzz-tso.c - splits any frame: no access is out of bounds, and the segments together have the payload
 *
 * Input: the virtio_net_hdr (10 bytes), the longest segment (2), then the frame.
 */
#include "common/wire/tso.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct virtio_net_hdr vh;
	struct tso s;
	uint8_t *frame, *out;
	uint32_t len, most, got, from, count = 0;

	eat(&vh, sizeof(vh), &data, &size);
	most = eat16(&data, &size);
	len = size < 65535 ? (uint32_t)size : 65535u;
	frame = malloc(len + 1);
	out = malloc(most + 1);
	PROMISE(frame && out);
	if (len)
		memcpy(frame, data, len);
	s = (struct tso){ .frame = malloc(PKT_LEN_MAX) };
	PROMISE(s.frame);
	if (tso_begin(&s, &vh, &(struct iovec){ frame, len }, 1, most) == 0) {
		from = s.h.end;
		for (got = tso_take(&s, out); got; got = tso_take(&s, out)) {
			uint32_t part = got - s.h.end;

			PROMISE(got <= most && got >= s.h.end && part <= vh.gso_size);
			PROMISE(part > 0 || len == s.h.end);
			PROMISE(from + part <= len && memcmp(out + s.h.end, frame + from, part) == 0);
			PROMISE(s.h.version == 6 || headers_sum(0, out + s.h.l3, (out[s.h.l3] & 15u) * 4u) == 0xffff);
			from += part;
			count++;
		}
		PROMISE(from == len && count > 0 && !s.left);
	}
	free(frame);
	free(out);
	free(s.frame);
	return 0;
}
