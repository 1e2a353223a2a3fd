/* SPDX-License-Identifier: MIT */
/* msg.h - the messages between control and a guest's data process
 *
 * There is one SOCK_SEQPACKET pair for each data process. A message is one struct of a fixed size, with the descriptors that its kind
 * has (SCM_RIGHTS). Numbers are in the machine's byte order, as both ends run on one machine. Before the receiver uses anything, it checks
 * the version, the kind, the length, the number of descriptors and each field (msg_check()). Control does so because a guest may control
 * the data process; the data process does so because the other end may be another version of control.
 *
 * Control sends, and the data process answers:
 * - HELLO, once: the process opens its devices, gives up its privileges and sends READY;
 * - CONNECT for each VIF: CONNECTED;
 * - SETTINGS when one of them changes: APPLIED;
 * - MAPPINGS when the VIFs may keep fewer or more pages mapped, SWITCH for a vhost-user port: nothing;
 * - DISCONNECT: DISCONNECTED, once no page of that VIF is mapped.
 * - CAPTURE begins or ends the capture of a VIF's frames: no answer, the tool sees in the ring that it began.
 * - END: the process stops all that it serves and ends.
 * The data process sends FAULT, CARRIER and LOG by itself.
 * If control goes without END, the data process serves on and waits at its listening socket for the next control, to whose HELLO
 * it answers SERVING for each VIF that is connected, then READY.
 */
#ifndef NETPAIR_BACKEND_MSG_H
#define NETPAIR_BACKEND_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/abi.h"
#include "common/base/util.h"
#include "conf.h"
#include "reason_list.h"

#ifndef MSG_VERSION	/* a test builds another one */
#define MSG_VERSION 7u
#endif
#define MSG_VIFS_MAX 64u	/* VIFs of one data process */
#define MSG_WORKERS_MAX (MSG_VIFS_MAX * VIF_QUEUES_MAX)	/* workers of one data process, in its life */
#define MSG_TEXT_MAX 512u	/* bytes of a log line, with its NUL */
/* The most descriptors of a message: the counters, the saved tables, the queue's limit, a TAP for each worker. */
#define MSG_FDS_MAX (3u + VIF_QUEUES_MAX)

enum msg_from { MSG_FROM_CONTROL, MSG_FROM_DATA };
enum msg_kind {
	MSG_HELLO = 1, MSG_CONNECT, MSG_SETTINGS, MSG_DISCONNECT, MSG_LOG_LEVEL, MSG_END, MSG_MAPPINGS, MSG_CAPTURE, MSG_SWITCH,	/* from control */
	MSG_READY = 65, MSG_CONNECTED, MSG_DISCONNECTED, MSG_FAULT, MSG_CARRIER, MSG_LOG, MSG_SERVING, MSG_APPLIED,
};

struct msg_head {
	uint16_t version;	/* MSG_VERSION */
	uint16_t kind;		/* enum msg_kind */
	uint32_t vif;		/* control's number for the VIF; 0 if the kind is about no VIF */
};

/* Names the guest, and what the process may have. */
struct msg_hello {
	struct msg_head head;
	uint32_t domid;
	uint32_t workers;	/* sets of handles to open, one for each worker that it may ever have */
	uint32_t uid, gid;	/* the ids that it changes to; never 0 */
	uint32_t flags;		/* MSG_HELLO_* */
	uint32_t log_level;
};
#define MSG_HELLO_OWN_UID 1u	/* no other process has that uid */
#define MSG_HELLO_STRICT 2u	/* end if the kernel lacks a stage of the sandbox */
#define MSG_HELLO_FLAGS 3u

struct msg_values {
	uint64_t rate_bytes, rate_usecs;	/* usecs 0: no limit */
	uint32_t limited;			/* RATE_* */
	uint32_t filter;			/* 0 or 1 */
	uint32_t headroom;			/* at most PKT_HEADROOM_MAX */
	uint32_t zero;
};
struct msg_settings { struct msg_head head; struct msg_values values; };

struct msg_queue {
	struct gref gtx_ref, grx_ref;
	struct evport gtx_port, grx_port;
};

/* Asks for the service of a VIF. The descriptors, in this order: the counters' memory; the saved tables,
 * with MSG_CONNECT_TABLES; the map of the limit in bytes, with MSG_CONNECT_LIMIT; a TAP for each worker. */
