/* SPDX-License-Identifier: MIT */
/* nocapture.c - stands for backend/data/conn_capture.c where control is fuzzed, and no tool asks for a capture */
#include <errno.h>

#include "backend/data/conn_capture.h"
#include "fuzz.h"

int vif_conn_capture(struct vif_conn *conn, const struct capring_wish *wish, const struct capture_fds *fds)
{
	(void)conn;
	(void)wish;
	(void)fds;
	PROMISE(!"nobody captures");
	return -ENOSYS;
}

void vif_conn_capture_stop(struct vif_conn *conn) { (void)conn; }
void vif_conn_capture_reap(struct vif_conn *conn) { (void)conn; }
