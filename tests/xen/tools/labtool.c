// SPDX-License-Identifier: MIT
//
// labtool.c - what the lab's shell scripts need and no packaged program does
//
//   labtool capture IF
//       Prints "started", reads each frame that arrives on IF until SIGTERM or SIGINT, then prints
//       one line: the number of frames, how many the driver marked as having a partial checksum
//       (marked), in how many others the TCP or UDP checksum was verified (checked), how many of
//       these were wrong (bad), and the longest frame.  A partial checksum that the driver did not
//       mark is a wrong one.
//   labtool notify PATH
//       Listens on PATH as systemd does for Type=notify daemons.  Prints "bound", then "ready" when
//       READY=1 comes, and ends.
//   labtool send ADDRESS PORT MIB SEED [OPTIONS]
//       Sends so many MiB over TCP, made from SEED.  OPTIONS is a number of bytes of IPv6 destination
//       options in each packet.
//   labtool receive PORT MIB SEED
//       Receives the same bytes, compares each, and prints where the first difference is.  It is fast
//       enough that the network is the limit.  sha256sum on both ends took 80 s for 256 MiB.
//   labtool stream ADDRESS PORT SEED PAUSE
//       Sends such bytes in blocks of 64 KiB until SIGTERM, with a pause of so many microseconds after
//       each, and prints how many blocks that were.  All go over one connection.
//   labtool collect PORT SEED
//       Receives and compares what a stream sends, and prints how many blocks that were.
//   labtool log FILE
//       Adds its standard input to FILE, a few times a second, because each write over 9p is slow.
//   /init
//       By this name it is a guest's init (init.h), then the agent that runs dom0's commands (agent.h).
//   labtool guest run DOMID SECONDS COMMAND | spawn DOMID COMMAND | wait DOMID NUMBER SECONDS |
//           ready DOMID SECONDS
//       Is the agent's other end, in dom0.
//   labtool xs read PATH | await SECONDS PATH [VALUE]
//       Prints a node's value.  await waits until there is one, or until it is VALUE.  xenstore-read
//       takes twice as long to start.
//   labtool registers SECONDS
//       Keeps a pattern in the vector registers and checks that it stays: the machine must keep
//       programs apart.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "init.h"

static volatile sig_atomic_t done;

static void on_signal(int sig)
{
	(void)sig;
	done = 1;
}

static uint32_t sum(uint32_t s, const uint8_t *p, size_t n)
{
	for (; n > 1; n -= 2, p += 2) {
		s += (uint32_t)p[0] << 8 | p[1];
		s = (s & 0xffff) + (s >> 16);
	}
	if (n)
		s += (uint32_t)p[0] << 8;
	return (s & 0xffff) + (s >> 16);
}

static bool folds_to_ones(uint32_t s)
{
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return s == 0xffff;
}

// Returns 1 if the TCP or UDP checksum is right, 0 if it is wrong, -1 if the frame has none.
static int verify(const uint8_t *f, size_t n)
{
	size_t off = 14, len;
	uint16_t type;
	uint8_t proto;
	uint32_t s = 0;

	if (n < 34)
		return -1;
	type = (uint16_t)(f[12] << 8 | f[13]);
	if (type == ETH_P_IP) {
		const uint8_t *ip = f + off;
		size_t ihl = (size_t)(ip[0] & 15) * 4;

		len = (size_t)(ip[2] << 8 | ip[3]);
		if (ihl < 20 || len < ihl || off + len > n)
			return 0;
		if (!folds_to_ones(sum(0, ip, ihl)))
			return 0;
		if ((ip[6] << 8 | ip[7]) & 0x3fff)
			return -1;
		proto = ip[9];
		s = sum(0, ip + 12, 8);
		off += ihl;
		len -= ihl;
	} else if (type == ETH_P_IPV6 && n >= 54) {
		const uint8_t *ip = f + off;

		len = (size_t)(ip[4] << 8 | ip[5]);
		if (off + 40 + len > n)
			return 0;
		proto = ip[6];
		s = sum(0, ip + 8, 32);
		off += 40;
	} else {
		return -1;
	}
	if (proto != 6 && proto != 17)
		return -1;
	if (proto == 17 && len >= 8 && !f[off + 6] && !f[off + 7])
		return type == ETH_P_IP ? -1 : 0;
	s += proto + (uint32_t)len;
	s = (s & 0xffff) + (s >> 16);
	return folds_to_ones(sum(s, f + off, len));
}

