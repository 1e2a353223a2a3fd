/* SPDX-License-Identifier: MIT */
/* msg.h - what control and a guest's data process say to each other
 *
 * One SOCK_SEQPACKET pair for each data process. A message is one struct of a fixed
 * size, with the descriptors that its kind has (SCM_RIGHTS); all numbers are in the
 * machine's own order, as both ends run on it. The receiver believes nothing: it checks
 * the version, the kind, the length, the number of descriptors and each field
 * (msg_check()) before it looks at anything. Control does so because a guest may have
 * taken over the data process; the data process does so because an earlier or later
 * version of control may be at the other end.
 *
 * The order: control sends HELLO, once. The data process opens its devices, gives up
 * its privileges and answers READY. Then control sends CONNECT for each VIF, which
 * CONNECTED answers, and SETTINGS where one changes; DISCONNECT, which DISCONNECTED answers
 * once no page of that VIF is mapped. FAULT, CARRIER and LOG come unasked.
 */
#ifndef NETPAIR_BACKEND_MSG_H
#define NETPAIR_BACKEND_MSG_H

#include <stdint.h>

#include "common/base/abi.h"
#include "common/base/util.h"
#include "conf.h"
#include "reason_list.h"

#define MSG_VERSION 1u

#define MSG_VIFS_MAX 64u	/* VIFs of one data process */
#define MSG_TEXT_MAX 512u	/* bytes of a log line, with its NUL */

/* Descriptors of a message, at most: the counters, the saved tables, the queue's limit, a TAP for each worker. */
#define MSG_FDS_MAX (3u + VIF_QUEUES_MAX)

enum msg_from { MSG_FROM_CONTROL, MSG_FROM_DATA };
enum msg_kind {
	/* from control */
	MSG_HELLO = 1, MSG_CONNECT, MSG_SETTINGS, MSG_DISCONNECT, MSG_LOG_LEVEL,
	/* from data */
	MSG_READY = 65, MSG_CONNECTED, MSG_DISCONNECTED, MSG_FAULT, MSG_CARRIER, MSG_LOG,
};

struct msg_head {
	uint16_t version;	/* MSG_VERSION */
	uint16_t kind;		/* enum msg_kind */
	uint32_t vif;		/* which of the process's VIFs, control's number; 0 where the kind has none */
};

/* Which guest it is for, and what the process may have. */
struct msg_hello {
	struct msg_head head;
	uint32_t domid;
	uint32_t workers;	/* handles to open, one set for each worker of its life */
	uint32_t uid, gid;	/* to become; never 0 */
	uint32_t flags;		/* MSG_HELLO_* */
	uint32_t log_level;
};
#define MSG_HELLO_OWN_UID 1u	/* no other process has that uid */
#define MSG_HELLO_STRICT 2u	/* end where the kernel lacks a stage of the sandbox */
#define MSG_HELLO_FLAGS 3u

struct msg_values {
	uint64_t rate_bytes, rate_usecs;	/* usecs 0: no limit */
	uint32_t limited;			/* RATE_* */
	uint32_t filter;			/* 0 or 1 */
	uint32_t headroom;			/* at most PKT_HEADROOM_MAX */
	uint32_t zero;
};

struct msg_settings {
	struct msg_head head;
	struct msg_values values;
};

struct msg_queue {
	struct gref gtx_ref, grx_ref;
	struct evport gtx_port, grx_port;
};

/* Serve a VIF. The descriptors, in this order: the counters' memory; the saved tables, if
 * MSG_CONNECT_TABLES; the map of the limit in bytes, if MSG_CONNECT_LIMIT; a TAP for each worker. */
struct msg_connect {
	struct msg_head head;
	char name[16];				/* vifD.H, NUL-terminated, zeros behind */
	struct msg_values values;
	uint32_t flags;				/* MSG_CONNECT_* */
	uint32_t queues, workers;
	struct gref mask_ref, ctrl_ref;		/* 0 without */
	struct evport mask_port, ctrl_port;
	uint32_t hold_ms, stall_ms;
	uint32_t limit_bytes;			/* 0 without */
	uint32_t mappings;			/* pages that may stay mapped as static grants */
	uint32_t zero;
	struct msg_queue queue[VIF_QUEUES_MAX];	/* zeros beyond queues */
};
enum {
	MSG_CONNECT_MASK = 1, MSG_CONNECT_CTRL = 2, MSG_CONNECT_RX_NOTIFY = 4, MSG_CONNECT_CSUM4 = 8,
	MSG_CONNECT_CSUM6 = 16, MSG_CONNECT_GSO4 = 32, MSG_CONNECT_GSO6 = 64, MSG_CONNECT_SG = 128,
	MSG_CONNECT_ADOPT = 256, MSG_CONNECT_TABLES = 512, MSG_CONNECT_LIMIT = 1024,
	MSG_CONNECT_FLAGS = 2047,	/* all of them */
};

struct msg_disconnect { struct msg_head head; };

struct msg_log_level {
	struct msg_head head;
	uint32_t level, zero;
};

/* The sandbox is closed, or why not. */
struct msg_ready {
	struct msg_head head;
	int32_t err;		/* 0 or -errno of the stage */
	uint32_t stage;		/* enum sandbox_stage that failed; with err 0: 0 */
	uint32_t missing;	/* a bit for each stage that the kernel does not have */
	uint32_t zero;
};

struct msg_connected {
	struct msg_head head;
	int32_t err;		/* 0 or -errno */
	uint32_t reason;	/* with err */
};

struct msg_disconnected { struct msg_head head; };

struct msg_fault {
	struct msg_head head;
	uint32_t reason, zero;
};

struct msg_carrier {
	struct msg_head head;
	uint32_t stalled, zero;	/* 1: a queue has lacked slots for long; 0: no longer */
};

/* A line for the log. */
struct msg_log {
	struct msg_head head;
	uint32_t level, zero;
	char text[MSG_TEXT_MAX];	/* NUL-terminated, zeros behind */
};

union msg {
	struct msg_head head;
	struct msg_hello hello;
	struct msg_connect connect;
	struct msg_settings settings;
	struct msg_disconnect disconnect;
	struct msg_log_level log_level;
	struct msg_ready ready;
	struct msg_connected connected;
	struct msg_disconnected disconnected;
	struct msg_fault fault;
	struct msg_carrier carrier;
	struct msg_log log;
};

/* Returns an empty message of that kind about a VIF. */
union msg msg_new(enum msg_kind kind, uint32_t vif);

/* Checks a received message of len bytes with so many descriptors. Returns 0;
 * -EPROTONOSUPPORT: another version; -EPROTO: anything else is not as it must be. */
MUST_CHECK int msg_check(const union msg *m, size_t len, unsigned int nfds, enum msg_from from);

/* Copy a connection's configuration into a message that msg_new() made, and out of one that was checked. */
void msg_put_conf(struct msg_connect *m, const struct vif_conf *conf);
void msg_get_conf(struct vif_conf *conf, const struct msg_connect *m);

/* Sends a message with the descriptors fds, which stay the caller's. Never blocks. Returns
 * 0; -EAGAIN: the other end does not keep up; other -errno. */
MUST_CHECK int msg_send(int sock, const union msg *m, const int *fds, unsigned int nfds);

/* Receives a message that passes msg_check(). fds has MSG_FDS_MAX places; *nfds of them
 * are the caller's then, and none after an error. Never blocks. Returns 0; -EAGAIN: there
 * is none; -ECONNRESET: the other end is gone; as msg_check(); other -errno. */
MUST_CHECK int msg_receive(int sock, union msg *m, enum msg_from from, int *fds, unsigned int *nfds);

#endif
