/* SPDX-License-Identifier: MIT */
/* serve.c - the main thread of a data process: messages of control, events of workers
 *
 * The workers need nothing of this thread: what waits here for control delays no frame.
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/host/boost.h"
#include "common/host/declared.h"
#include "common/host/sandbox.h"
#include "handles.h"
#include "msg_sock.h"
#include "reason_list.h"
#include "serve.h"
#include "serve_vif.h"

/* #syscalls poll read close accept4 */
/* #syscalls-before eventfd epoll_create1 dup2 listen prctl */

/* What control may take to say HELLO, and how often a message is tried again that control had
 * no room for, in milliseconds. */
#define SERVE_HELLO_MS 10000
#define SERVE_AGAIN_MS 100

/* Interval at which it is looked whether a switch has kept its time limit, in milliseconds. */
#define SERVE_SWITCH_MS 1000

/* How long the process serves on without a control, in milliseconds. */
#define SERVE_ORPHAN_MS 60000

/* The most connections that wait to be accepted at the listening socket. */
#define SERVE_BACKLOG 8

/* Descriptors of the process itself, and of each worker: a set of handles, a TAP, what it waits on, and for a vhost-user port what
 * it shares with a switch, and with the one before that. */
#define SERVE_FILES 64u
#define SERVE_FILES_OF_WORKER 18u

static struct serve {
	_Atomic int sock;		/* control's; -1: there is none */
	uint32_t missing;		/* stages of the sandbox that the kernel does not have */
	struct serve_shared shared;
	struct serve_vif vif[MSG_VIFS_MAX];	/* by number */
} serve;

/* --- to control ---------------------------------------------------------------------------- */

/* Sends a message that must arrive. Where control is gone the end follows. */
static void serve_send_fds(const union msg *m, const int *fds, unsigned int nfds)
{
	struct pollfd room = { .fd = serve.sock, .events = POLLOUT };

	while (msg_send(serve.sock, m, fds, nfds) == -EAGAIN)
		poll(&room, 1, -1);
}

static void serve_send(const union msg *m)
{
	serve_send_fds(m, NULL, 0);
}

/* Any thread. Where there is no control a line is lost, and counted. */
static bool serve_put_line(enum log_level level, const char *text)
{
	union msg m = msg_new(MSG_LOG, 0);

	m.log.level = level;
	for (unsigned int i = 0; i < sizeof(m.log.text) - 1 && text[i]; i++)
		m.log.text[i] = isprint((unsigned char)text[i]) ? text[i] : '?';
	return msg_send(serve.sock, &m, NULL, 0) == 0;
}

/* Tells what control does not know. Returns false if it has no room for that now. */
static bool serve_tell_all(void)
{
	for (uint32_t i = 0; i < MSG_VIFS_MAX; i++) {
		struct serve_vif *v = &serve.vif[i];
		union msg m;

		if (v->conn)
			vif_conn_capture_reap(v->conn);
		while (v->conn && serve_vif_news(v, i, &m)) {
			if (msg_send(serve.sock, &m, NULL, 0) != -EAGAIN)
				continue;
			serve_vif_untold(v, &m);
			return false;
		}
	}
	return true;
}

/* Speaks with the switches at vhost-user ports. Returns true if one has a time limit. */
static bool serve_run_switches(void)
{
	bool waits = false;

	for (uint32_t i = 0; i < MSG_VIFS_MAX; i++)
		if (serve.vif[i].conn)
			waits = vif_conn_run_switch(serve.vif[i].conn) || waits;
	return waits;
}

/* --- from control ---------------------------------------------------------------------------- */

static void serve_connect(struct serve_vif *v, const struct msg_connect *m, const int *fds)
{
	union msg answer = msg_new(MSG_CONNECTED, m->head.vif);
	struct reason why;

	answer.connected.err = serve_vif_connect(v, &serve.shared, m, fds, &why);
	if (answer.connected.err)
		answer.connected.reason = reason_list_number(&why);
	serve_send(&answer);
}

static void serve_disconnect(struct serve_vif *v, uint32_t number)
{
	union msg answer = msg_new(MSG_DISCONNECTED, number);

	serve_vif_disconnect(v);
	serve_send(&answer);
}