static int capture(const char *ifname)
{
	static uint8_t buf[1 << 17];
	unsigned long frames = 0, marked_frames = 0, checked = 0, bad = 0, longest = 0;
	struct sockaddr_ll addr = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct sigaction sa = {.sa_handler = on_signal};
	int fd, one = 1, room = 32 << 20;

	addr.sll_ifindex = (int)if_nametoindex(ifname);
	if (!addr.sll_ifindex) {
		fprintf(stderr, "labtool: no interface %s\n", ifname);
		return 1;
	}
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof one) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof addr)) {
		fprintf(stderr, "labtool: %s: %s\n", ifname, strerror(errno));
		return 1;
	}
	puts("started");
	fflush(stdout);
	while (!done) {
		union {
			struct cmsghdr h;
			char room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
		} ctl;
		struct sockaddr_ll from;
		struct iovec iov = {buf, sizeof buf};
		struct msghdr m = {.msg_name = &from,
				   .msg_namelen = sizeof from,
				   .msg_iov = &iov,
				   .msg_iovlen = 1,
				   .msg_control = &ctl,
				   .msg_controllen = sizeof ctl};
		ssize_t n = recvmsg(fd, &m, 0);
		bool marked = false;
		int v;

		if (n < 0) {
			if (errno == EINTR)
				continue;
			// The device may be removed meanwhile.  The frames so far still count.
			break;
		}
		if (from.sll_pkttype == PACKET_OUTGOING)
			continue;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
			struct tpacket_auxdata aux;

			if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
				continue;
			memcpy(&aux, CMSG_DATA(c), sizeof aux);
			marked = aux.tp_status & TP_STATUS_CSUMNOTREADY;
		}
		frames++;
		if ((unsigned long)n > longest)
			longest = (unsigned long)n;
		if (marked) {
			marked_frames++;
			continue;
		}
		v = verify(buf, (size_t)n);
		if (v < 0)
			continue;
		checked++;
		bad += !v;
		if (!v && bad < 4) {
			printf("bad frame of %zd bytes:", n);
			for (int i = 0; i < 80 && i < n; i++)
				printf(" %02x", buf[i]);
			putchar('\n');
		}
	}
	printf("frames=%lu marked=%lu checked=%lu bad=%lu longest=%lu\n", frames, marked_frames, checked, bad,
	       longest);
	return 0;
}

static int notify(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char buf[4097];
	int fd;

	if (strlen(path) >= sizeof addr.sun_path)
		return 2;
	strcpy(addr.sun_path, path);
	unlink(path);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof addr)) {
		fprintf(stderr, "labtool: %s: %s\n", path, strerror(errno));
		return 1;
	}
	puts("bound");
	fflush(stdout);
	for (;;) {
		ssize_t n = recv(fd, buf, sizeof buf - 1, 0);

		if (n < 0)
			return 1;
		buf[n] = 0;
		for (char *l = strtok(buf, "\n"); l; l = strtok(NULL, "\n"))
			if (!strcmp(l, "READY=1")) {
				puts("ready");
				return 0;
			}
	}
}

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

enum { WORDS = 1 << 13, LINE = 64 };

// Fills a block of the stream: the first time with random words, later only one word in each 512
// bytes, which occurs nowhere else in the stream.  So a lost, moved or repeated piece is found, and the
// work for an emulated processor is small.
static void fill(uint64_t *block, uint64_t seed, uint64_t first)
{
	if (!first)
		for (uint64_t i = 0; i < WORDS; i++)
			block[i] = mix(seed + (i + 1) * 0x9e3779b97f4a7c15u);
	for (uint64_t i = 0; i < WORDS; i += LINE)
		block[i] = mix(seed ^ (first + i));
}

