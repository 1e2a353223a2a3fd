/* SPDX-License-Identifier: MIT */
/* hotplug_output.h - what a hotplug script prints, line by line into the log
 *
 * A script may print what it likes, for as long as it likes: lines are bounded,
 * escaped, and at most HOTPLUG_LINES_MAX of a script are logged.
 */
#ifndef NETPAIR_BACKEND_HOTPLUG_OUTPUT_H
#define NETPAIR_BACKEND_HOTPLUG_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/util.h"

/* Bytes of one line of output; what is longer is two lines. */
#define HOTPLUG_LINE_MAX 200u

/* Lines of one script that are logged; the rest is counted. */
#define HOTPLUG_LINES_MAX 50u

/* One script's. The zero value is ready for use. */
struct hotplug_output {
	char line[HOTPLUG_LINE_MAX];
	size_t len;
	unsigned int lines;	/* so far */
};

/* Reads what is in the pipe fd, at most 64 KiB, and logs the whole lines. vif is
 * the VIF's name. Returns whether the pipe is still open. */
bool hotplug_output_read(struct hotplug_output *o, int fd, const char *vif, const char *script);

/* Logs what is left at the script's end: half a line, and the number of those not logged. */
void hotplug_output_end(struct hotplug_output *o, const char *vif, const char *script);

#endif
