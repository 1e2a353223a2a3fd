/* SPDX-License-Identifier: MIT */
/* attach_switch.c - hands switches over, for attach_switch.h */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/host/vhost_session.h"
#include "attach_switch.h"

/* Where it is served here the connection owns a descriptor of its own. */
static int attach_switch_here(struct attach *a, int sock, int memory)
{
	int mine = fcntl(sock, F_DUPFD_CLOEXEC, 0), err = -errno;

	if (mine < 0) {
		close(memory);
		return err;
	}
	vif_conn_switch(a->conn, mine, memory);
	return 0;
}

int attach_switch(struct attach *a, int sock, unsigned int workers)
{
	union msg m = msg_new(MSG_SWITCH, a->number);
	int memory = vhost_memory_new(workers);
	const int fds[] = { sock, memory };

	if (memory < 0)
		return memory;
	if (a->conn)
		return attach_switch_here(a, sock, memory);
	process_send(a->process, &m, fds, ARRAY_SIZE(fds));
	close(memory);
	return 0;
}

int attach_take_switch(struct attach *a)
{
	int fd = a->switch_fd - 1;

	a->switch_fd = 0;
	return fd;
}

void attach_run_switch(struct attach *a)
{
	if (a->conn)
		(void)!vif_conn_run_switch(a->conn);
}
