/* SPDX-License-Identifier: MIT */
/* client.h - a handle's connection to the host: requests, replies, passed descriptors */
#ifndef XENSIM_CLIENT_H
#define XENSIM_CLIENT_H

#include "tools/xensim/abi.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct xentoollog_logger;

#define CLIENT_FDS 4

/* A handle's connection. */
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

/* Connects as a handle of this kind; the descriptors after the grant table's go to fds. Returns 0, or -1 and errno. */
int client_open(struct client *c, enum xsim_kind kind, struct xentoollog_logger *log, int fds[CLIENT_FDS], const char *name);

/* Closes the connection; the host releases what the handle held. */
void client_close(struct client *c);

/* Sends a request and receives its reply, with the handle locked.  Returns 0,
 * or -1 and errno: ENODEV once the host is gone.  fds (may be NULL) receives
 * CLIENT_FDS descriptors, -1 where there is none. */
int client_call(struct client *c, const struct xsim_req *req, size_t len, struct xsim_rep *rep, size_t replen, int *fds);

/* Returns the id that the handle's domain has now. */
uint32_t client_domid(const struct client *c);

/* Returns whether the host is gone, or has destroyed this domain. */
bool client_lost(const struct client *c);

/* Reports what failed, with errno, through the caller's logger. Keeps errno. */
void client_error(const struct client *c, const char *what);

/* Maps len bytes of a memory file. Returns NULL and errno on failure. */
void *client_map(int fd, size_t len, int prot);

#endif
