/* SPDX-License-Identifier: MIT */
/* run-msg.c - the messages between control and a data process: each field is checked, descriptors
 * go along and none is leaked, and each reason has a number */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"
#include "backend/data/reason_list.c"
#include "backend/data/msg.c"
#include "backend/data/msg_sock.c"

static const uint16_t from_control[] = { MSG_HELLO, MSG_CONNECT, MSG_SETTINGS, MSG_DISCONNECT, MSG_LOG_LEVEL, MSG_END, MSG_MAPPINGS, MSG_CAPTURE };
static const uint16_t from_data[] = { MSG_READY, MSG_CONNECTED, MSG_DISCONNECTED, MSG_FAULT, MSG_CARRIER, MSG_LOG, MSG_SERVING, MSG_APPLIED };

/* Returns a valid message of this kind. */
static union msg good(uint16_t kind)
{
	union msg m = msg_new((enum msg_kind)kind, 0);

	if (kind == MSG_HELLO) {
		m.hello.domid = 7;
		m.hello.workers = 1;
		m.hello.uid = m.hello.gid = 65534;
	} else if (kind == MSG_CONNECT || kind == MSG_SERVING) {
		strcpy(m.connect.name, "vif7.0");
		m.connect.queues = m.connect.workers = m.connect.hold_ms = 1;
	} else if (kind == MSG_CAPTURE) {
		m.capture.flags = CAPRING_FROM_GUEST;
		m.capture.snap = 100;
	}
	return m;
}

static int check(const union msg *m, unsigned int nfds, enum msg_from from)
{
	return msg_check(m, msg_size(m->head.kind, from), nfds, from);
}

static unsigned int fds_of(const union msg *m)
{
	return m->head.kind == MSG_CONNECT || m->head.kind == MSG_SERVING || (m->head.kind == MSG_CAPTURE && m->capture.flags) ? 2 : 0;
}

static void each_kind_passes_one_way_only(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(from_control); i++) {
		union msg m = good(from_control[i]);

		assert_int_equal(check(&m, fds_of(&m), MSG_FROM_CONTROL), 0);
		assert_int_equal(msg_check(&m, msg_size(m.head.kind, MSG_FROM_CONTROL), fds_of(&m), MSG_FROM_DATA), -EPROTO);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(from_data); i++) {
		union msg m = good(from_data[i]);

		assert_int_equal(check(&m, fds_of(&m), MSG_FROM_DATA), 0);
		assert_int_equal(msg_check(&m, msg_size(m.head.kind, MSG_FROM_DATA), fds_of(&m), MSG_FROM_CONTROL), -EPROTO);
	}
}

static void length_version_kind_descriptors(void **state)
{
	union msg m = good(MSG_HELLO);

	(void)state;
	for (size_t len = 0; len < sizeof(m) + 1; len++)
		if (len != sizeof(m.hello))
			assert_int_equal(msg_check(&m, len, 0, MSG_FROM_CONTROL), -EPROTO);
	assert_int_equal(check(&m, 1, MSG_FROM_CONTROL), -EPROTO);
	m.head.version = MSG_VERSION + 1;
	assert_int_equal(check(&m, 0, MSG_FROM_CONTROL), -EPROTONOSUPPORT);
	m.head.version = MSG_VERSION;
	for (unsigned int kind = 0; kind < 65536; kind++) {
		m.head.kind = (uint16_t)kind;
		if (kind != MSG_HELLO)
			assert_int_equal(msg_check(&m, sizeof(m.hello), 0, MSG_FROM_CONTROL), -EPROTO);
	}
}

static void vif_numbers(void **state)
{
	union msg m;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(from_data); i++) {
		bool none = from_data[i] == MSG_READY || from_data[i] == MSG_LOG;

		m = good(from_data[i]);
		m.head.vif = none ? 1 : MSG_VIFS_MAX;
		assert_int_equal(check(&m, fds_of(&m), MSG_FROM_DATA), -EPROTO);
		m.head.vif--;
		assert_int_equal(check(&m, fds_of(&m), MSG_FROM_DATA), 0);
	}
	m = good(MSG_DISCONNECT);
	m.head.vif = UINT32_MAX;
	assert_int_equal(check(&m, 0, MSG_FROM_CONTROL), -EPROTO);
}

