/* SPDX-License-Identifier: MIT */
/* announce.c - when the frames of announce.h are sent */
#include <errno.h>

#include "../common/errtext.h"
#include "../common/log.h"
#include "../common/netaddr.h"
#include "frontend.h"

/* RFC 4861 10: MAX_NEIGHBOR_ADVERTISEMENT, RETRANS_TIMER in microseconds. */
#define ANNOUNCE_ROUNDS 3u
#define ANNOUNCE_INTERVAL_US 1000000u

/* How soon a frame is tried again that lacked room on the ring. */
#define ANNOUNCE_AGAIN_US 10000u

void nic_announce_prepare(struct nic *n)
{
	struct nic_announce *a = &n->link->announce;
	struct netdev dev;
	int err = netdev_open(&dev, n->tap_fd);

	*a = (struct nic_announce){ .rounds = 0 };
	if (!err) {
		err = netaddr_list(&a->what, &dev);
		netdev_close(&dev);
	}
	if (err && err != -ENETDOWN)
		log_warn_in(&n->log, "cannot list the device's addresses, they are not announced nic=%s error=\"%s\"",
			    n->name, errtext(ERRTEXT_TAP, -err));
	if (err)
		return;
	a->rounds = ANNOUNCE_ROUNDS;
	log_debug("announcing nic=%s addresses=%u", n->name, a->what.count);
}

bool nic_announce_is_due(const struct nic_link *l)
{
	return l->announce.rounds && now_us() >= l->announce.at;
}

uint32_t nic_announce_next(struct nic_link *l, uint8_t *buf)
{
	struct nic_announce *a = &l->announce;

	if (a->next < announce_frames(&a->what))
		return announce_frame(&a->what, a->next++, buf);
	a->next = 0;
	a->rounds--;
	a->at = now_us() + ANNOUNCE_INTERVAL_US;
	return 0;
}

void nic_announce_put_off(struct nic_link *l)
{
	l->announce.at = now_us() + ANNOUNCE_AGAIN_US;
}

int nic_announce_wait_ms(const struct nic_link *l)
{
	uint64_t now;

	if (!l->announce.rounds)
		return -1;
	now = now_us();
	return l->announce.at <= now ? 0 : (int)((l->announce.at - now) / 1000u) + 1;
}
