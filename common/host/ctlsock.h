/* SPDX-License-Identifier: MIT */
/* ctlsock.h - the daemon's end of the control socket
 *
 * A client sends one line of words, gets one document and is disconnected
 * (docs/control-socket.md). What must hold:
 *
 * - No call blocks. A client has CTLSOCK_SECONDS; then it is disconnected.
 * - CTLSOCK_CLIENTS are served at a time; others wait in the kernel's queue.
 * - Only root and the daemon's own user are served.
 * - An answer may hold its client, CTLSOCK_HELD_MAX of them at a time, without a limit in time.
 *
 * For the control thread.
 */
#ifndef NETPAIR_CTLSOCK_H
#define NETPAIR_CTLSOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/util.h"

#define CTLSOCK_LINE_MAX 256u		/* bytes of a request */
#define CTLSOCK_WORDS_MAX 8u		/* words of a request */
#define CTLSOCK_CLIENTS 16u
#define CTLSOCK_SECONDS 2u
#define CTLSOCK_PACKET_MAX 32768u	/* bytes of a packet of an answer */
#define CTLSOCK_HELD_MAX 8u		/* clients that are held beside those */
#define CTLSOCK_FDS_MAX 2u

struct ctlsock;

/* What the answer to a request may set: descriptors that go with its first packet, which the socket closes then; and
 * the client is held: its connection stays after the answer, until it closes it or sends anything, or ctlsock_drop(). */
struct ctlsock_hold {
	uint32_t id;		/* not 0: the client is held, by this number, which no held client has */
	unsigned int nfds;
	int fd[CTLSOCK_FDS_MAX];
};

/* A request; all words that there are not are "". */
struct ctlsock_request {
	unsigned int n;				/* words, 1..CTLSOCK_WORDS_MAX */
	const char *word[CTLSOCK_WORDS_MAX];
	uid_t uid;				/* of the client */
	pid_t pid;
	struct ctlsock_hold *hold;		/* all 0 */
};

/* Answers a request. Returns the document, which ends with a NUL and which the socket frees;
 * NULL, without memory: the client is disconnected. */
typedef char *ctlsock_answer(const void *arg, const struct ctlsock_request *request);

/* A held client is gone; the socket has forgotten it. */
typedef void ctlsock_gone(const void *arg, uint32_t id);

/* Makes the socket run_dir/program.sock, and removes one that nobody listens at. The caller holds the
 * program's lock. Returns 0; -EBUSY: another program listens there; -EEXIST: there is a
 * file that is no socket; -ENAMETOOLONG; other -errno. */
MUST_CHECK int ctlsock_open(struct ctlsock **out, const char *run_dir, const char *program,
			    ctlsock_answer *answer, const void *arg);

/* Returns a descriptor that is readable when ctlsock_events() is to be called. It stays the socket's. */
int ctlsock_fd(const struct ctlsock *s);

/* Accepts clients, reads their requests, sends answers, and disconnects clients whose time is over. */
void ctlsock_events(struct ctlsock *s);

/* Sets what is called when a held client goes by itself. */
void ctlsock_on_gone(struct ctlsock *s, ctlsock_gone *gone);

/* Returns true if another client can be held. */
MUST_CHECK bool ctlsock_may_hold(const struct ctlsock *s);

/* Sends a last document of at most CTLSOCK_PACKET_MAX bytes to a held client, if it takes that now, and disconnects
 * it. text may be NULL. Not called by an answer. */
void ctlsock_drop(struct ctlsock *s, uint32_t id, const char *text);

/* Disconnects all clients and removes the socket. NULL is ignored. */
void ctlsock_close(struct ctlsock *s);

#endif