/* Writes value into a field of a valid message, which must then be refused. */
#define REFUSED(kind_, field_, value_) do { \
		union msg m_ = good(kind_); \
		m_.field_ = (value_); \
		assert_int_equal(check(&m_, fds_of(&m_), (kind_) < MSG_READY ? MSG_FROM_CONTROL : MSG_FROM_DATA), -EPROTO); \
	} while (0)

static void hello_fields(void **state)
{
	(void)state;
	REFUSED(MSG_HELLO, hello.domid, 0x7ff0);
	REFUSED(MSG_HELLO, hello.workers, 0);
	REFUSED(MSG_HELLO, hello.workers, MSG_WORKERS_MAX + 1);
	/* The user may be neither root nor -1, which setresuid(2) takes as "unchanged". */
	REFUSED(MSG_HELLO, hello.uid, 0);
	REFUSED(MSG_HELLO, hello.uid, UINT32_MAX);
	REFUSED(MSG_HELLO, hello.gid, 0);
	REFUSED(MSG_HELLO, hello.gid, UINT32_MAX);
	REFUSED(MSG_HELLO, hello.flags, MSG_HELLO_FLAGS + 1);
	REFUSED(MSG_HELLO, hello.log_level, LOG_LEVEL_DEBUG + 1);
}

static void capture_fields(void **state)
{
	union msg m = good(MSG_CAPTURE);

	(void)state;
	REFUSED(MSG_CAPTURE, capture.flags, CAPRING_DROPPED);
	REFUSED(MSG_CAPTURE, capture.flags, CAPRING_FLAGS + 1);
	REFUSED(MSG_CAPTURE, capture.snap, CAPRING_SNAP_MAX + 1);
	assert_int_equal(check(&m, 1, MSG_FROM_CONTROL), -EPROTO);
	assert_int_equal(check(&m, 3, MSG_FROM_CONTROL), -EPROTO);
	/* The end of a capture has neither bytes nor descriptors. */
	m.capture.flags = 0;
	assert_int_equal(check(&m, 0, MSG_FROM_CONTROL), -EPROTO);
	m.capture.snap = 0;
	assert_int_equal(check(&m, 0, MSG_FROM_CONTROL), 0);
	assert_int_equal(check(&m, 2, MSG_FROM_CONTROL), -EPROTO);
}

static void connect_fields(void **state)
{
	(void)state;
	REFUSED(MSG_CONNECT, connect.name[0], '\0');
	REFUSED(MSG_CONNECT, connect.name[3], '/');
	REFUSED(MSG_CONNECT, connect.name[15], '0');
	REFUSED(MSG_CONNECT, connect.flags, MSG_CONNECT_FLAGS + 1);
	REFUSED(MSG_CONNECT, connect.queues, 0);
	REFUSED(MSG_CONNECT, connect.queues, VIF_QUEUES_MAX + 1);
	REFUSED(MSG_CONNECT, connect.queues, UINT32_MAX);
	REFUSED(MSG_CONNECT, connect.workers, 0);
	REFUSED(MSG_CONNECT, connect.workers, 2);
	REFUSED(MSG_CONNECT, connect.mask_ref.raw, 1);
	REFUSED(MSG_CONNECT, connect.ctrl_port.raw, 1);
	REFUSED(MSG_CONNECT, connect.hold_ms, 0);
	REFUSED(MSG_CONNECT, connect.stall_ms, MSG_MS_MAX + 1);
	REFUSED(MSG_CONNECT, connect.limit_bytes, 1);
	REFUSED(MSG_CONNECT, connect.mappings, MSG_MAPPINGS_MAX + 1);
	REFUSED(MSG_CONNECT, connect.queue[1].gtx_ref.raw, 1);
	REFUSED(MSG_CONNECT, connect.header, 1);
	REFUSED(MSG_CONNECT, connect.device, 1);
	REFUSED(MSG_CONNECT, connect.flags, MSG_CONNECT_HEADER);
	REFUSED(MSG_CONNECT, connect.flags, MSG_CONNECT_USO);
	REFUSED(MSG_CONNECT, connect.values.limited, 4);
	REFUSED(MSG_CONNECT, connect.values.headroom, PKT_HEADROOM_MAX + 1);
	REFUSED(MSG_SETTINGS, settings.values.filter, 2);
	REFUSED(MSG_SETTINGS, settings.values.zero, 1);
	REFUSED(MSG_MAPPINGS, mappings.all, MSG_MAPPINGS_MAX + 1);
	REFUSED(MSG_MAPPINGS, mappings.zero, 1);
	REFUSED(MSG_LOG_LEVEL, log_level.level, LOG_LEVEL_DEBUG + 1);
}

