/* SPDX-License-Identifier: MIT */
/* forbidden.c - preloaded into netbackd: a data process does one thing that it must not
 *
 * The process of guest 1 takes the word in the file $FORBIDDEN_DIR/act before its sandbox, and
 * removes the file, so that the process started anew behaves. Once it has said CONNECTED, the
 * next worker that would sleep does the act. What comes of it goes to control as a line of the log:
 * "forbidden act=WORD denied errno=N", or "forbidden act=WORD allowed". An act that ends the
 * process says nothing. A lie is told without a line; what control does is what counts.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <xenevtchn.h>

#include "backend/data/msg.h"
#include "common/base/log.h"

#define SOCK 3
#define RINGS_MAX 64

static struct {
	char act[32];			/* "": none */
	pthread_t main_thread;
	pid_t control;
	atomic_bool connected, done;
	struct io_uring *ring[RINGS_MAX];
	unsigned int rings;
	xenevtchn_handle *events;
	int counters_fd;
	uint8_t *counters;
	size_t counters_len;
	const char *xenstored;
} f = { .counters_fd = -1 };

/* What the sandbox's user can read of the environment and the file system is read here. */
__attribute__((constructor)) static void forbidden_begin(int argc, char **argv)
{
	const char *dir = getenv("FORBIDDEN_DIR");
	char path[200];
	ssize_t n;
	int fd;

	if (!dir || argc != 2 || strcmp(argv[0], "netbackd: guest 1") != 0)
		return;
	snprintf(path, sizeof(path), "%s/act", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, f.act, sizeof(f.act) - 1);
	close(fd);
	f.act[n > 0 ? n : 0] = '\0';
	f.act[strcspn(f.act, "\n")] = '\0';
	unlink(path);
	f.main_thread = pthread_self();
	f.control = getppid();
	f.xenstored = getenv("XENSTORED_PATH");
}

static void *real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* --- what the process has -------------------------------------------------------------- */

int io_uring_queue_init(unsigned int entries, struct io_uring *ring, unsigned int flags)
{
	int (*fn)(unsigned int, struct io_uring *, unsigned int) = real("io_uring_queue_init");
	int err = fn(entries, ring, flags);

	if (!err && f.rings < RINGS_MAX)
		f.ring[f.rings++] = ring;
	return err;
}

int xenevtchn_restrict(xenevtchn_handle *h, domid_t domid)
{
	int (*fn)(xenevtchn_handle *, domid_t) = real("xenevtchn_restrict");

	f.events = h;
	return fn(h, domid);
}

/* Control asks for the seals of one memory only, the counters'. */
int fcntl(int fd, int cmd, ...)
{
	static int (*fn)(int, int, ...);
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!fn)
		fn = real("fcntl");
	if (cmd == F_GET_SEALS)
		f.counters_fd = fd;
	return fn(fd, cmd, arg);
}

void *mmap(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
	static void *(*fn)(void *, size_t, int, int, int, off_t);
	void *map;

	if (!fn)
		fn = real("mmap");
	map = fn(at, len, prot, flags, fd, off);
	if (fd >= 0 && fd == f.counters_fd && map != MAP_FAILED) {
		f.counters = map;
		f.counters_len = len;
	}
	return map;
}

/* --- to control -------------------------------------------------------------------------- */

