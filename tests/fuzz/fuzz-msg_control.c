/* SPDX-License-Identifier: MIT */
/* fuzz-msg_control.c - messages to a data process: one that passes the check can be used as it is */
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "backend/data/reason_list.c"
#include "backend/data/msg.c"

/* Uses a message that has passed, as a data process does. */
static void use(const union msg *m, unsigned int nfds)
{
	struct vif_conf conf;
	union msg again;

	PROMISE(m->head.kind < MSG_READY && m->head.vif < MSG_VIFS_MAX);
	if (m->head.kind == MSG_HELLO)
		PROMISE(m->hello.uid != 0 && m->hello.gid != 0 && m->hello.uid != UINT32_MAX);
	if (m->head.kind != MSG_CONNECT)
		return;
	PROMISE(strnlen(m->connect.name, sizeof(m->connect.name)) < sizeof(m->connect.name));
	PROMISE(nfds >= 1 + m->connect.workers && nfds <= MSG_FDS_MAX);
	msg_get_conf(&conf, &m->connect);
	PROMISE(conf.queues >= m->connect.workers && conf.queues <= VIF_QUEUES_MAX);
	/* Writing the configuration gives the same bytes as were read. */
	again = *m;
	memset(again.connect.queue, 0, sizeof(again.connect.queue));
	again.connect.flags &= MSG_CONNECT_ADOPT | MSG_CONNECT_TABLES | MSG_CONNECT_LIMIT;
	msg_put_conf(&again.connect, &conf);
	PROMISE(memcmp(&again.connect, &m->connect, sizeof(again.connect)) == 0);
}

/* Input: the number of descriptors, then the message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	union { union msg m; uint8_t bytes[sizeof(union msg)]; } in;
	unsigned int nfds = eat8(&data, &size);
	size_t len = size;

	eat(&in, sizeof(in), &data, &size);
	if (msg_check(&in.m, len, nfds, MSG_FROM_CONTROL) == 0)
		use(&in.m, nfds);
	return 0;
}