static void masks_of_an_offload_header(void **state)
{
	static const struct { uint16_t header, device; bool ok; } cases[] = {
		{ 0x67, 0x67, true }, { 0x67, 0x07, true }, { 0x01, 0, true }, { 0x07, 0x67, false }, { 0, 0, false },
		{ 0x66, 0, false }, { 0x27, 0, false }, { 0x101, 0, false },
	};
	union msg m = good(MSG_CONNECT);

	(void)state;
	m.connect.flags = MSG_CONNECT_HEADER;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		m.connect.header = cases[i].header;
		m.connect.device = cases[i].device;
		assert_int_equal(check(&m, 2, MSG_FROM_CONTROL), cases[i].ok ? 0 : -EPROTO);
	}
}

static void a_connection_with_tables_has_one_worker(void **state)
{
	union msg m = good(MSG_CONNECT);

	(void)state;
	m.connect.queues = m.connect.workers = 2;
	assert_int_equal(check(&m, 3, MSG_FROM_CONTROL), 0);
	m.connect.flags = MSG_CONNECT_CTRL;
	assert_int_equal(check(&m, 3, MSG_FROM_CONTROL), -EPROTO);
	m.connect.flags = MSG_CONNECT_MASK;
	assert_int_equal(check(&m, 3, MSG_FROM_CONTROL), -EPROTO);
}

static void what_data_sends(void **state)
{
	(void)state;
	REFUSED(MSG_READY, ready.err, 1);
	REFUSED(MSG_READY, ready.err, INT32_MIN);
	REFUSED(MSG_READY, ready.stage, 1);
	REFUSED(MSG_CONNECTED, connected.err, 1);
	REFUSED(MSG_CONNECTED, connected.err, -4096);
	REFUSED(MSG_CONNECTED, connected.reason, 1);
	REFUSED(MSG_FAULT, fault.reason, REASON_MAX);
	REFUSED(MSG_FAULT, fault.zero, 1);
	REFUSED(MSG_CARRIER, carrier.stalled, 2);
	REFUSED(MSG_LOG, log.level, LOG_LEVEL_DEBUG + 1);
	REFUSED(MSG_LOG, log.text[0], '\n');
	REFUSED(MSG_LOG, log.text[0], '\x1b');
	REFUSED(MSG_LOG, log.text[1], 'a');
	REFUSED(MSG_LOG, log.text[MSG_TEXT_MAX - 1], 'a');
}

static void log_without_an_end(void **state)
{
	union msg m = good(MSG_LOG);

	(void)state;
	memset(m.log.text, 'a', sizeof(m.log.text));
	assert_int_equal(check(&m, 0, MSG_FROM_DATA), -EPROTO);
	m.log.text[MSG_TEXT_MAX - 1] = '\0';
	assert_int_equal(check(&m, 0, MSG_FROM_DATA), 0);
}

