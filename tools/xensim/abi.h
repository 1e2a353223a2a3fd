/* SPDX-License-Identifier: MIT */
/* abi.h - what the stand-in libraries and the host process share
 *
 * Theory of operation.  A domain is a directory of sockets; a process that
 * connects to its xen.sock acts as that domain.  One connection is one open
 * handle (/dev/xen/gntdev, gntalloc or evtchn): when it closes, also because
 * its process was killed, the host releases what it held.  Everything that
 * creates or ends something is a request and a reply on that connection.  What
 * happens per packet needs no request:
 *
 * - Each domain has a grant table, one 64-bit word per reference, in memory
 *   that only the host can write (sealed), and its granted pages in a second
 *   memory file.  A grant copy loads the word, checks it and copies.
 * - Each domain has one word per event channel port, PENDING and MASKED.
 *   A notification sets PENDING in the peer's word and, if the port was
 *   neither pending nor masked, adds one to the eventfd of the handle that
 *   owns the port.  So an eventfd counts exactly the ports that its handle can
 *   take.  gen[] counts the changes of a port's binding; a sender whose
 *   cached peer is older than gen[] asks the host again.
 */
#ifndef XENSIM_ABI_H
#define XENSIM_ABI_H

#include <stdatomic.h>
#include <stdint.h>

#define XSIM_PAGE 4096u
#define XSIM_MAGIC 0x786e7331u
/* Ports of a domain, as in Xen's two-level ABI. */
#define XSIM_NR_PORTS 4096u
/* References of the largest grant table. */
#define XSIM_MAX_REFS (1u << 18)
/* Pages that a domain's page file can hold (sparse). */
#define XSIM_NR_PAGES (1u << 18)
/* Most references in one map or share request. */
#define XSIM_MAX_COUNT 16384u
#define XSIM_MAX_FAULTS 8u
#define XSIM_MSG_MAX (sizeof(struct xsim_req) + 8u * XSIM_MAX_COUNT)

enum xsim_kind { XSIM_GNTTAB = 1, XSIM_GNTSHR, XSIM_EVTCHN };

enum xsim_op {
	XSIM_HELLO = 1,  /* arg0 kind -> arg0 own domid; fds by kind */
	XSIM_PEER,       /* domid -> fds: grant table, pages */
	XSIM_MAP,        /* data: (domid, ref) pairs -> arg0 map id; data: pages */
	XSIM_UNMAP,      /* arg0 map id */
	XSIM_SHARE,      /* domid, count -> arg0 share id, arg1 page; data: refs */
	XSIM_UNSHARE,    /* arg0 share id */
	XSIM_EV_UNBOUND, /* domid -> arg0 port */
	XSIM_EV_BIND,    /* domid, arg0 remote port -> arg0 port */
	XSIM_EV_CLOSE,   /* arg0 port */
	XSIM_EV_PEER,    /* arg0 port -> domid, arg0 port, arg1 owner, arg2 gen;
	                  * fds: event memory, eventfd */
	XSIM_EV_LATER,   /* arg0 port, arg1 ms: notify after that time */
	XSIM_EV_RESTRICT, /* domid: from now on bind only its ports, and make none */
	XSIM_SIGNAL,     /* arg0 signal, SIGKILL or SIGSTOP: send it to this process (a fault rule's) */
};

#define XSIM_F_WRITE 1u       /* map or share: writable */
#define XSIM_F_CLEAR_BYTE 2u  /* when it ends, zero the byte at arg[0] */
#define XSIM_F_SEND_EVENT 4u  /* when it ends, notify port arg[1] */

struct xsim_req {
	uint32_t op;
	uint32_t domid;
	uint32_t count;
	uint32_t flags;
	uint32_t arg[2];
	uint32_t data[];
};

struct xsim_rep {
	int32_t err; /* 0 or an errno */
	uint32_t domid;
	uint32_t count;
	uint32_t arg[3];
	uint32_t data[];
};

/* A grant table word. */
#define XSIM_GE_VALID 1ull
#define XSIM_GE_WRITE 2ull
#define XSIM_GE_DOM(e) ((uint32_t)((e) >> 16) & 0xffffu)
#define XSIM_GE_PAGE(e) ((uint32_t)((e) >> 32))

enum xsim_fault_op {
	XSIM_ON_NOTHING,
	XSIM_ON_MAP,
	XSIM_ON_COPY,
	XSIM_ON_NOTIFY,
	XSIM_ON_SHARE,
	XSIM_ON_BIND,
	XSIM_ON_UNMAP, /* from here on only kill and freeze: nothing can fail */
	XSIM_ON_UNSHARE,
	XSIM_ON_UNBIND,
	XSIM_ON_WAKE,
	XSIM_ON_STORE, /* in the host: a write to the xenstore */
	XSIM_ON_READ,  /* in the host: a read of it */
};
enum xsim_fault_where { XSIM_AT_ALL, XSIM_AT_FIRST, XSIM_AT_MIDDLE, XSIM_AT_LAST, XSIM_AT_EVERY, XSIM_AT_RANDOM };
enum xsim_fault_what { XSIM_DO_FAIL, XSIM_DO_DELAY, XSIM_DO_DROP, XSIM_DO_KILL, XSIM_DO_STOP, XSIM_DO_PARTIAL };

/* One fault rule of a domain; the libraries in its processes keep the counts. */
struct xsim_fault {
	uint32_t op;
	uint32_t where;
	uint32_t what;
	uint32_t n;      /* EVERY: each n-th; RANDOM: chance in a million */
	int32_t status;  /* FAIL: GNTST_* of the segment, errno elsewhere */
	uint32_t seed;
	uint32_t times;  /* at most as often in a handle; 0: no limit */
	uint32_t after;  /* not in as many first items */
	uint32_t ms;     /* DELAY */
};

/* A domain's grant table; only the host writes it. */
struct xsim_gnt {
	uint32_t magic;
	uint32_t nr_refs;
	atomic_uint domid; /* changes when the domain is restored */
	atomic_uint dead;
	atomic_uint fault_seq; /* odd while the rules are being changed */
	atomic_uint nr_faults;
	struct xsim_fault fault[XSIM_MAX_FAULTS];
	_Atomic uint64_t entry[];
};

#define XSIM_EV_PENDING 1u
#define XSIM_EV_MASKED 2u

/* A domain's event channels; senders write the words, the host writes gen[]. */
struct xsim_evt {
	uint32_t magic;
	atomic_uint dead;
	atomic_uint word[XSIM_NR_PORTS];
	atomic_uint gen[XSIM_NR_PORTS];
};

#define XSIM_GNT_BYTES (sizeof(struct xsim_gnt) + XSIM_MAX_REFS * sizeof(uint64_t))

#endif
