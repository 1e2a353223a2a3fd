/* SPDX-License-Identifier: MIT */
/* fuzz-capring.c - what a data process may write into a ring of captured frames: the tool takes records that are
 * whole, or gives the ring up
 *
 * Input: prod and cons (4 bytes each), then bytes of the ring from cons on.
 */
#include <errno.h>

#include "common/wire/capring.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static alignas(64) uint8_t block[XEN_PAGE + CAPRING_BYTES];
	struct capring_reader r;
	struct capring_record rec;
	uint8_t *frame = malloc(CAPRING_SNAP_MAX);
	uint32_t prod = eat32(&data, &size), cons = eat32(&data, &size), at = cons & (CAPRING_BYTES - 1), used;
	size_t len = min_size(size, CAPRING_BYTES - at);

	PROMISE(frame);
	capring_read_at(&r, block, 1, 0);
	r.cons = cons;
	used = (uint32_t)len;
	eat(block + XEN_PAGE + at, len, &data, &size);
	r.shared->prod = prod;
	for (unsigned int i = 0; i < 1000; i++) {
		int got = capring_take(&r, &rec, frame);

		PROMISE(got == 1 || got == 0 || got == -EPROTO);
		if (got != 1)
			break;
		PROMISE(rec.caplen <= rec.len && rec.caplen <= CAPRING_SNAP_MAX && rec.drop < DROP_MAX && rec.to_guest <= 1);
		PROMISE(rec.kind == CAPRING_FRAME || rec.kind == CAPRING_WAKE);
		PROMISE(r.shared->cons == r.cons);
	}
	memset(block + XEN_PAGE + at, 0, used);
	r.shared->cons = 0;
	free(frame);
	return 0;
}