static void configuration_there_and_back(void **state)
{
	struct vif_conf conf = { .queues = 2, .mask = true, .mask_ref = { 9 }, .mask_port = { 10 }, .rx_notify = true,
				 .peer = { .csum4 = true, .gso6 = true, .sg = true } }, back;
	union msg m = good(MSG_CONNECT), was;

	(void)state;
	conf.queue[0].gtx_ref = gref_of(1);
	conf.queue[1].grx_port = evport_of(UINT32_MAX);
	msg_put_conf(&m.connect, &conf);
	assert_int_equal(check(&m, 2, MSG_FROM_CONTROL), 0);
	msg_get_conf(&back, &m.connect);
	assert_int_equal(back.queues, 2);
	assert_true(back.mask && !back.ctrl && back.rx_notify);
	assert_true(back.mask_ref.raw == 9 && back.mask_port.raw == 10);
	assert_true(back.peer.csum4 && !back.peer.csum6 && !back.peer.gso4 && back.peer.gso6 && back.peer.sg);
	assert_int_equal(back.queue[0].gtx_ref.raw, 1);
	assert_false(back.peer.header || back.peer.uso || back.header || back.device);
	conf.peer.header = conf.peer.uso = true;
	conf.header = 0x67, conf.device = 0x07;
	was = m;
	msg_put_conf(&m.connect, &conf);
	assert_false(msg_same_conf(&m.connect, &was.connect));
	assert_int_equal(check(&m, 2, MSG_FROM_CONTROL), 0);
	msg_get_conf(&back, &m.connect);
	assert_true(back.peer.header && back.peer.uso && back.header == 0x67 && back.device == 0x07);
	was = m;
	was.connect.device = 0x67;
	assert_false(msg_same_conf(&m.connect, &was.connect));
	assert_int_equal(back.queue[1].grx_port.raw, UINT32_MAX);
}

/* --- the socket ---------------------------------------------------------------------- */

static int pair[2];

static int pair_new(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int pair_end(void **state)
{
	(void)state;
	close(pair[0]);
	if (pair[1] >= 0)
		close(pair[1]);
	return 0;
}

/* Returns the lowest free descriptor: it is higher if descriptors were left open. */
static int lowest_free(void)
{
	int fd = dup(pair[0]);

	close(fd);
	return fd;
}

static void descriptors_go_along(void **state)
{
	int sent = dup(pair[0]), fds[MSG_FDS_MAX];
	union msg m = good(MSG_CONNECT), got;
	unsigned int n;

	(void)state;
	assert_int_equal(msg_send(pair[0], &m, (int[]){ sent, sent }, 2), 0);
	assert_int_equal(msg_receive(pair[1], &got, MSG_FROM_CONTROL, fds, &n), 0);
	assert_int_equal(n, 2);
	assert_true(fds[0] != sent && fds[1] != sent && fds[0] != fds[1]);
	assert_memory_equal(&got.connect, &m.connect, sizeof(m.connect));
	close(fds[0]);
	close(fds[1]);
	close(sent);
	assert_int_equal(msg_receive(pair[1], &got, MSG_FROM_CONTROL, fds, &n), -EAGAIN);
}

/* Sends raw bytes with descriptors, as a hostile process can. */
static void send_raw(const void *bytes, size_t len, unsigned int nfds)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
	union { char buf[CMSG_SPACE(64 * sizeof(int))]; struct cmsghdr align; } control;
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = nfds ? control.buf : NULL,
			    .msg_controllen = nfds ? CMSG_SPACE(nfds * sizeof(int)) : 0 };

	memset(&control, 0, sizeof(control));
	if (nfds) {
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		for (unsigned int i = 0; i < nfds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &pair[0], sizeof(int));
	}
	assert_int_equal(sendmsg(pair[0], &h, 0), (ssize_t)len);
}

static void a_refused_message_leaves_no_descriptor(void **state)
{
	union msg m = good(MSG_FAULT), got;
	char big[sizeof(union msg) + 8] = { 0 };
	int fds[MSG_FDS_MAX], before;
	unsigned int n;

	(void)state;
	before = lowest_free();
	for (unsigned int nfds = 1; nfds <= 40; nfds++) {
		send_raw(&m, sizeof(m.fault), nfds);
		assert_int_equal(msg_receive(pair[1], &got, MSG_FROM_DATA, fds, &n), -EPROTO);
		assert_int_equal(n, 0);
		assert_int_equal(lowest_free(), before);
	}
	memcpy(big, &m, sizeof(m.fault));
	send_raw(big, sizeof(big), 0);
	assert_int_equal(msg_receive(pair[1], &got, MSG_FROM_DATA, fds, &n), -EPROTO);
	send_raw(&m, 4, 3);
	assert_int_equal(msg_receive(pair[1], &got, MSG_FROM_DATA, fds, &n), -EPROTO);
	assert_int_equal(lowest_free(), before);
}

