/* SPDX-License-Identifier: MIT */
/* fuzz-vhost.c - a switch that answers anything and writes anything to the memory that it shares with the virtqueues
 *
 * Input: commands, each of one byte and further bytes. What must hold, whatever the switch does:
 * - the conversation says its messages in bounded number, each with a payload of the protocol's size, and ends or waits;
 * - a virtqueue never takes a chain that is not in flight, never has a descriptor twice, and never more than VIRTQ_SIZE of them.
 */
#include <errno.h>

#include "fuzz.h"
#include "common/wire/vhost_front.h"
#include "common/wire/virtq.h"

static uint8_t mem[VIRTQ_BYTES] __attribute__((aligned(4096)));

static void check_queue(const struct virtq *q)
{
	bool seen[VIRTQ_SIZE] = { false };
	unsigned int held = 0;

	for (unsigned int i = 0; i < q->nfree; i++) {
		PROMISE(q->free[i] < VIRTQ_SIZE && !seen[q->free[i]]);
		seen[q->free[i]] = true;
	}
	for (unsigned int i = 0; i < VIRTQ_SIZE; i++) {
		uint16_t at = (uint16_t)i;

		for (unsigned int n = q->chain[i]; n; n--, at = q->next[at]) {
			PROMISE(at < VIRTQ_SIZE && !seen[at]);
			seen[at] = true;
			held++;
		}
	}
	PROMISE(q->nfree + held == VIRTQ_SIZE);
}

static void take_all(struct virtq *q)
{
	int n = virtq_begin(q);
	uint32_t len;
	uint16_t id;

	PROMISE(n == -EPROTO || (n >= 0 && n <= q->in_flight));
	while (n-- > 0 && virtq_take(q, &id, &len) == 0)
		PROMISE(id < VIRTQ_SIZE && len <= VIRTQ_SIZE * VIRTQ_PAGE);
}

static void run_queue(const uint8_t *data, size_t size)
{
	struct virtq q;
	uint16_t ids[17];

	memset(mem, 0, 3 * VIRTQ_PAGE);
	virtq_init(&q, mem, VHOST_FRONT_ADDR, size & 1);
	while (size) {
		uint8_t what = eat8(&data, &size);
		unsigned int n = 1 + what / 8u % 17u, at;

		switch (what % 8) {
		case 0:
			if (q.nfree)
				virtq_post(&q);
			break;
		case 1:
			if (n > q.nfree)
				break;
			virtq_reserve(&q, ids, n);
			virtq_send(&q, ids, n, n * VIRTQ_PAGE - what);
			break;
		case 2:
			(void)!virtq_publish(&q);
			break;
		case 3:
			take_all(&q);
			break;
		case 4:
			(void)!virtq_rearm(&q);
			break;
		default:	/* the device writes, most often where the used ring begins */
			at = what & 0x80 ? eat16(&data, &size) % (3 * VIRTQ_PAGE) : VIRTQ_USED_AT + eat8(&data, &size) % 32u;
			mem[at] = eat8(&data, &size);
			break;
		}
		check_queue(&q);
	}
}

static void run_front(const uint8_t *data, size_t size)
{
	struct vhost_front f;
	unsigned int said = 0, most;

	vhost_front_init(&f, vhost_front_wants(eat8(&data, &size)), 1 + eat8(&data, &size) % VHOST_FRONT_PAIRS_MAX);
	most = 16 + 2 * f.pairs * 6;
	while (!f.ready) {
		enum vhost_front_fd fd;
		struct vhost_user_msg m;
		unsigned int vring;

		while (vhost_front_next(&f, &m, &fd, &vring)) {
			PROMISE(++said <= most && vring < 2 * f.pairs && m.head.size <= sizeof(m.payload));
			PROMISE((m.head.flags & VHOST_USER_VERSION_MASK) == VHOST_USER_VERSION);
		}
		if (f.ready || !size)
			break;
		PROMISE(f.awaits != 0);
		memset(&m, 0, sizeof(m));
		/* Most often an answer that is one, or the rest would never be said. */
		m.head = (struct vhost_user_head){ f.awaits, VHOST_USER_VERSION | VHOST_USER_REPLY, sizeof(m.payload.u64) };
		switch (eat8(&data, &size) % 8) {
		case 0:
			eat(&m, sizeof(m), &data, &size);
			break;
		case 1:
			eat(&m.payload, sizeof(m.payload), &data, &size);
			break;
		case 2:
			m.payload.u64 = ~0ull;
			break;
		case 3:
			m.payload.u64 = 16;
			break;
		}
		if (vhost_front_answer(&f, &m))
			return;
	}
	if (f.ready)
		PROMISE(f.offered && said >= 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (eat8(&data, &size) & 1)
		run_front(data, size);
	else
		run_queue(data, size);
	return 0;
}