/* Obeys a message. Returns 0; -ESHUTDOWN: it is END; -EPROTO: control does not speak as it must. */
static int serve_obey(const union msg *m, const int *fds)
{
	struct serve_vif *v = &serve.vif[m->head.vif];
	union msg answer;

	switch ((enum msg_kind)m->head.kind) {
	case MSG_CONNECT:
		if (v->conn)
			return -EPROTO;
		serve_connect(v, &m->connect, fds);
		return 0;
	case MSG_SETTINGS:
		serve_vif_set(v, &m->settings.values);
		answer = msg_new(MSG_APPLIED, m->head.vif);
		serve_send(&answer);
		return 0;
	case MSG_DISCONNECT:
		serve_disconnect(v, m->head.vif);
		return 0;
	case MSG_CAPTURE:
		serve_vif_capture(v, &m->capture, fds);
		return 0;
	case MSG_LOG_LEVEL:
		log_set_level((enum log_level)m->log_level.level);
		return 0;
	case MSG_MAPPINGS:
		serve_vif_may_map(&serve.shared, m->mappings.all);
		return 0;
	case MSG_SWITCH:
		if (!v->conn)
			return -EPROTO;
		vif_conn_switch(v->conn, fds[0], fds[1]);
		return 0;
	case MSG_END:
		return -ESHUTDOWN;
	case MSG_HELLO:
	case MSG_SERVING:
	case MSG_READY:
	case MSG_CONNECTED:
	case MSG_DISCONNECTED:
	case MSG_FAULT:
	case MSG_CARRIER:
	case MSG_LOG:
	case MSG_APPLIED:
		break;
	}
	return -EPROTO;
}

/* Returns 0; -ESHUTDOWN: the process is to end; other -errno: control is gone, or no control. */
static int serve_receive(void)
{
	int fds[MSG_FDS_MAX], err;
	unsigned int nfds;
	union msg m;

	do {
		err = msg_receive(serve.sock, &m, MSG_FROM_CONTROL, fds, &nfds);
		if (!err)
			err = serve_obey(&m, fds);
	} while (!err);
	return err == -EAGAIN ? 0 : err;
}

/* --- start and end ------------------------------------------------------------------------------- */

/* Takes HELLO, the first message. Returns 0 or -errno. */
static int serve_hello(struct msg_hello *hello)
{
	struct pollfd fd = { .fd = serve.sock, .events = POLLIN };
	int fds[MSG_FDS_MAX], err;
	unsigned int nfds;
	union msg m;

	if (poll(&fd, 1, SERVE_HELLO_MS) != 1)
		return -ETIMEDOUT;
	err = msg_receive(serve.sock, &m, MSG_FROM_CONTROL, fds, &nfds);
	if (!err && m.head.kind != MSG_HELLO)
		err = -EPROTO;
	if (!err)
		*hello = m.hello;
	return err;
}

static int serve_enter_sandbox(const struct msg_hello *hello, struct msg_ready *ready)
{
	const struct sandbox s = {
		.uid = hello->uid, .gid = hello->gid, .own_uid = hello->flags & MSG_HELLO_OWN_UID,
		/* An earlier process of the user counts until its parent has taken its exit status. */
		.threads = 2 * (hello->workers + 1), .files = SERVE_FILES + SERVE_FILES_OF_WORKER * hello->workers,
		.nice = boost_is_wanted(), .calls = declared_calls, .more_calls = declared_by_stand_in(), .ioctls = declared_ioctls,
	};
	enum sandbox_stage at;
	int err = sandbox_enter(&s, &ready->missing, &at);

	if (!err && ready->missing && (hello->flags & MSG_HELLO_STRICT))
		err = -ENOSYS;
	ready->err = err;
	ready->stage = err ? at : 0;
	return err;
}

/* Opens what has a name, and gives up all else. Returns 0, or -errno, which control was told. */
static int serve_begin(const struct msg_hello *hello)
{
	union msg ready = msg_new(MSG_READY, 0);
	char name[16];
	int err;

	snprintf(name, sizeof(name), "netbackd-%u", hello->domid);
	prctl(PR_SET_NAME, name);
	serve.shared.peer = domid_of((uint16_t)hello->domid);
	serve.shared.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	serve.shared.switch_fd = epoll_create1(EPOLL_CLOEXEC);
	err = serve.shared.wake_fd < 0 || serve.shared.switch_fd < 0 ? -errno : vif_handles_open(&serve.shared.handles, serve.shared.peer, hello->workers);
	/* Once more, so that SO_PEERCRED of a connection is this process. */
	if (!err && listen(SERVE_LISTENER, SERVE_BACKLOG) < 0)
		err = -errno;
	ready.ready.err = err;
	if (!err)
		err = serve_enter_sandbox(hello, &ready.ready);
	serve.missing = ready.ready.missing;
	ready.ready.sets = err ? 0 : vif_handles_left(serve.shared.handles);
	serve_send(&ready);
	return err;
}

