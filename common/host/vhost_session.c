/* SPDX-License-Identifier: MIT */
/* vhost_session.c - sockets, memory and eventfds of vhost_session.h */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "vhost_session.h"

/* #syscalls sendmsg recvmsg close munmap eventfd eventfd2 shutdown */
/* #syscalls-some mmap */
/* #syscalls-before memfd_create ftruncate fcntl */
/* #syscalls-control memfd_create ftruncate fcntl */

/* What a switch may take to agree, in microseconds. */
#define SESSION_AGREE_US 10000000u

size_t vhost_memory_bytes(unsigned int pairs)
{
	return 2u * (size_t)pairs * VIRTQ_BYTES;
}

int vhost_memory_new(unsigned int pairs)
{
	int fd = memfd_create("vhost-user", MFD_CLOEXEC | MFD_ALLOW_SEALING), err;

	if (fd < 0)
		return -errno;
	/* The switch could shorten it under us, and an access would be the end of the process. */
	if (ftruncate(fd, (off_t)vhost_memory_bytes(pairs)) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static void session_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Makes the eventfds and queues of a pair. Returns 0 or -errno. */
static int session_init_pair(struct vhost_session *s, unsigned int i)
{
	struct vhost_pair *p = &s->pair[i];

	for (unsigned int k = 0; k < 2; k++) {
		p->kick[k] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		p->call[k] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (p->kick[k] < 0 || p->call[k] < 0)
			return -errno;
	}
	return 0;
}

int vhost_session_new(struct vhost_session **out, int sock, int memory_fd, unsigned int pairs, uint64_t wanted)
{
	struct vhost_session *s = calloc(1, sizeof(*s) + pairs * sizeof(s->pair[0]));
	void *p;
	int err = 0;

	if (!s) {
		close(sock);
		close(memory_fd);
		return -ENOMEM;
	}
	s->sock = sock;
	s->memory_fd = memory_fd;
	s->pairs = pairs;
	s->until = now_us() + SESSION_AGREE_US;
	vhost_front_init(&s->front, wanted, pairs);
	for (unsigned int i = 0; i < pairs; i++)
		memset(&s->pair[i].kick, -1, sizeof(s->pair[i].kick) + sizeof(s->pair[i].call));
	p = mmap(NULL, vhost_memory_bytes(pairs), PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
	if (p == MAP_FAILED)
		err = -errno;
	else
		s->memory = p;
	for (unsigned int i = 0; i < pairs && !err; i++)
		err = session_init_pair(s, i);
	if (err) {
		vhost_session_free(s);
		return err;
	}
	*out = s;
	return 0;
}

void vhost_session_hang_up(struct vhost_session *s)
{
	if (s->sock >= 0)
		shutdown(s->sock, SHUT_RDWR);
	session_close(&s->sock);
}

void vhost_session_free(struct vhost_session *s)
{
	if (!s)
		return;
	vhost_session_hang_up(s);
	session_close(&s->memory_fd);
	for (unsigned int i = 0; i < s->pairs; i++)
		for (unsigned int k = 0; k < 2; k++) {
			session_close(&s->pair[i].kick[k]);
			session_close(&s->pair[i].call[k]);
		}
	if (s->memory)
		munmap(s->memory, vhost_memory_bytes(s->pairs));
	free(s);
}

/* --- the conversation --------------------------------------------------------------------- */

/* Sends a message. All of a conversation fits the socket's buffer, so a switch that has no room reads nothing. Returns 0 or -errno. */
static int session_send(const struct vhost_session *s, const struct vhost_user_msg *m, int fd)
{
	union { char buf[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control;
	struct iovec iov[] = {
		{ (void *)(uintptr_t)&m->head, sizeof(m->head) }, { (void *)(uintptr_t)&m->payload, m->head.size },
	};
	struct msghdr h = { .msg_iov = iov, .msg_iovlen = ARRAY_SIZE(iov) };
	struct cmsghdr *c;
	ssize_t sent;

	if (fd >= 0) {
		memset(&control, 0, sizeof(control));
		h.msg_control = control.buf;
		h.msg_controllen = sizeof(control.buf);
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	sent = sendmsg(s->sock, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0)
		return errno == EAGAIN ? -EPROTO : -ECONNRESET;
	return (size_t)sent == sizeof(m->head) + m->head.size ? 0 : -EPROTO;
}

static int session_fd(const struct vhost_session *s, enum vhost_front_fd fd, unsigned int vring)
{
	const struct vhost_pair *p = &s->pair[vring / 2];

	switch (fd) {
	case VHOST_FD_NONE:
		break;
	case VHOST_FD_MEMORY:
		return s->memory_fd;
	case VHOST_FD_KICK:
		return p->kick[vring % 2];
	case VHOST_FD_CALL:
		return p->call[vring % 2];
	}
	return -1;
}

/* Reads what there is of one message. Descriptors are not taken: there is no room for them. Returns the number of its bytes that
 * are still missing; -EAGAIN: nothing came; -ECONNRESET; -EPROTO. */
static int session_receive_part(struct vhost_session *s, unsigned int want)
{
	/* Head and payload lie apart in the structure. */
	bool head = s->have < sizeof(s->got.head);
	uint8_t *to = head ? (uint8_t *)&s->got.head + s->have : (uint8_t *)&s->got.payload + (s->have - sizeof(s->got.head));
	struct iovec iov = { to, want - s->have };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t got;

	do
		got = recvmsg(s->sock, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? -EAGAIN : -ECONNRESET;
	if (got == 0)
		return -ECONNRESET;
	if (h.msg_flags & MSG_CTRUNC)
		return -EPROTO;
	s->have += (unsigned int)got;
	return (int)(want - s->have);
}

/* Receives one message. Returns 0; -EAGAIN: it is not complete; -ECONNRESET; -EPROTO with the reason in why. */
static int session_receive(struct vhost_session *s, const char **why)
{
	const unsigned int head = sizeof(s->got.head), all = head + sizeof(s->got.payload.u64);
	int err = 0;

	*why = "it passes descriptors";
	while (s->have < head && err >= 0)
		err = session_receive_part(s, head);
	if (err < 0)
		return err;
	*why = vhost_front_head(&s->front, &s->got.head);
	if (*why)
		return -EPROTO;
	*why = "it passes descriptors";
	while (s->have < all && err >= 0)
		err = session_receive_part(s, all);
	if (err < 0)
		return err;
	s->have = 0;
	*why = vhost_front_answer(&s->front, &s->got);
	return *why ? -EPROTO : 0;
}

static int session_say_all(struct vhost_session *s, const char **why)
{
	struct vhost_user_msg m;
	enum vhost_front_fd fd;
	unsigned int vring;
	int err = 0;

	while (!err && vhost_front_next(&s->front, &m, &fd, &vring))
		err = session_send(s, &m, session_fd(s, fd, vring));
	*why = "it does not take its messages";
	return err;
}

/* Sets up the queues, whose memory the switch gets next. All buffers of what it gives are posted. */
static void session_set_up(struct vhost_session *s)
{
	bool event_idx = s->front.features & 1ull << VIRTIO_RING_F_EVENT_IDX;

	s->features = s->front.features;
	for (unsigned int i = 0; i < s->pairs; i++) {
		uint8_t *mem = s->memory + 2u * (size_t)i * VIRTQ_BYTES;
		uint64_t addr = VHOST_FRONT_ADDR + 2ull * i * VIRTQ_BYTES;

		virtq_init(&s->pair[i].in, mem, addr, event_idx);
		virtq_init(&s->pair[i].out, mem + VIRTQ_BYTES, addr + VIRTQ_BYTES, event_idx);
		while (s->pair[i].in.nfree)
			virtq_post(&s->pair[i].in);
		(void)!virtq_publish(&s->pair[i].in);	/* it is kicked once it is ready */
	}
}

int vhost_session_run(struct vhost_session *s, const char **why)
{
	bool was = s->front.ready, offered = s->front.offered;
	int err;

	*why = atomic_load(&s->wrong);
	if (*why)
		return -EPROTO;
	do {
		err = session_say_all(s, why);
		if (!err)
			err = session_receive(s, why);
		if (!offered && s->front.offered && !err) {
			offered = true;
			session_set_up(s);
		}
	} while (!err);
	if (err != -EAGAIN)
		return err;
	if (s->front.ready && !was) {
		session_close(&s->memory_fd);
		for (unsigned int i = 0; i < s->pairs; i++)
			if (eventfd_write(s->pair[i].kick[0], 1) < 0)
				return -EPROTO;
		return 0;
	}
	*why = "it does not answer";
	return !s->front.ready && now_us() >= s->until ? -EPROTO : 0;
}
