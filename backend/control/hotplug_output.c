/* SPDX-License-Identifier: MIT */
/* hotplug_output.c - for hotplug_output.h */
#include <errno.h>
#include <unistd.h>

#include "common/base/log.h"
#include "hotplug_msg.h"
#include "hotplug_output.h"

static void hotplug_output_line(struct hotplug_output *o, const char *vif, const char *script)
{
	char text[4 * HOTPLUG_LINE_MAX + 1];

	if (o->len == 0)
		return;
	hotplug_escape(text, sizeof(text), o->line, o->len);
	o->len = 0;
	if (++o->lines <= HOTPLUG_LINES_MAX)
		log_info("hotplug script says vif=%s script=%s line=\"%s\"", vif, script, text);
}

bool hotplug_output_read(struct hotplug_output *o, int fd, const char *vif, const char *script)
{
	char buf[4096];

	for (unsigned int turn = 0; turn < 16; turn++) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR);
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] != '\n')
				o->line[o->len++] = buf[i];
			if (buf[i] == '\n' || o->len == sizeof(o->line))
				hotplug_output_line(o, vif, script);
		}
	}
	return true;
}

void hotplug_output_end(struct hotplug_output *o, const char *vif, const char *script)
{
	hotplug_output_line(o, vif, script);
	if (o->lines > HOTPLUG_LINES_MAX)
		log_warn("hotplug script says more vif=%s script=%s lines=%u", vif, script, o->lines - HOTPLUG_LINES_MAX);
}