struct msg_connect {
	struct msg_head head;
	char name[16];				/* vifD.H, NUL-terminated, then zeros */
	struct msg_values values;
	uint32_t flags;				/* MSG_CONNECT_* */
	uint32_t queues, workers;
	struct gref mask_ref, ctrl_ref;		/* 0 without */
	struct evport mask_port, ctrl_port;
	uint32_t hold_ms, stall_ms;
	uint32_t limit_bytes;			/* 0 without */
	uint32_t mappings;			/* pages that may stay mapped as static grants of all its VIFs; in SERVING: those of now */
	uint16_t header, device;		/* masks of vif_conf; 0 without MSG_CONNECT_HEADER */
	struct msg_queue queue[VIF_QUEUES_MAX];	/* zeros beyond queues */
};
enum {
	MSG_CONNECT_MASK = 1, MSG_CONNECT_CTRL = 2, MSG_CONNECT_RX_NOTIFY = 4, MSG_CONNECT_CSUM4 = 8, MSG_CONNECT_CSUM6 = 16,
	MSG_CONNECT_GSO4 = 32, MSG_CONNECT_GSO6 = 64, MSG_CONNECT_SG = 128, MSG_CONNECT_ADOPT = 256, MSG_CONNECT_TABLES = 512,
	MSG_CONNECT_LIMIT = 1024, MSG_CONNECT_HEADER = 2048, MSG_CONNECT_USO = 4096,
	MSG_CONNECT_VHOST = 8192,	/* the port is vhost-user; then there is one TAP, however many workers */
	MSG_CONNECT_FLAGS = 16383,	/* all of them */
	MSG_SERVING_SWITCH = 16384,	/* of SERVING only: a switch is connected, whose socket is the third descriptor */
};

struct msg_mappings { struct msg_head head; uint32_t all, zero; };	/* all: as in CONNECT, from now on */
struct msg_disconnect { struct msg_head head; };
struct msg_log_level { struct msg_head head; uint32_t level, zero; };
/* flags: CAPRING_*, and the descriptors are the block and the doorbell (common/host/capture.h); 0: the capture ends, and
 * there is no descriptor. A VIF that is not connected is left alone. */
struct msg_capture { struct msg_head head; uint32_t flags, snap; };
/* Gives a VIF with a vhost-user port its switch. The descriptors: the switch's socket, and memory of vhost_memory_new(). */
struct msg_switch { struct msg_head head; };
struct msg_end { struct msg_head head; };

/* A VIF that is connected: the CONNECT that it was made by, with the settings of now. The descriptors: the counters' memory, the
 * first worker's TAP, and the switch's socket with MSG_SERVING_SWITCH. */
struct msg_serving { struct msg_connect connect; };

/* Reports that the sandbox is closed, or why it is not. */
struct msg_ready {
	struct msg_head head;
	int32_t err;		/* 0 or -errno of the stage */
	uint32_t stage;		/* enum sandbox_stage that failed; 0 if err is 0 */
	uint32_t missing;	/* a bit for each stage that the kernel does not have */
	uint32_t sets;		/* sets of handles that are left */
};

/* err: 0 or -errno; reason: with err. */
struct msg_connected { struct msg_head head; int32_t err; uint32_t reason; };

struct msg_disconnected { struct msg_head head; };
struct msg_applied { struct msg_head head; };
struct msg_fault { struct msg_head head; uint32_t reason, zero; };
/* stalled is 1: a queue has lacked slots for long; 0: no longer. */
struct msg_carrier { struct msg_head head; uint32_t stalled, zero; };

struct msg_log {			/* a line for the log */
	struct msg_head head;
	uint32_t level, zero;
	char text[MSG_TEXT_MAX];	/* NUL-terminated, then zeros */
};

union msg {
	struct msg_head head;
	struct msg_hello hello;
	struct msg_connect connect;
	struct msg_settings settings;
	struct msg_disconnect disconnect;
	struct msg_mappings mappings;
	struct msg_capture capture;
	struct msg_switch switched;
	struct msg_serving serving;
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

/* Returns the bytes of a message of that kind; 0: there is no such kind from that end. */
size_t msg_size(uint16_t kind, enum msg_from from);

/* Checks a received message of len bytes with so many descriptors. Returns 0;
 * -EPROTONOSUPPORT: it is of another version; -EPROTO: it breaks another rule. */
MUST_CHECK int msg_check(const union msg *m, size_t len, unsigned int nfds, enum msg_from from);

/* Copy a connection's configuration into a message that msg_new() made, and out of one that was checked. */
void msg_put_conf(struct msg_connect *m, const struct vif_conf *conf);
void msg_get_conf(struct vif_conf *conf, const struct msg_connect *m);

/* Returns whether two messages have the same configuration. */
MUST_CHECK bool msg_same_conf(const struct msg_connect *a, const struct msg_connect *b);

#endif
