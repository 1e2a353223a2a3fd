/* SPDX-License-Identifier: MIT */
/* taplimit.c - the filter of taplimit.h, and bpf(2) */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tap.h"
#include "taplimit.h"

/* #syscalls-before all */

#define SUMS_BYTES sizeof(struct taplimit_sums)

#ifndef TUNSETFILTEREBPF	/* Linux 4.16 */
#define TUNSETFILTEREBPF _IOR('T', 225, int)
#endif

#define INSN(code_, dst_, src_, off_, imm_) \
	{ .code = (code_), .dst_reg = (dst_), .src_reg = (src_), .off = (off_), .imm = (imm_) }
#define LOAD32(dst_, src_, off_) INSN(BPF_LDX | BPF_MEM | BPF_W, dst_, src_, off_, 0)
#define LOAD64(dst_, src_, off_) INSN(BPF_LDX | BPF_MEM | BPF_DW, dst_, src_, off_, 0)
#define ALU(op_, dst_, src_) INSN(BPF_ALU64 | (op_) | BPF_X, dst_, src_, 0, 0)
#define ALUI(op_, dst_, imm_) INSN(BPF_ALU64 | (op_) | BPF_K, dst_, 0, 0, imm_)
#define JUMPI(op_, dst_, imm_, off_) INSN(BPF_JMP | (op_) | BPF_K, dst_, 0, off_, imm_)
#define JUMP(op_, dst_, src_, off_) INSN(BPF_JMP | (op_) | BPF_X, dst_, src_, off_, 0)
/* A 64-bit constant takes two instructions. */
#define CONST64(dst_, src_, imm_, next_) INSN(BPF_LD | BPF_DW | BPF_IMM, dst_, src_, 0, imm_), INSN(0, 0, 0, 0, next_)
#define ATOMIC_ADD64(dst_, src_, off_) INSN(BPF_STX | 0xc0 | BPF_DW, dst_, src_, off_, BPF_ADD)
#define RETURN INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static int taplimit_bpf(int cmd, union bpf_attr *attr)
{
	int got = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return got < 0 ? -errno : got;
}

static int taplimit_map(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = sizeof(uint32_t);
	attr.value_size = SUMS_BYTES;
	attr.max_entries = 1;
	attr.map_flags = BPF_F_MMAPABLE;
	strcpy(attr.map_name, "netpair_sums");
	return taplimit_bpf(BPF_MAP_CREATE, &attr);
}

/* Loads the filter, which sets r0 to the whole frame's length, or to 0 to drop it. A
 * VLAN tag that the kernel stores apart counts, as it is part of what is read. */