static int open_to(const char *address, const char *port)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = four.sin_port};
	bool v4 = inet_pton(AF_INET, address, &four.sin_addr) == 1;

	if (!v4 && inet_pton(AF_INET6, address, &six.sin6_addr) != 1) {
		fprintf(stderr, "labtool: %s is no address\n", address);
		return -1;
	}
	// The receiver is started at the same time in another domain, and may not listen yet.
	for (int i = 0; i < 100; i++) {
		int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);

		if (fd >= 0 && !connect(fd, v4 ? (struct sockaddr *)&four : (struct sockaddr *)&six,
					v4 ? sizeof four : sizeof six))
			return fd;
		if (errno != ECONNREFUSED)
			break;
		close(fd);
		usleep(100000);
	}
	fprintf(stderr, "labtool: %s port %s: %s\n", address, port, strerror(errno));
	return -1;
}

// Gives each packet a destination options header of len bytes, a multiple of eight, with one unknown
// option, which receivers skip (RFC 8200 4.2).
static int add_options(int fd, size_t len)
{
	static uint8_t header[2048];

	if (len < 8 || len > 256 || len % 8)
		return -1;
	header[1] = (uint8_t)(len / 8 - 1);
	header[2] = 0x1e;
	header[3] = (uint8_t)(len - 4);
	return setsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS, header, (socklen_t)len);
}

static int accept_at(const char *port)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6};
	int fd = socket(AF_INET6, SOCK_STREAM, 0), one = 1;

	a.sin6_port = htons((uint16_t)atoi(port));
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
	    bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 1)) {
		fprintf(stderr, "labtool: port %s: %s\n", port, strerror(errno));
		return -1;
	}
	return accept(fd, NULL, NULL);
}

static int send_block(int fd, const uint64_t *block)
{
	const char *p = (const char *)block;
	size_t left = WORDS * sizeof *block;

	while (left) {
		ssize_t n = write(fd, p, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fprintf(stderr, "labtool: write: %s\n", strerror(errno));
			return 1;
		}
		p += n;
		left -= (size_t)n;
	}
	return 0;
}

// The receiver closes after it has compared the last byte.
static int send_end(int fd)
{
	char byte;

	shutdown(fd, SHUT_WR);
	return read(fd, &byte, 1) != 0;
}

static int send_stream(int fd, uint64_t mib, uint64_t seed)
{
	static uint64_t block[WORDS];

	for (uint64_t at = 0; at < mib << 17; at += WORDS) {
		fill(block, seed, at);
		if (send_block(fd, block))
			return 1;
	}
	return send_end(fd);
}

static int send_on(int fd, uint64_t seed, uint64_t pause_us)
{
	static uint64_t block[WORDS];
	struct sigaction sa = {.sa_handler = on_signal};
	uint64_t blocks;

	sigaction(SIGTERM, &sa, NULL);
	for (blocks = 0; !done; blocks++) {
		fill(block, seed, blocks * WORDS);
		if (send_block(fd, block))
			return 1;
		usleep((useconds_t)pause_us);
	}
	if (send_end(fd))
		return 1;
	printf("%llu blocks sent\n", (unsigned long long)blocks);
	return 0;
}

// Prints where two blocks differ, and over how many bytes, which may be those of a page, a packet or a
// register.
static void print_difference(uint64_t before, const unsigned char *want, const unsigned char *got, size_t len)
{
	size_t first = len, last = 0, many = 0;

	for (size_t i = 0; i < len; i++) {
		if (want[i] != got[i]) {
			first = many++ ? first : i;
			last = i;
		}
	}
	printf("differs at byte %llu: %02x is not %02x; %zu of the next %zu differ\n", (unsigned long long)(before + first),
	       got[first], want[first], many, last - first + 1);
}