/* Sends len bytes of a message, with so many descriptors. */
static int forbidden_send(const union msg *m, size_t len, unsigned int nfds)
{
	struct iovec iov = { (void *)(uintptr_t)m, len };
	union { char buf[CMSG_SPACE(2 * sizeof(int))]; struct cmsghdr align; } control = { .buf = { 0 } };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	const int fds[] = { 0, 0 };
	struct cmsghdr *c;

	if (nfds) {
		h.msg_control = control.buf;
		h.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	return (int)syscall(SYS_sendmsg, SOCK, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static union msg forbidden_msg(unsigned int kind)
{
	union msg m;

	memset(&m, 0, sizeof(m));
	m.head.version = MSG_VERSION;
	m.head.kind = (uint16_t)kind;
	return m;
}

static void forbidden_line(const char *text)
{
	union msg m = forbidden_msg(MSG_LOG);

	m.log.level = LOG_LEVEL_WARN;
	strncpy(m.log.text, text, sizeof(m.log.text) - 1);
	forbidden_send(&m, sizeof(m.log), 0);
}

/* Says what a call that came back gave. */
static void forbidden_result(bool denied, int err)
{
	char text[100];

	if (denied)
		snprintf(text, sizeof(text), "forbidden act=%s denied errno=%d", f.act, err);
	else
		snprintf(text, sizeof(text), "forbidden act=%s allowed", f.act);
	forbidden_line(text);
}

/* --- acts: system calls ------------------------------------------------------------------ */

static void forbidden_call(long ret)
{
	forbidden_result(ret < 0, errno);
}

static void forbidden_connect(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	strncpy(at.sun_path, path, sizeof(at.sun_path) - 1);
	/* A socket that it has, as it gets no other one. */
	forbidden_call(syscall(SYS_connect, SOCK, &at, sizeof(at)));
}

static void forbidden_exec(void)
{
	char sh[] = "/bin/sh", *argv[] = { sh, NULL };

	forbidden_call(syscall(SYS_execve, sh, argv, NULL));
}

static void forbidden_read_control(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)forbidden_exec, 1 };

	forbidden_call(syscall(SYS_process_vm_readv, f.control, &here, 1, &there, 1, 0));
}

static void forbidden_setup_ring(void)
{
	struct io_uring_params p = { .flags = 0 };

	forbidden_call(syscall(SYS_io_uring_setup, 4, &p));
}

/* A ring that it has: one that no worker uses yet is enabled by this one. */
static void forbidden_through_ring(void)
{
	struct io_uring_cqe *cqe;
	int ret = -ENOSYS;

	for (unsigned int i = 0; i < f.rings; i++) {
		struct io_uring_sqe *sqe;

		syscall(SYS_io_uring_register, f.ring[i]->ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
		sqe = io_uring_get_sqe(f.ring[i]);
		if (!sqe)
			continue;
		io_uring_prep_openat(sqe, AT_FDCWD, "/etc/passwd", O_RDONLY, 0);
		/* Not for this thread, or not enabled. */
		if (io_uring_submit_and_wait(f.ring[i], 1) < 0 || io_uring_peek_cqe(f.ring[i], &cqe))
			continue;
		ret = cqe->res;
		break;
	}
	/* No ring took it: that would show nothing. */
	if (ret == -ENOSYS)
		forbidden_line("forbidden act=ring_openat not tried");
	else
		forbidden_result(ret < 0, -ret);
}

static void forbidden_bind_port(void)
{
	int port = -1;

	for (evtchn_port_t other = 1; other < 64 && port < 0; other++)
		port = xenevtchn_bind_interdomain(f.events, 2, other);
	forbidden_result(port < 0, errno);
}

static void forbidden_map_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	forbidden_result(p == MAP_FAILED, errno);
}

/* --- acts: the counters, which control reads ----------------------------------------------- */

static void forbidden_counters_nonsense(void)
{
	memset(f.counters, 0xff, f.counters_len);
	forbidden_line(f.counters ? "forbidden act=counters_nonsense done" : "forbidden act=counters_nonsense not tried");
}

static void forbidden_counters_beyond(void)
{
	for (size_t i = 0; i < 1u << 20; i += 64)
		((volatile uint8_t *)f.counters)[f.counters_len + i] = 0xff;
	forbidden_line("forbidden act=counters_beyond done");
}

/* --- acts: lies to control -------------------------------------------------------------------- */

static void forbidden_flood(void)
{
	union msg m = forbidden_msg(MSG_LOG);

	m.log.level = LOG_LEVEL_ERROR;
	strcpy(m.log.text, "flood");
	for (unsigned int sent = 0; sent < 1000000; sent++)
		while (forbidden_send(&m, sizeof(m.log), 0) < 0 && errno == EAGAIN)
			sched_yield();
}

static void forbidden_lie(unsigned int kind, size_t len, uint32_t vif)
{
	union msg m = forbidden_msg(kind);

	m.head.vif = vif;
	forbidden_send(&m, len, 0);
}

static void forbidden_version(void)
{
	union msg m = forbidden_msg(MSG_CARRIER);

	m.head.version++;
	forbidden_send(&m, sizeof(m.carrier), 0);
}

static void forbidden_reason(void)
{
	union msg m = forbidden_msg(MSG_FAULT);

	m.fault.reason = REASON_MAX;
	forbidden_send(&m, sizeof(m.fault), 0);
}

static void forbidden_descriptors(void)
{
	union msg m = forbidden_msg(MSG_CARRIER);

	forbidden_send(&m, sizeof(m.carrier), 2);
}

static void forbidden_serving(void)
{
	union msg m = forbidden_msg(MSG_SERVING);

	strcpy(m.serving.connect.name, "vif2.0");
	m.serving.connect.queues = m.serving.connect.workers = 1;
	m.serving.connect.hold_ms = 1;
	forbidden_send(&m, sizeof(m.serving), 2);
}

static void forbidden_line_of_other(void)
{
	forbidden_line("disconnected vif=vif2.0 guest=2");
}

/* --- acts: a worker that does not come back ------------------------------------------------------- */

static bool forbidden_is_stuck(void)
{
	return strcmp(f.act, "spin") == 0 || strcmp(f.act, "hang") == 0;
}

static void forbidden_stick(void)
{
	const struct timespec hour = { .tv_sec = 3600 };
	volatile bool spins = strcmp(f.act, "spin") == 0;

	forbidden_line(spins ? "forbidden act=spin begins" : "forbidden act=hang begins");
	while (spins)
		;
	nanosleep(&hour, NULL);
}

/* --- one of them ------------------------------------------------------------------------------ */

static void forbidden_act(const char *act)
{
#define ACT(word_, call_) if (strcmp(act, word_) == 0) { call_; return; }
	ACT("open_privcmd", forbidden_call(syscall(SYS_openat, AT_FDCWD, "/dev/xen/privcmd", O_RDWR, 0)))
	ACT("open_passwd", forbidden_call(syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY, 0)))
	ACT("socket", forbidden_call(syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0)))
	ACT("connect_xenstored", forbidden_connect(f.xenstored))
	ACT("connect_dbus", forbidden_connect("/run/dbus/system_bus_socket"))
	ACT("connect_init", forbidden_connect("/run/systemd/private"))
	ACT("exec", forbidden_exec())
	ACT("fork", forbidden_call(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0)))
	ACT("ptrace_control", forbidden_call(syscall(SYS_ptrace, PTRACE_ATTACH, f.control, NULL, NULL)))
	ACT("ptrace_init", forbidden_call(syscall(SYS_ptrace, PTRACE_SEIZE, 1, NULL, NULL)))
	ACT("kill_control", forbidden_call(syscall(SYS_kill, f.control, SIGKILL)))
	ACT("kill_init", forbidden_call(syscall(SYS_kill, 1, 0)))
	ACT("read_control", forbidden_read_control())
	ACT("ring_setup", forbidden_setup_ring())
	ACT("ring_openat", forbidden_through_ring())
	ACT("bind_port", forbidden_bind_port())
	ACT("map_code", forbidden_map_code())
	ACT("counters_nonsense", forbidden_counters_nonsense())
	ACT("counters_beyond", forbidden_counters_beyond())
	ACT("counters_truncate", forbidden_call(syscall(SYS_ftruncate, f.counters_fd, 0)))
	ACT("flood", forbidden_flood())
	ACT("version", forbidden_version())
	ACT("length", forbidden_lie(MSG_CARRIER, sizeof(struct msg_carrier) - 1, 0))
	ACT("kind", forbidden_lie(99, sizeof(struct msg_carrier), 0))
	ACT("control_kind", forbidden_lie(MSG_END, sizeof(struct msg_end), 0))
	ACT("vif", forbidden_lie(MSG_CARRIER, sizeof(struct msg_carrier), 63))
	ACT("connected_twice", forbidden_lie(MSG_CONNECTED, sizeof(struct msg_connected), 0))
	ACT("disconnected", forbidden_lie(MSG_DISCONNECTED, sizeof(struct msg_disconnected), 0))
	ACT("applied", forbidden_lie(MSG_APPLIED, sizeof(struct msg_applied), 0))
	ACT("ready_twice", forbidden_lie(MSG_READY, sizeof(struct msg_ready), 0))
	ACT("serving", forbidden_serving())
	ACT("line_of_other", forbidden_line_of_other())
	ACT("reason", forbidden_reason())
	ACT("descriptors", forbidden_descriptors())
