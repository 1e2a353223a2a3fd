/* SPDX-License-Identifier: MIT */
/* backend.c - a vhost-user back-end that lies on request: backend SOCKET LIE
 *
 * It connects to the port's socket, answers as an honest switch does, and echoes frames: what it gets it gives back. LIE is a row
 * of `lies`; most are told once the queues are there. It ends once the port has hung up, with 0, and prints how; with 1 if the port did not
 * hang up within 20 seconds. "honest" echoes until it is killed.
 */
#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/wire/vhost_user.h"
#include <linux/virtio_ring.h>

#define SIZE 256u
#define VRINGS 32u

static const char *lie;
static int sock;
static uint8_t *mem;
static struct vhost_user_memory table;
static struct ring {
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t last;
	bool enabled;
	int kick, call;
} vring[VRINGS];

static bool is(const char *name) { return strcmp(lie, name) == 0; }

static void *at(uint64_t addr)
{
	return addr - table.guest_addr < table.size ? mem + (addr - table.guest_addr) : NULL;
}

static void fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- messages ------------------------------------------------------------------------------- */

static void send_raw(const void *p, size_t len, int fd)
{
	union { char buf[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control;
	struct iovec iov = { (void *)(uintptr_t)p, len };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		memset(&control, 0, sizeof(control));
		h.msg_control = control.buf;
		h.msg_controllen = sizeof(control.buf);
		CMSG_FIRSTHDR(&h)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&h)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&h)->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&h)), &fd, sizeof(fd));
	}
	(void)!sendmsg(sock, &h, MSG_NOSIGNAL);
}

static void answer(uint32_t request, uint64_t value)
{
	uint8_t out[20];
	struct vhost_user_head head = { request, VHOST_USER_VERSION | VHOST_USER_REPLY, sizeof(value) };

	memcpy(out, &head, sizeof(head));
	memcpy(out + sizeof(head), &value, sizeof(value));
	send_raw(out, sizeof(out), -1);
}

/* Tells the lies about answers. Returns false if there is no such lie now. */
static bool lie_in_answer(uint32_t request)
{
	struct vhost_user_head head = { request, VHOST_USER_VERSION | VHOST_USER_REPLY, 8 };
	uint8_t junk[4096];

	memset(junk, 0xff, sizeof(junk));
	if (request == VHOST_USER_GET_FEATURES && is("silent"))
		return true;
	if (request == VHOST_USER_GET_FEATURES && is("no-features"))
		return answer(request, 0), true;
	if (request == VHOST_USER_GET_FEATURES && is("half-answer"))
		return send_raw(&head, 7, -1), shutdown(sock, SHUT_WR), true;
	if (request == VHOST_USER_GET_FEATURES && is("junk"))
		return send_raw(junk, sizeof(junk), -1), true;
	if (request == VHOST_USER_GET_FEATURES && is("huge-size"))
		return head.size = 0xfffffff0, send_raw(&head, sizeof(head), -1), true;
	if (request == VHOST_USER_GET_FEATURES && is("wrong-request"))
		return answer(VHOST_USER_GET_QUEUE_NUM, ~0ull), true;
	if (request == VHOST_USER_GET_FEATURES && is("wrong-version"))
		return head.flags = VHOST_USER_REPLY | 2, send_raw(&head, sizeof(head), -1), true;
	if (request == VHOST_USER_GET_FEATURES && is("descriptors"))
		return send_raw(&head, sizeof(head), 0), true;
	if (request == VHOST_USER_GET_QUEUE_NUM && is("no-queues"))
		return answer(request, 0), true;
	if (request == VHOST_USER_SET_MEM_TABLE && is("refuses-memory"))
		return answer(request, 1), true;
	if (request == VHOST_USER_SET_VRING_ENABLE && is("ends-early"))
		exit(0);
	return false;
}

static void take_memory(const struct vhost_user_memory *m, int fd)
{
	table = *m;
	mem = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		fail("mmap");
	if (is("shrinks-memory") && ftruncate(fd, 0) == 0)
		printf("shortened, ");
	if (is("grows-memory") && ftruncate(fd, 1 << 30) == 0)
		printf("lengthened, ");
}

