/* SPDX-License-Identifier: MIT */
/* conf.c - a connection's configuration as text */
#include <stdio.h>

#include "conf.h"

const char *vif_conf_channels(const struct vif_conf *conf)
{
	return conf->mask ? "mask" : conf->queue[0].gtx_port.raw != conf->queue[0].grx_port.raw ? "split" : "one";
}

void vif_conf_describe(const struct vif_conf *conf, char *text, size_t len)
{
	int used = snprintf(text, len, "ctrl=%u,%u mask=%u,%u", conf->ctrl_ref.raw, conf->ctrl_port.raw,
			    conf->mask_ref.raw, conf->mask_port.raw);

	for (unsigned int i = 0; i < conf->queues && used >= 0 && (size_t)used < len; i++)
		used += snprintf(text + used, len - (size_t)used, " %u,%u,%u,%u",
				 conf->queue[i].gtx_ref.raw, conf->queue[i].grx_ref.raw,
				 conf->queue[i].gtx_port.raw, conf->queue[i].grx_port.raw);
}
