/* SPDX-License-Identifier: MIT */
/* nic_watch.c - looks at the worker of a NIC, for nic_watch.h */
#include "common/base/log.h"
#include "nic.h"
#include "nic_watch.h"

static void nic_watch_report(struct nic *n)
{
	char text[POSITIONS_TEXT_MAX];
	struct positions at;

	for (unsigned int q = 0; nic_conn_positions(n->conn, q, &at); q++) {
		positions_print(&at, text, sizeof(text));
		/* Not in the NIC's bucket, whose other lines must not hide it. */
		log_error("the worker neither sleeps nor moves, the NIC connects anew once it ends; else restart netfrontd "
			  "nic=%s queue=%u looks=%u %s", n->name, q, STUCK_LOOKS, text);
	}
}

bool nic_watch(struct nic *n)
{
	if (n->stuck)
		return true;
	if (!n->conn || !n->attached) {
		n->watch = (struct stuck){ .looks = 0 };
		return false;
	}
	if (nic_conn_look(n->conn, &n->watch) != STUCK_FOUND)
		return false;
	nic_watch_report(n);
	n->stuck = true;
	return true;
}

bool nic_watch_holds(struct nic *n)
{
	if (!n->stuck)
		return false;
	if (!nic_conn_try_stop(n->conn))
		return true;
	n->stuck = false;
	n->replaced = true;
	n->attempts = 0;
	n->not_before = 0;
	return false;
}