/* Obeys a message. */
static void obey(const struct vhost_user_msg *m, int fd)
{
	uint32_t request = m->head.request, i = m->payload.state.index % VRINGS;
	struct ring *v = &vring[i];
	uint64_t value = 0;

	if (request == VHOST_USER_SET_MEM_TABLE)
		take_memory(&m->payload.memory, fd);
	else if (request == VHOST_USER_SET_VRING_ADDR)
		v->desc = at(m->payload.addr.desc), v->avail = at(m->payload.addr.avail), v->used = at(m->payload.addr.used);
	else if (request == VHOST_USER_SET_VRING_KICK)
		vring[m->payload.u64 % VRINGS].kick = fd;
	else if (request == VHOST_USER_SET_VRING_CALL)
		vring[m->payload.u64 % VRINGS].call = fd;
	else if (request == VHOST_USER_SET_VRING_ENABLE)
		v->enabled = m->payload.state.num;
	if (lie_in_answer(request))
		return;
	if (request == VHOST_USER_GET_FEATURES)
		value = 1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_NET_F_MRG_RXBUF | 1ull << VHOST_USER_F_PROTOCOL_FEATURES |
			(is("plain") ? 0 : 1ull << VIRTIO_NET_F_CSUM | 1ull << VIRTIO_NET_F_HOST_TSO4 | 1ull << VIRTIO_RING_F_EVENT_IDX);
	else if (request == VHOST_USER_GET_PROTOCOL_FEATURES)
		value = 1ull << VHOST_USER_PROTOCOL_F_MQ | (is("plain") ? 0 : 1ull << VHOST_USER_PROTOCOL_F_REPLY_ACK);
	else if (request == VHOST_USER_GET_QUEUE_NUM)
		value = 8;
	else if (!(m->head.flags & VHOST_USER_NEED_REPLY))
		return;
	answer(request, value);
}

/* Reads exactly so many bytes. Returns false once the port has hung up. */
static bool read_all(void *to, size_t len, int *fd)
{
	union { char buf[CMSG_SPACE(8 * sizeof(int))]; struct cmsghdr align; } control;
	size_t have = 0;

	while (have < len) {
		struct iovec iov = { (uint8_t *)to + have, len - have };
		struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof(control.buf) };
		ssize_t got = recvmsg(sock, &h, 0);

		if (got <= 0)
			return false;
		if (CMSG_FIRSTHDR(&h) && CMSG_FIRSTHDR(&h)->cmsg_type == SCM_RIGHTS)
			memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&h)), sizeof(*fd));
		have += (size_t)got;
	}
	return true;
}

static bool serve_message(void)
{
	struct vhost_user_msg m;
	int fd = -1;

	memset(&m, 0, sizeof(m));
	if (!read_all(&m.head, sizeof(m.head), &fd) || m.head.size > sizeof(m.payload) || !read_all(&m.payload, m.head.size, &fd))
		return false;
	obey(&m, fd);
	return true;
}

/* --- frames ----------------------------------------------------------------------------------- */

static void call(struct ring *v)
{
	uint64_t one = 1;

	(void)!write(v->call, &one, sizeof(one));
}

static void use(struct ring *v, uint32_t id, uint32_t len)
{
	v->used->ring[v->used->idx % SIZE] = (struct vring_used_elem){ id, len };
	__atomic_store_n(&v->used->idx, (uint16_t)(v->used->idx + 1), __ATOMIC_RELEASE);
}

/* Gives the port one buffer with these bytes. Returns false if it has posted none. */
static bool give(struct ring *v, const void *frame, uint32_t len, uint32_t said)
{
	uint16_t id;

	if (__atomic_load_n(&v->avail->idx, __ATOMIC_ACQUIRE) == v->last)
		return false;
	id = v->avail->ring[v->last++ % SIZE];
	memcpy(at(v->desc[id].addr), frame, len);
	use(v, id, said);
	call(v);
	return true;
}

/* Takes frames of the guest, and gives them back. */
static void echo(void)
{
	struct ring *in = &vring[0], *out = &vring[1];

	while (__atomic_load_n(&out->avail->idx, __ATOMIC_ACQUIRE) != out->last) {
		uint16_t id = out->avail->ring[out->last++ % SIZE];
		uint8_t frame[4096];
		uint32_t len = out->desc[id].len;

		if (len <= sizeof(frame) && !(out->desc[id].flags & VRING_DESC_F_NEXT)) {
			memcpy(frame, at(out->desc[id].addr), len);
			((struct virtio_net_hdr_mrg_rxbuf *)(void *)frame)->num_buffers = 1;
			((struct virtio_net_hdr_mrg_rxbuf *)(void *)frame)->hdr.flags = 0;
			give(in, frame, len, len);
		}
		use(out, id, 0);
	}
}

static bool up(void) { return vring[0].enabled && vring[1].enabled; }