// Returns the number of bytes, of a block at most, up to the stream's end.  *lost: the connection failed.
static size_t receive_block(int fd, uint64_t *block, bool *lost)
{
	size_t have = 0;

	while (have < WORDS * sizeof *block) {
		ssize_t n = read(fd, (char *)block + have, WORDS * sizeof *block - have);

		*lost = n < 0;
		if (n < 0)
			fprintf(stderr, "labtool: read: %s\n", strerror(errno));
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	return have;
}

static int receive_all(int fd, uint64_t seed)
{
	static uint64_t want[WORDS], got[WORDS];
	bool lost = false;
	uint64_t blocks;

	for (blocks = 0;; blocks++) {
		size_t have = receive_block(fd, got, &lost);

		fill(want, seed, blocks * WORDS);
		if (memcmp(want, got, have)) {
			print_difference(blocks * sizeof got, (unsigned char *)want, (unsigned char *)got, have);
			return 1;
		}
		if (have < sizeof got) {
			printf("%llu blocks%s\n", (unsigned long long)blocks,
			       have || lost ? " and a piece, then the connection ended" : ", every byte right");
			return have || lost;
		}
	}
}

static int receive_stream(int fd, uint64_t mib, uint64_t seed)
{
	static uint64_t want[WORDS], got[WORDS];
	uint64_t bytes = 0;
	bool lost = false;

	for (uint64_t at = 0; at < mib << 17; at += WORDS) {
		size_t have = receive_block(fd, got, &lost);

		fill(want, seed, at);
		if (memcmp(want, got, have)) {
			print_difference(bytes, (unsigned char *)want, (unsigned char *)got, have);
			return 1;
		}
		bytes += have;
		if (have < sizeof got) {
			printf("ends after %llu bytes\n", (unsigned long long)bytes);
			return 1;
		}
	}
	if (read(fd, got, 1) > 0) {
		puts("more came than was sent");
		return 1;
	}
	printf("%llu MiB, every byte right\n", (unsigned long long)mib);
	return 0;
}

#define XMMS 16
#define XMM_BYTES (XMMS * 16)

// Loads the vector registers, waits a few milliseconds in a loop, and stores them.
static void keep_registers(const unsigned char *in, unsigned char *out)
{
	unsigned long spins = 300000;

	__asm__ volatile(
		"movdqu (%[in]), %%xmm0; movdqu 16(%[in]), %%xmm1; movdqu 32(%[in]), %%xmm2;"
		"movdqu 48(%[in]), %%xmm3; movdqu 64(%[in]), %%xmm4; movdqu 80(%[in]), %%xmm5;"
		"movdqu 96(%[in]), %%xmm6; movdqu 112(%[in]), %%xmm7; movdqu 128(%[in]), %%xmm8;"
		"movdqu 144(%[in]), %%xmm9; movdqu 160(%[in]), %%xmm10; movdqu 176(%[in]), %%xmm11;"
		"movdqu 192(%[in]), %%xmm12; movdqu 208(%[in]), %%xmm13; movdqu 224(%[in]), %%xmm14;"
		"movdqu 240(%[in]), %%xmm15;"
		"1: dec %[spins]; jnz 1b;"
		"movdqu %%xmm0, (%[out]); movdqu %%xmm1, 16(%[out]); movdqu %%xmm2, 32(%[out]);"
		"movdqu %%xmm3, 48(%[out]); movdqu %%xmm4, 64(%[out]); movdqu %%xmm5, 80(%[out]);"
		"movdqu %%xmm6, 96(%[out]); movdqu %%xmm7, 112(%[out]); movdqu %%xmm8, 128(%[out]);"
		"movdqu %%xmm9, 144(%[out]); movdqu %%xmm10, 160(%[out]); movdqu %%xmm11, 176(%[out]);"
		"movdqu %%xmm12, 192(%[out]); movdqu %%xmm13, 208(%[out]); movdqu %%xmm14, 224(%[out]);"
		"movdqu %%xmm15, 240(%[out])"
		: [spins] "+r"(spins)
		: [in] "r"(in), [out] "r"(out)
		: "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
		  "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

static int registers(time_t seconds)
{
	unsigned char in[XMM_BYTES], out[XMM_BYTES];
	time_t end = time(NULL) + seconds;
	unsigned long looks = 0, lost = 0;

	// Each domain has another pattern, so that another domain's registers are found.
	srandom((unsigned int)(time(NULL) ^ getpid()));
	for (int i = 0; i < XMM_BYTES; i++)
		in[i] = (unsigned char)random();
	for (; time(NULL) < end; looks++) {
		keep_registers(in, out);
		lost += memcmp(in, out, sizeof in) != 0;
	}
	printf("%lu of %lu tries found other registers\n", lost, looks);
	return lost || !looks;
}

static uint64_t number(const char *s)
{
	return strtoull(s, NULL, 10);
}

static int log_to(const char *path)
{
	static char buf[1 << 20];
	const struct timespec nap = {.tv_nsec = 300000000};
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	ssize_t n;

	if (fd < 0)
		return 1;
	fcntl(0, F_SETPIPE_SZ, sizeof buf);
	while ((n = read(0, buf, sizeof buf)) > 0) {
		if (write(fd, buf, (size_t)n) != n)
			return 1;
		nanosleep(&nap, NULL);
	}
	return 0;
}

// guest VERB ...: dom0's end of the agent; -1: no such verb.
static int guest(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "run"))
		return agent_run(argv[2], argv[4], (unsigned int)number(argv[3]));
	if (argc == 4 && !strcmp(argv[1], "spawn"))
		return agent_spawn(argv[2], argv[3]);
	if (argc == 5 && !strcmp(argv[1], "wait"))
		return agent_wait(argv[2], argv[3], (unsigned int)number(argv[4]));
	if (argc == 4 && !strcmp(argv[1], "ready"))
		return agent_ready(argv[2], (unsigned int)number(argv[3]));
	return -1;
}

// xs VERB ...: likewise.
static int node(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "read"))
		return agent_node(argv[2]);
	if ((argc == 4 || argc == 5) && !strcmp(argv[1], "await"))
		return agent_await_node(argv[3], argv[4], (unsigned int)number(argv[2]));
	return -1;
}