#undef ACT
	forbidden_line("forbidden: no such act");
}

/* --- when ------------------------------------------------------------------------------------ */

ssize_t sendmsg(int sock, const struct msghdr *h, int flags)
{
	const struct msg_head *m = h->msg_iovlen ? h->msg_iov[0].iov_base : NULL;

	if (f.act[0] && sock == SOCK && m && m->kind == MSG_CONNECTED)
		atomic_store(&f.connected, true);
	return syscall(SYS_sendmsg, sock, h, flags);
}

int epoll_wait(int epfd, struct epoll_event *ev, int n, int timeout)
{
	static int (*fn)(int, struct epoll_event *, int, int);

	if (!fn)
		fn = real("epoll_wait");
	if (f.act[0] && !forbidden_is_stuck() && atomic_load(&f.connected) && !pthread_equal(pthread_self(), f.main_thread) &&
	    !atomic_exchange(&f.done, true))
		forbidden_act(f.act);
	return fn(epfd, ev, n, timeout);
}

/* Here, as in epoll_wait() others see that the worker sleeps. */
int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t port)
{
	int (*fn)(xenevtchn_handle *, evtchn_port_t) = real("xenevtchn_unmask");

	if (f.act[0] && forbidden_is_stuck() && atomic_load(&f.connected) && !atomic_exchange(&f.done, true))
		forbidden_stick();
	return fn(h, port);
}
