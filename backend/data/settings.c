/* SPDX-License-Identifier: MIT */
/* settings.c - what workers see of settings that change while they run */
#include "common/base/clock.h"
#include "settings.h"

/* A worker that waits for credit sleeps a little longer than it must, so that it then
 * moves several frames and not one. It wakes often enough to see a new rate. The
 * bucket holds at least 10 ms of its rate. */
#define CREDIT_NAP_MS 4u
#define CREDIT_NAP_MAX_MS 200u

bool vif_settings_allows(struct vif_settings *settings, uint32_t direction)
{
	return !(settings->limited & direction) || !credit_limited(&settings->credit) ||
	       credit_allows(&settings->credit, now_us());
}

int vif_settings_wait_ms(struct vif_settings *settings)
{
	uint64_t now = now_us();

	if (!credit_limited(&settings->credit) || credit_allows(&settings->credit, now))
		return 0;
	return (int)min_size(credit_wait(&settings->credit, 1, now) / 1000u + CREDIT_NAP_MS, CREDIT_NAP_MAX_MS);
}

bool vif_settings_filtered(const struct vif_settings *settings, const uint8_t *addr)
{
	/* Read the flag first, as most frontends do not filter. */
	return atomic_load_explicit(&settings->filter, memory_order_relaxed) && mcast_applies(addr) &&
	       !mcast_match(settings->mcast, addr) &&
	       !atomic_load_explicit(&settings->all_multicast, memory_order_relaxed);
}

uint16_t vif_settings_headroom(const struct vif_settings *settings)
{
	return atomic_load_explicit(&settings->headroom, memory_order_relaxed);
}
