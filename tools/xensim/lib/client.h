/* SPDX-License-Identifier: MIT */
/* The libraries' side of a handle's connection to the host. */
#ifndef XENSIM_CLIENT_H
#define XENSIM_CLIENT_H

#include "../abi.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct xentoollog_logger;

#define CLIENT_FDS 4

/** A handle's connection. */
struct client {
	int sock;
	pid_t pid; /* a child must not use its parent's handle */
	pthread_mutex_t lock;
	struct xentoollog_logger *log;
	struct xentoollog_logger *own_log;
	const struct xsim_gnt *gnt; /* own domain's: the fault rules */
	uint32_t fault_seen;        /* fault_seq that the counts below belong to */
	uint32_t fault_count[XSIM_MAX_FAULTS];
	uint32_t fault_fired[XSIM_MAX_FAULTS];
	uint32_t fault_rand[XSIM_MAX_FAULTS];
};

/** Connect as a handle of this kind; fds beyond the grant table go to @fds. 0 or -1 and errno. */
int client_open(struct client *c, enum xsim_kind kind, struct xentoollog_logger *log, int fds[CLIENT_FDS], const char *name);

/** Close the connection; the host drops what the handle held. */
void client_close(struct client *c);

/**
 * One request and its reply, serialised.  Returns 0 or -1 and errno; ENODEV
 * when the host is gone.  @fds (may be NULL) receives CLIENT_FDS entries, -1
 * where there is none.
 */
int client_call(struct client *c, const struct xsim_req *req, size_t len, struct xsim_rep *rep, size_t replen, int *fds);

/** The domain that the handle acts as, now. */
uint32_t client_domid(const struct client *c);

/** Whether the host has gone (or destroyed this domain). */
bool client_lost(const struct client *c);

/** Report what failed, with errno, through the caller's logger. */
void client_error(const struct client *c, const char *what);

/** Set @p up for map_grant etc: map a whole memory file. NULL and errno on failure. */
void *client_map(int fd, size_t len, int prot);

/**
 * Ask the fault rules about item @i of @n of operation @op.  Returns the rule
 * that strikes, or NULL.  Costs one load when there are none.
 */
const struct xsim_fault *client_fault(struct client *c, enum xsim_fault_op op, uint32_t i, uint32_t n);

/** client_fault() where only a failure can be asked for besides kill, freeze and delay: 0, or its errno. */
int client_fault_errno(struct client *c, enum xsim_fault_op op, uint32_t i, uint32_t n, int fallback);

#endif