static void end_of_the_other(void **state)
{
	union msg m = good(MSG_DISCONNECT), got;
	int fds[MSG_FDS_MAX];
	unsigned int n;

	(void)state;
	assert_int_equal(msg_send(pair[1], &m, NULL, 0), 0);
	close(pair[1]);
	pair[1] = -1;
	assert_int_equal(msg_receive(pair[0], &got, MSG_FROM_CONTROL, fds, &n), 0);
	assert_int_equal(msg_receive(pair[0], &got, MSG_FROM_CONTROL, fds, &n), -ECONNRESET);
	assert_int_equal(msg_send(pair[0], &m, NULL, 0), -EPIPE);
}

static void a_full_socket_does_not_block(void **state)
{
	union msg m = good(MSG_LOG);
	int err = 0;

	(void)state;
	for (unsigned int i = 0; i < 100000 && !err; i++)
		err = msg_send(pair[0], &m, NULL, 0);
	assert_int_equal(err, -EAGAIN);
}

/* --- reasons ----------------------------------------------------------------------------- */

static void reasons_by_number(void **state)
{
	struct reason r, none;

	(void)state;
	for (unsigned int i = 0; i < REASON_MAX; i++) {
		reason_list_get(&r, i, -EINVAL);
		assert_int_equal(reason_list_number(&r), i);
		assert_int_equal(r.err, -EINVAL);
	}
	assert_int_equal(reason_list_number(&(struct reason){ .what = "not in the list" }), REASON_NONE);
	assert_int_equal(reason_list_number(&(struct reason){ .what = NULL }), REASON_NONE);
	reason_list_get(&r, UINT32_MAX, 0);
	reason_list_get(&none, REASON_NONE, 0);
	assert_string_equal(r.what, none.what);
}

/* A text that is not in the list is never stored in a reason. */
static void a_reason_is_of_the_list(void **state)
{
	struct reason r = { .what = "as before" };
	char text[REASON_TEXT_MAX];

	(void)state;
	assert_int_equal(reason_list_fail(&r, "cannot start the worker", 0), 0);
	assert_string_equal(r.what, "as before");
	assert_int_equal(reason_list_fail(&r, "cannot start the worker", -EAGAIN), -EAGAIN);
	reason_print(text, sizeof(text), &r);
	assert_string_equal(text, "cannot start the worker: no more threads or locks are allowed");
	assert_int_equal(reason_list_fail(&r, "what a guest would have us say", -EIO), -EIO);
	assert_int_equal(reason_list_number(&r), REASON_NONE);
	assert_null(strstr(r.what, "guest"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_passes_one_way_only),
		cmocka_unit_test(length_version_kind_descriptors),
		cmocka_unit_test(vif_numbers),
		cmocka_unit_test(hello_fields),
		cmocka_unit_test(connect_fields),
		cmocka_unit_test(masks_of_an_offload_header),
		cmocka_unit_test(capture_fields),
		cmocka_unit_test(a_connection_with_tables_has_one_worker),
		cmocka_unit_test(what_data_sends),
		cmocka_unit_test(log_without_an_end),
		cmocka_unit_test(configuration_there_and_back),
		cmocka_unit_test_setup_teardown(descriptors_go_along, pair_new, pair_end),
		cmocka_unit_test_setup_teardown(a_refused_message_leaves_no_descriptor, pair_new, pair_end),
		cmocka_unit_test_setup_teardown(end_of_the_other, pair_new, pair_end),
		cmocka_unit_test_setup_teardown(a_full_socket_does_not_block, pair_new, pair_end),
		cmocka_unit_test(reasons_by_number), cmocka_unit_test(a_reason_is_of_the_list),
	};

	return RUN_TESTS(tests);
}