static int taplimit_filter(int map, uint64_t bytes)
{
	const struct bpf_insn insns[] = {
		LOAD32(BPF_REG_0, BPF_REG_1, offsetof(struct __sk_buff, len)),
		LOAD32(BPF_REG_3, BPF_REG_1, offsetof(struct __sk_buff, vlan_present)),
		ALU(BPF_MOV, BPF_REG_2, BPF_REG_0),
		ALUI(BPF_ADD, BPF_REG_2, TAPLIMIT_FRAME),
		JUMPI(BPF_JEQ, BPF_REG_3, 0, 1),
		ALUI(BPF_ADD, BPF_REG_2, 4),
		CONST64(BPF_REG_1, BPF_PSEUDO_MAP_VALUE, map, 0),
		LOAD64(BPF_REG_3, BPF_REG_1, offsetof(struct taplimit_sums, in)),
		LOAD64(BPF_REG_4, BPF_REG_1, offsetof(struct taplimit_sums, out)),
		ALU(BPF_SUB, BPF_REG_3, BPF_REG_4),
		ALU(BPF_ADD, BPF_REG_3, BPF_REG_2),
		CONST64(BPF_REG_5, 0, (int32_t)(uint32_t)bytes, (int32_t)(bytes >> 32)),
		JUMP(BPF_JSGT, BPF_REG_3, BPF_REG_5, 2),
		ATOMIC_ADD64(BPF_REG_1, BPF_REG_2, offsetof(struct taplimit_sums, in)),
		RETURN,
		ALUI(BPF_MOV, BPF_REG_0, 0),
		RETURN,
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (uint64_t)(uintptr_t)insns;
	attr.insn_cnt = ARRAY_SIZE(insns);
	attr.license = (uint64_t)(uintptr_t)"Dual MIT/GPL";
	strcpy(attr.prog_name, "netpair_limit");
	return taplimit_bpf(BPF_PROG_LOAD, &attr);
}

int taplimit_works(void)
{
	int filter, map = taplimit_map();

	if (map < 0)
		return map;
	filter = taplimit_filter(map, 1);
	close(map);
	if (filter < 0)
		return filter;
	close(filter);
	return 0;
}

/* Loads the filter for that map and sets it on the device. */
static int taplimit_set_filter(int tap_fd, int map, uint64_t bytes)
{
	int err, filter = taplimit_filter(map, bytes);

	if (filter < 0)
		return filter;
	err = ioctl(tap_fd, TUNSETFILTEREBPF, &filter) < 0 ? -errno : 0;
	close(filter);
	return err;
}

int taplimit_attach(int tap_fd, uint64_t bytes)
{
	int err, map = taplimit_map();

	if (map < 0)
		return map;
	err = taplimit_set_filter(tap_fd, map, bytes);
	if (err)
		close(map);
	return err ? err : map;
}

int taplimit_init(struct taplimit *t, int map, uint64_t bytes, unsigned int readers)
{
	void *p = mmap(NULL, SUMS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

	*t = (struct taplimit){ .bytes = bytes, .readers = readers };
	/* So the readers are asked at once the first time. */
	t->asked_at = 0 - bytes;
	if (p == MAP_FAILED)
		return -errno;
	t->sums = p;
	return 0;
}

void taplimit_exit(struct taplimit *t)
{
	if (t->sums)
		munmap(t->sums, SUMS_BYTES);
	t->sums = NULL;
}

void taplimit_clear(int tap_fd)
{
	int none = -1;

	ioctl(tap_fd, TUNSETFILTEREBPF, &none);
}

int taplimit_by_frames(int tap_fd, uint64_t bytes, unsigned int queues)
{
	uint64_t frames = bytes / 65536u / queues;
	struct ifreq ifr = { 0 };
	int err, sock;

	if (frames < TAPLIMIT_FRAMES_MIN)
		frames = TAPLIMIT_FRAMES_MIN;
	err = tap_name(tap_fd, ifr.ifr_name);
	if (err)
		return err;
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);	/* any socket takes these requests */
	if (sock < 0)
		return -errno;
	err = ioctl(sock, SIOCGIFTXQLEN, &ifr);
	/* A queue that was set shorter stays so. */
	if (err == 0 && (uint64_t)ifr.ifr_qlen > frames) {
		ifr.ifr_qlen = (int)frames;
		err = ioctl(sock, SIOCSIFTXQLEN, &ifr);
	}
	err = err < 0 ? -errno : ifr.ifr_qlen;
	close(sock);
	return err;
}

/* Corrects out by the bytes that have certainly left the device. Does nothing if
 * another reader has read meanwhile, as that reader does the same. */
static void taplimit_settle(struct taplimit *t)
{
	uint64_t out = atomic_load(&t->sums->out), in, right = out, gone = UINT64_MAX;

	for (unsigned int i = 0; i < t->readers; i++) {
		uint64_t empty_at = atomic_load_explicit(&t->empty_at[i], memory_order_relaxed);

		gone = empty_at < gone ? empty_at : gone;
	}
	in = atomic_load(&t->sums->in);
	if ((int64_t)(gone - right) > 0)
		right = gone;
	/* Frames that were queued before the filter was set were read, too. */
	if ((int64_t)(in - right) < 0)
		right = in;
	if (right != out)
		atomic_compare_exchange_strong(&t->sums->out, &out, right);
}

/* Returns whether to ask the other readers to read: a quarter of the limit seems to
 * be queued, and as much was read since they were last asked. */
static bool taplimit_asks(struct taplimit *t)
{
	uint64_t in = atomic_load(&t->sums->in), out = atomic_load(&t->sums->out);
	uint64_t asked = atomic_load_explicit(&t->asked_at, memory_order_relaxed);

	if (t->readers < 2 || (int64_t)(in - out) < (int64_t)(t->bytes / 4) || out - asked < t->bytes / 4)
		return false;
	return atomic_compare_exchange_strong(&t->asked_at, &asked, out);
}

bool taplimit_end(struct taplimit_reader *r)
{
	struct taplimit *t = r->limit;

	if (!t)
		return false;
	if (r->took)
		atomic_fetch_add_explicit(&t->sums->out, r->took, memory_order_release);
	r->took = 0;
	r->left = 0;
	if (!r->empty)
		return false;
	atomic_store_explicit(&t->empty_at[r->index], r->seen, memory_order_relaxed);
	taplimit_settle(t);
	return taplimit_asks(t);
}
