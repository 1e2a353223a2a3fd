/* SPDX-License-Identifier: MIT */
/* announce.c - when the frames of announce.h are sent */
#include "common/base/clock.h"
#include "announce.h"
#include "conn_internal.h"

/* RFC 4861 10: MAX_NEIGHBOR_ADVERTISEMENT, RETRANS_TIMER in microseconds. */
#define ANNOUNCE_ROUNDS 3u
#define ANNOUNCE_INTERVAL_US 1000000u

/* The time after which a frame that found no room on the ring is tried again, in microseconds. */
#define ANNOUNCE_AGAIN_US 10000u

void nic_announce_start(struct nic_conn *conn, const struct announce *what)
{
	conn->announce = (struct nic_announce){ .what = *what, .rounds = ANNOUNCE_ROUNDS };
}

bool nic_announce_is_due(const struct nic_conn *conn)
{
	return conn->announce.rounds && now_us() >= conn->announce.at;
}

uint32_t nic_announce_next(struct nic_conn *conn, uint8_t *buf)
{
	struct nic_announce *a = &conn->announce;

	if (a->next < announce_frames(&a->what))
		return announce_frame(&a->what, a->next++, buf);
	a->next = 0;
	a->rounds--;
	a->at = now_us() + ANNOUNCE_INTERVAL_US;
	return 0;
}

void nic_announce_put_off(struct nic_conn *conn)
{
	conn->announce.at = now_us() + ANNOUNCE_AGAIN_US;
}

int nic_announce_wait_ms(const struct nic_conn *conn)
{
	uint64_t now;

	if (!conn->announce.rounds)
		return -1;
	now = now_us();
	return conn->announce.at <= now ? 0 : (int)((conn->announce.at - now) / 1000u) + 1;
}
