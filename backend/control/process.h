/* SPDX-License-Identifier: MIT */
/* process.h - the data processes: one for each guest with a connected VIF
 *
 * A data process is this program, executed anew (backend/data/serve.h). It touches the guest's
 * memory, and has no privilege. Control starts and ends it, and speaks to it in the messages of
 * msg.h. What must hold:
 *
 * - Control never waits for a data process: it sends without blocking and keeps time limits.
 * - What a data process says is checked. One that says what it must not is killed.
 * - A guest has at most one data process, also over restarts of control: the process holds a
 *   listening socket of the run directory, and while somebody listens there no other one starts.
 *   The kernel closes it behind the process's maps of the guest's memory.
 * - One that an earlier control left goes on serving. It is greeted there, and says what it serves.
 * - One that ends unasked is started anew, DEATHS_MAX times in DEATHS_US at most.
 *
 * Control thread only.
 */
#ifndef NETPAIR_BACKEND_PROCESS_H
#define NETPAIR_BACKEND_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/data/msg_sock.h"
#include "common/base/log.h"
#include "common/base/util.h"

/* A guest whose data process ended so often, within so many microseconds, is refused. */
#define DEATHS_MAX 5u
#define DEATHS_US 60000000u

/* How guests' data is kept apart. */
enum isolation {
	ISOLATION_NONE,		/* by nothing: threads of control */
	ISOLATION_PROCESS,	/* a data process for each guest, with each stage of the sandbox that the kernel has */
	ISOLATION_STRICT,	/* with all stages, or not at all */
};

enum process_state {
	PROCESS_NONE,		/* there is none */
	PROCESS_WAITING,	/* an earlier one has not ended yet */
	PROCESS_GREETING,	/* an earlier control's says what it serves */
	PROCESS_STARTING,	/* not READY yet */
	PROCESS_READY,
	PROCESS_ENDING,		/* it was asked to end, or killed */
};

struct attach;
struct processes;
struct served;

/* A guest's data process; the guest keeps it over restarts of the process. */
struct process {
	struct process *next;
	struct processes *all;
	struct domid peer;
	enum process_state state;
	pid_t pid;
	int pidfd, sock;		/* -1: none */
	unsigned int sets;		/* sets of handles that are left in it; one for each worker */
	unsigned int want;		/* sets that are wanted of the next process */
	unsigned int least;		/* sets that the next process has at least */
	uint64_t deadline;		/* for READY or the end, monotonic microseconds */
	bool asked;			/* its end was asked for */
	bool refused;			/* it died too often */
	uint64_t died[DEATHS_MAX];	/* the latest deaths, monotonic microseconds */
	unsigned int messages;		/* so many more than it may send */
	unsigned int users;		/* VIFs that hold it */
	struct log_bucket log;		/* of what control says of it */
	struct log_bucket said;		/* of its own lines: they do not hide those */
	struct attach *attached;	/* attach.c's */
	struct served *served;		/* by an earlier control's process, and not claimed */
};

/* What becomes of a data process is told to the VIFs that it serves. */
struct process_ops {
	void (*ready)(struct process *p);
	void (*message)(struct process *p, const union msg *m);	/* a checked one; not READY, SERVING or LOG */
	void (*ended)(struct process *p);
};

struct processes {
	const struct process_ops *ops;
	const char *run_dir;		/* borrowed */
	enum isolation isolation;
	uint32_t uid_first, uid_last;	/* their users, by domain id; all distinct if there are enough */
	enum log_level level;
	int epoll_fd;
	int timer_fd;			/* while one waits */
	bool told;			/* what the kernel lacks was said */
	struct process *first;
};

/* Returns the data process of a guest, which need not run; NULL: no memory. The caller owes
 * process_put(). */
struct process *process_get(struct processes *all, struct domid peer);
void process_put(struct process *p);

/* Looks for a data process of the guest that an earlier control left. Returns 0: what it serves is
 * known, which may be nothing; -EINPROGRESS: ops->ready() follows, or ops->ended(). */
MUST_CHECK int process_greet(struct process *p);

/* Has the process run, with at least so many sets of handles left: starts one, or replaces one
 * that has fewer. Returns 0: it is READY; -EINPROGRESS: ops->ready() follows, or ops->ended();
 * -ECANCELED: it died too often; other -errno: it cannot be started. */
MUST_CHECK int process_need(struct process *p, unsigned int sets);

/* Sends a message to a process that is READY; one that does not take it is killed. */
void process_send(struct process *p, const union msg *m, const int *fds, unsigned int nfds);

/* Asks the process to end; it stops what it serves first. */
void process_end(struct process *p);

/* Kills a process that did what it must not; why is for the log. */
void process_kill(struct process *p, const char *why);

#endif