/* Tells a lie in the shared memory. Returns false if there is none of that name. */
static bool lie_in_memory(void)
{
	struct ring *in = &vring[0], *out = &vring[1];
	struct { struct virtio_net_hdr_mrg_rxbuf h; uint8_t frame[64]; } f;

	memset(&f, 0, sizeof(f));
	f.h.num_buffers = 1;
	if (is("index-jumps"))
		in->used->idx = 300;
	else if (is("index-back"))
		in->used->idx = 0xffff;
	else if (is("id-beyond"))
		use(in, SIZE, 60);
	else if (is("id-huge"))
		use(in, 0xffffffff, 60);
	else if (is("id-twice"))
		use(in, in->avail->ring[0], 76), use(in, in->avail->ring[0], 76);
	else if (is("length-beyond"))
		give(in, &f, sizeof(f), 4097);
	else if (is("length-huge"))
		give(in, &f, sizeof(f), 0xffffffff);
	else if (is("no-header"))
		give(in, &f, sizeof(f), 11);
	else if (is("no-bytes"))
		give(in, &f, sizeof(f), 0);
	else if (is("buffers-none"))
		f.h.num_buffers = 0, give(in, &f, sizeof(f), sizeof(f));
	else if (is("buffers-many"))
		f.h.num_buffers = 0xffff, give(in, &f, sizeof(f), sizeof(f));
	else if (is("out-index"))
		out->used->idx = 300;
	else if (is("out-id"))
		use(out, SIZE + 1, 0);
	else if (is("out-unasked"))
		use(out, 5, 0);
	else if (is("speaks"))
		answer(VHOST_USER_GET_FEATURES, 0);
	else if (is("passes-later"))
		send_raw("x", 1, 0);
	else
		return false;
	call(in);
	call(out);
	return true;
}

/* Gives frames whose header says what makes no sense: they are dropped, or their fate is the guest's, and the port goes on. */
static void odd_headers(void)
{
	static const uint8_t types[] = { 0, 1, 3, 4, 5, 0x7f, 0x80, 0x81, 0xff };
	struct { struct virtio_net_hdr_mrg_rxbuf h; uint8_t frame[200]; } f;

	for (unsigned int i = 0; i < 600; i++) {
		memset(&f, (int)i, sizeof(f));
		f.h.hdr.flags = (uint8_t)(i % 4);
		f.h.hdr.gso_type = types[i % sizeof(types)];
		f.h.hdr.gso_size = (uint16_t)(i % 7 == 0 ? 0 : i * 331);
		f.h.hdr.hdr_len = (uint16_t)(i * 97);
		f.h.hdr.csum_start = (uint16_t)(i * 7919);
		f.h.hdr.csum_offset = (uint16_t)(i % 3 ? 16 : 0xffff);
		f.h.num_buffers = 1;
		while (!give(&vring[0], &f, sizeof(f), i % 5 ? sizeof(f) : sizeof(f.h) + i % 16))
			usleep(1000);
	}
}

/* Kicks for ever, without a frame. */
static void storm(unsigned int ms)
{
	struct timespec from, now;

	clock_gettime(CLOCK_MONOTONIC, &from);
	do {
		for (unsigned int i = 0; i < 100; i++)
			call(&vring[0]);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - from.tv_sec) * 1000 + (now.tv_nsec - from.tv_nsec) / 1000000 < ms);
}

/* --- the program ---------------------------------------------------------------------------------- */

static int dial(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	for (unsigned int i = 0; i < 1000; i++) {
		if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
			return fd;
		usleep(10000);
	}
	fail("connect");
	return -1;
}

/* Answers until the queues are there. Returns false if the port hung up before. */
static bool agree(void)
{
	while (!up())
		if (!serve_message())
			return false;
	return true;
}

/* Goes on answering for so long. Returns false once the port has hung up. */
static bool go_on(int ms, bool echoes)
{
	struct pollfd fd = { .fd = sock, .events = POLLIN };

	for (int i = 0; ms < 0 || i < ms; i++) {
		if (echoes)
			echo();
		if (poll(&fd, 1, 1) > 0 && !serve_message())
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return fprintf(stderr, "usage: backend SOCKET LIE\n"), 2;
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	lie = argv[2];
	sock = dial(argv[1]);
	if (!agree())
		return printf("hung up before the queues were there\n"), 0;
	printf("agreed\n");
	/* What follows the last message that it needs comes first. */
	(void)go_on(50, false);
	if (is("odd-headers"))
		odd_headers();
	if (is("storm"))
		storm(500);
	if (lie_in_memory())
		return go_on(20000, false) ? (printf("not hung up\n"), 1) : (printf("hung up\n"), 0);
	if (is("takes-nothing"))
		return go_on(-1, false) ? 1 : 0;
	return go_on(-1, true) ? 1 : 0;
}
