/* SPDX-License-Identifier: MIT */
/* fuzz-msg_data.c - messages of a data process that an attacker controls: one that passes the check can
 * be used as it is */
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "backend/data/reason_list.c"
#include "backend/data/msg.c"

/* Uses a message that has passed, as control does. */
static void use(const union msg *m, unsigned int nfds)
{
	struct vif_conf conf;
	struct reason why;

	PROMISE(nfds == (m->head.kind != MSG_SERVING ? 0 : m->serving.connect.flags & MSG_SERVING_SWITCH ? 3 : 2) && m->head.kind >= MSG_READY && m->head.vif < MSG_VIFS_MAX);
	switch ((enum msg_kind)m->head.kind) {
	case MSG_LOG:
		PROMISE(strnlen(m->log.text, MSG_TEXT_MAX) < MSG_TEXT_MAX && m->log.level <= LOG_LEVEL_DEBUG);
		for (const char *c = m->log.text; *c; c++)
			PROMISE(*c >= ' ' && *c < 0x7f);
		break;
	case MSG_CONNECTED:
		PROMISE(m->connected.err <= 0 && m->connected.err > -4096 && m->connected.reason < REASON_MAX);
		break;
	case MSG_READY:
		PROMISE(m->ready.err <= 0 && m->ready.err > -4096);
		break;
	case MSG_FAULT:
		reason_list_get(&why, m->fault.reason, 0);
		PROMISE(reason_list_number(&why) == m->fault.reason);
		break;
	case MSG_CARRIER:
		PROMISE(m->carrier.stalled <= 1);
		break;
	case MSG_DISCONNECTED:
	case MSG_APPLIED:
		break;
	case MSG_SERVING:
		PROMISE(strnlen(m->serving.connect.name, sizeof(m->serving.connect.name)) < sizeof(m->serving.connect.name));
		msg_get_conf(&conf, &m->serving.connect);
		PROMISE(conf.queues >= m->serving.connect.workers && conf.queues <= VIF_QUEUES_MAX);
		break;
	case MSG_HELLO:
	case MSG_CONNECT:
	case MSG_SETTINGS:
	case MSG_DISCONNECT:
	case MSG_LOG_LEVEL:
	case MSG_MAPPINGS:
	case MSG_END:
	case MSG_CAPTURE:
	case MSG_SWITCH:
		PROMISE(!"of the other direction");
	}
}

/* Input: the number of descriptors, then the message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	union { union msg m; uint8_t bytes[sizeof(union msg)]; } in;
	unsigned int nfds = eat8(&data, &size);
	size_t len = size;

	eat(&in, sizeof(in), &data, &size);
	if (msg_check(&in.m, len, nfds, MSG_FROM_DATA) == 0)
		use(&in.m, nfds);
	return 0;
}