/* Obeys control. Returns 0: it is gone; -ESHUTDOWN: the process is to end. */
static int serve_control(void)
{
	struct pollfd fd[] = {
		{ .fd = serve.sock, .events = POLLIN }, { .fd = serve.shared.wake_fd, .events = POLLIN },
		{ .fd = serve.shared.switch_fd, .events = POLLIN },
	};
	bool told = serve_tell_all(), waits = serve_run_switches();
	int err = 0;

	while (!err) {
		uint64_t count;

		if (poll(fd, ARRAY_SIZE(fd), !told ? SERVE_AGAIN_MS : waits ? SERVE_SWITCH_MS : -1) < 0)
			continue;
		if (fd[1].revents && read(serve.shared.wake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
			log_error("eventfd read failed errno=%d", errno);
		if (fd[0].revents)
			err = serve_receive();
		told = serve_tell_all();
		waits = serve_run_switches();
	}
	return err == -ESHUTDOWN ? err : 0;
}

/* Tells a new control what is served. */
static void serve_introduce(void)
{
	union msg m = msg_new(MSG_READY, 0);

	m.ready.missing = serve.missing;
	m.ready.sets = vif_handles_left(serve.shared.handles);
	for (uint32_t i = 0; i < MSG_VIFS_MAX; i++) {
		struct serve_vif *v = &serve.vif[i];
		union msg serving = msg_new(MSG_SERVING, i);
		int fds[] = { v->counters.fd, v->tap_fd, -1 };

		if (!v->conn)
			continue;
		fds[2] = vif_conn_switch_socket(v->conn);
		serving.serving.connect = v->made;
		serving.serving.connect.head = msg_new(MSG_SERVING, i).head;
		serving.serving.connect.mappings = atomic_load(&serve.shared.quota.guest_max);
		serving.serving.connect.flags |= fds[2] < 0 ? 0 : MSG_SERVING_SWITCH;
		serve_send_fds(&serving, fds, fds[2] < 0 ? 2 : 3);
		v->fault_told = v->stalled_told = false;
	}
	serve_send(&m);
}

/* A capture ends with the control that began it. */
static void serve_stop_captures(void)
{
	for (uint32_t i = 0; i < MSG_VIFS_MAX; i++)
		if (serve.vif[i].conn)
			vif_conn_capture_stop(serve.vif[i].conn);
}

/* Waits for another control. Returns false if none came in time, or one of another version. */
static bool serve_await_control(void)
{
	struct pollfd fd = { .fd = SERVE_LISTENER, .events = POLLIN };
	uint64_t until = now_us() + SERVE_ORPHAN_MS * 1000ull, now;
	struct msg_hello hello = { .domid = DOMID_FIRST_RESERVED };
	int err = -ECONNRESET;

	close(serve.sock);
	serve.sock = -1;
	serve_stop_captures();
	while (err == -ECONNRESET && (now = now_us()) < until && poll(&fd, 1, (int)((until - now) / 1000u) + 1) != 0) {
		/* A control that only checked for a listener has closed its end by now. */
		serve.sock = accept4(SERVE_LISTENER, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		err = serve.sock < 0 ? -ECONNRESET : serve_hello(&hello);
		if (err && serve.sock >= 0)
			close(serve.sock);
	}
	if (err || hello.domid != serve.shared.peer.raw)	/* Raw: a number of the message */
		return false;
	log_set_level((enum log_level)hello.log_level);
	serve_introduce();
	return true;
}

static void serve_stop_all(void)
{
	for (uint32_t i = 0; i < MSG_VIFS_MAX; i++)
		serve_vif_disconnect(&serve.vif[i]);
}

int vif_serve(void)
{
	struct msg_hello hello;

	log_init("netbackd", LOG_LEVEL_INFO);
	serve.sock = SERVE_SOCK;
	if (serve_hello(&hello))
		return EXIT_FAILURE;
	log_set_output(serve_put_line);
	log_set_level((enum log_level)hello.log_level);
	/* Until here it is control's, where the loader may have had something to say. */
	if (dup2(STDIN_FILENO, STDERR_FILENO) < 0 || serve_begin(&hello))
		return EXIT_FAILURE;
	while (serve_control() == 0 && serve_await_control())
		;
	serve_stop_all();
	return EXIT_SUCCESS;
}
