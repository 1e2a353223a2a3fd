/* SPDX-License-Identifier: MIT */
/* rate.c - checks whether the rate lets a worker's run take frames */
#include "rate.h"

bool vif_rate_allows(struct vif_worker *vw, uint32_t direction)
{
	if (vif_settings_allows(vw->conn->settings, direction))
		return true;
	vw->throttled |= direction;
	return false;
}

bool vif_rate_is_back(const struct vif_worker *vw)
{
	return vw->throttled && vif_settings_allows(vw->conn->settings, vw->throttled);
}

int vif_rate_wait_ms(const struct vif_worker *vw)
{
	return vw->throttled ? vif_settings_wait_ms(vw->conn->settings) : -1;
}