int main(int argc, char **argv)
{
	if (!strcmp(argv[0], "/init"))
		return init_main();
	if (argc > 3 && (!strcmp(argv[1], "guest") || !strcmp(argv[1], "xs"))) {
		int status = argv[1][0] == 'g' ? guest(argc - 1, argv + 1) : node(argc - 1, argv + 1);

		if (status >= 0)
			return status;
	}
	if (argc == 3 && !strcmp(argv[1], "capture"))
		return capture(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "log"))
		return log_to(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "notify"))
		return notify(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "registers"))
		return registers((time_t)number(argv[2]));
	if ((argc == 6 || argc == 7) && !strcmp(argv[1], "send")) {
		int fd = open_to(argv[2], argv[3]);

		if (fd >= 0 && argc == 7 && add_options(fd, (size_t)number(argv[6]))) {
			fprintf(stderr, "labtool: options of %s bytes: %s\n", argv[6], strerror(errno));
			return 1;
		}
		return fd < 0 ? 1 : send_stream(fd, number(argv[4]), number(argv[5]));
	}
	if (argc == 6 && !strcmp(argv[1], "stream")) {
		int fd = open_to(argv[2], argv[3]);

		return fd < 0 ? 1 : send_on(fd, number(argv[4]), number(argv[5]));
	}
	if (argc == 4 && !strcmp(argv[1], "collect")) {
		int fd = accept_at(argv[2]);

		return fd < 0 ? 1 : receive_all(fd, number(argv[3]));
	}
	if (argc == 5 && !strcmp(argv[1], "receive")) {
		int fd = accept_at(argv[2]);

		return fd < 0 ? 1 : receive_stream(fd, number(argv[3]), number(argv[4]));
	}
	fputs("usage: labtool capture IF | notify PATH | log FILE | send ADDRESS PORT MIB SEED [OPTIONS] |"
	      " receive PORT MIB SEED | stream ADDRESS PORT SEED PAUSE | collect PORT SEED | registers SECONDS | guest VERB DOMID ... |"
	      " xs read PATH | xs await SECONDS PATH [VALUE]\n",
	      stderr);
	return 2;
}
