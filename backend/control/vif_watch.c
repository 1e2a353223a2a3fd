/* SPDX-License-Identifier: MIT */
/* vif_watch.c - looks at the workers of a VIF, for vif_watch.h
 *
 * Control reads the memory of the counters, which costs neither side a system call. Only where a
 * worker has not moved since the last look it asks the data process for a sign of life, and does not
 * look again before that came: a process that is stopped has no worker that is stuck.
 */
#include <string.h>

#include "common/base/log.h"
#include "attach_stuck.h"
#include "vif.h"
#include "vif_watch.h"

/* Logs where the queues of a worker are. */
static void vif_watch_report(struct vif *v, unsigned int worker)
{
	unsigned int last = vif_counters_first_queue(&v->counters, worker + 1);
	char text[POSITIONS_TEXT_MAX];
	struct positions at;

	for (unsigned int q = vif_counters_first_queue(&v->counters, worker); q < last; q++) {
		if (!vif_counters_positions(&v->counters, q, &at))
			continue;
		positions_print(&at, text, sizeof(text));
		/* Not in the VIF's bucket, whose other lines must not hide it: there is one a queue in STUCK_LOOKS seconds at most. */
		log_error("a worker neither sleeps nor moves, its VIF is served anew vif=%s queue=%u worker=%u looks=%u %s",
			  v->name, q, worker, STUCK_LOOKS, text);
	}
}

void vif_watch(struct vif *v)
{
	bool suspect = false, found = false;

	if (!v->serving || v->attach.state != ATTACH_UP) {
		memset(v->stuck, 0, sizeof(v->stuck));
		return;
	}
	if (!attach_answers(&v->attach))
		return;
	for (unsigned int i = 0; i < v->counters.workers; i++) {
		switch (vif_counters_look(&v->counters, i, &v->stuck[i])) {
		case STUCK_NOT:
			break;
		case STUCK_SUSPECT:
			suspect = true;
			break;
		case STUCK_FOUND:
			found = true;
			vif_watch_report(v, i);
			break;
		}
	}
	if (found)
		attach_reset(&v->attach);
	else if (suspect)
		attach_probe(&v->attach);
}
