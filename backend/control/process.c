/* SPDX-License-Identifier: MIT */
/* process.c - starts, watches and ends the data processes of process.h */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/errtext.h"
#include "guestsock.h"
#include "process.h"
#include "process_deaths.h"
#include "process_internal.h"
#include "served.h"
#include "spawn_data.h"

/* What a data process may take to be READY, and to end, in microseconds. */
#define START_US 10000000u
#define END_US 7000000u

/* Interval at which control looks whether an earlier control's process has ended, in nanoseconds. */
#define WAIT_NS 5000000

/* Messages of one process that are not forgotten yet (processes_tick()), and in one go. */
#define MESSAGES_MAX 5000u
#define MESSAGES_AT_ONCE 64u

/* Sets of handles beyond those that are needed: for a VIF that comes later, or connects again. */
#define SETS_SPARE 3u

int processes_watch(const struct processes *all, int fd, void *what)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = what };

	return epoll_ctl(all->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

struct process *process_get(struct processes *all, struct domid peer)
{
	struct process *p = all->first;

	while (p && p->peer.raw != peer.raw)
		p = p->next;
	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p)
			return NULL;
		*p = (struct process){ .next = all->first, .all = all, .peer = peer, .pidfd = -1, .sock = -1 };
		all->first = p;
	}
	p->users++;
	return p;
}

/* Frees a process that nothing holds any more and that has ended. */
static void process_free_unused(struct process *p)
{
	struct process **at = &p->all->first;

	if (p->users || p->state != PROCESS_NONE)
		return;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	free(p);
}

void process_put(struct process *p)
{
	p->users--;
	if (!p->users && p->state == PROCESS_WAITING)
		p->state = PROCESS_NONE;
	if (!p->users)
		process_end(p);
	process_free_unused(p);
}

/* --- start ----------------------------------------------------------------------------------- */

static void process_close(struct process *p)
{
	served_free_all(&p->served);
	/* Closing takes them out of the epoll instance, as nobody else has them. */
	if (p->sock >= 0)
		close(p->sock);
	if (p->pidfd >= 0)
		close(p->pidfd);
	p->sock = p->pidfd = -1;
	p->pid = 0;
}

static union msg process_hello(struct process *p)
{
	const struct processes *all = p->all;
	uint32_t users = all->uid_last - all->uid_first + 1;
	uint32_t uid = all->uid_first + p->peer.raw % users;
	union msg m = msg_new(MSG_HELLO, 0);

	p->sets = p->want + SETS_SPARE > p->least ? p->want + SETS_SPARE : p->least;
	p->sets = (unsigned int)min_size(p->sets, MSG_WORKERS_MAX);
	m.hello.domid = p->peer.raw;
	m.hello.workers = p->sets;
	m.hello.uid = m.hello.gid = uid;
	m.hello.flags = (users >= DOMID_FIRST_RESERVED ? MSG_HELLO_OWN_UID : 0) |
			(all->isolation == ISOLATION_STRICT ? MSG_HELLO_STRICT : 0);
	m.hello.log_level = all->level;
	return m;
}

/* Waits in steps until an earlier data process has ended. */
static void process_wait(struct process *p)
{
	const struct itimerspec soon = { .it_value = { .tv_nsec = WAIT_NS } };

	if (p->state != PROCESS_WAITING)
		p->deadline = now_us() + START_US;
	p->state = PROCESS_WAITING;
	timerfd_settime(p->all->timer_fd, 0, &soon, NULL);
}

/* Watches the process, and says HELLO to it. Returns 0, or -errno if it cannot be watched. */
static int process_begin(struct process *p, enum process_state state)
{
	union msg m = process_hello(p);
	int err = processes_watch(p->all, p->pidfd, p);

	p->state = state;
	p->deadline = now_us() + START_US;
	p->asked = false;
	if (!err)
		err = processes_watch(p->all, p->sock, p);
	if (!err)
		process_send(p, &m, NULL, 0);
	return err;
}

int process_greet(struct process *p)
{
	/* One that is ENDING, as another VIF of the guest asked for that, still has this VIF's device and rings. */
	if (p->state != PROCESS_NONE)
		return p->state == PROCESS_GREETING || p->state == PROCESS_ENDING ? -EINPROGRESS : 0;
	p->sock = guestsock_connect(p->all->run_dir, p->peer);
	if (p->sock < 0)
		return 0;
	p->pidfd = guestsock_peer(p->sock, &p->pid);
	if (p->pidfd < 0 || process_begin(p, PROCESS_GREETING)) {
		process_close(p);
		p->state = PROCESS_NONE;
		return 0;
	}
	return -EINPROGRESS;
}

int process_start(struct process *p)
{
	int listener = guestsock_listen(p->all->run_dir, p->peer), err;
	struct spawned child;

	if (listener == -EBUSY) {
		process_wait(p);
		return 0;
	}
	if (listener < 0)
		return listener;
	err = spawn_data(&child, p->peer, listener);
	close(listener);
	if (err)
		return err;
	p->pid = child.pid;
	p->pidfd = child.pidfd;
	p->sock = child.sock;
	if (process_begin(p, PROCESS_STARTING)) {
		process_kill(p, "it cannot be watched");
		return -EINPROGRESS;
	}
	log_debug("data process guest=%u pid=%d sets=%u", p->peer.raw, (int)p->pid, p->sets);
	return 0;
}

int process_need(struct process *p, unsigned int sets)
{
	int err = 0;

	if (p->refused)
		return -ECANCELED;
	switch (p->state) {
	case PROCESS_NONE:
		p->want = sets;
		err = process_start(p);
		break;
	case PROCESS_WAITING:
		p->want += sets;
		break;
	case PROCESS_GREETING:
	case PROCESS_ENDING:
		break;		/* the caller hears of its end, and asks again */
	case PROCESS_STARTING:
	case PROCESS_READY:
		if (p->sets >= sets) {
			p->sets -= sets;
			return p->state == PROCESS_READY ? 0 : -EINPROGRESS;
		}
		/* All that it serves goes on in one that has twice as many. */
		p->least = (unsigned int)min_size(2 * (p->least + SETS_SPARE) + sets, MSG_WORKERS_MAX);
		process_end(p);
		return -EINPROGRESS;
	}
	if (err)
		return err;
	if (p->state == PROCESS_STARTING)
		p->sets -= sets;
	return -EINPROGRESS;
}

/* --- end ------------------------------------------------------------------------------------- */

void process_end(struct process *p)
{
	const union msg m = msg_new(MSG_END, 0);

	if (p->state != PROCESS_STARTING && p->state != PROCESS_READY && p->state != PROCESS_GREETING)
		return;
	process_send(p, &m, NULL, 0);
	if (p->sock < 0)
		return;		/* it did not take that, and is killed */
	served_free_all(&p->served);
	p->state = PROCESS_ENDING;
	p->asked = true;
	p->deadline = now_us() + END_US;
	/* The socket stays: a close with messages that were not read would overtake END. */
}

void process_kill(struct process *p, const char *why)
{
	if (p->state == PROCESS_NONE || p->state == PROCESS_WAITING)
		return;
	log_error_in(&p->log, "the data process is killed guest=%u pid=%d reason=\"%s\"", p->peer.raw, (int)p->pid, why);
	pidfd_send_signal(p->pidfd, SIGKILL, NULL, 0);
	if (p->sock >= 0)
		close(p->sock);
	p->sock = -1;
	p->state = PROCESS_ENDING;
	p->deadline = now_us() + END_US;
}

/* Takes the process's exit status, if it has ended; that of an earlier control's is init's. */
bool process_reap(struct process *p)
{
	struct pollfd end = { .fd = p->pidfd, .events = POLLIN };
	siginfo_t how = { 0 };

	if (poll(&end, 1, 0) != 1)
		return false;
	(void)!waitid(P_PIDFD, (id_t)p->pidfd, &how, WEXITED | WNOHANG);
	process_tell_end(p, &how);
	if (!p->asked)
		process_count_death(p);
	guestsock_remove(p->all->run_dir, p->peer);
	process_close(p);
	p->state = PROCESS_NONE;
	p->sets = p->messages = 0;
	return true;
}

/* --- events ---------------------------------------------------------------------------------- */

void process_send(struct process *p, const union msg *m, const int *fds, unsigned int nfds)
{
	int err = p->sock < 0 ? 0 : msg_send(p->sock, m, fds, nfds);

	/* One that has just died is heard of by its pidfd. */
	if (err && err != -EPIPE && err != -ECONNRESET)
		process_kill(p, "it does not take its messages");
}

static void process_ready(struct process *p, const struct msg_ready *m)
{
	struct processes *all = p->all;

	if (p->state != PROCESS_STARTING && p->state != PROCESS_GREETING) {
		process_kill(p, "it is READY twice");
		return;
	}
	if (p->state == PROCESS_GREETING) {
		log_debug("data process of an earlier netbackd guest=%u pid=%d sets=%u", p->peer.raw, (int)p->pid, m->sets);
		p->sets = m->sets;
	}
	if (m->err) {
		log_error_in(&p->log, "the data process cannot give up its privileges guest=%u stage=%u error=\"%s\"",
			     p->peer.raw, m->stage, errtext(ERRTEXT_FILE, m->err));
		return;		/* it ends by itself */
	}
	if (m->missing && !all->told)
		log_warn("this kernel lacks a part of the sandbox of data processes: they have the rest stages=%#x", m->missing);
	all->told = all->told || m->missing;
	p->state = PROCESS_READY;
	p->all->ops->ready(p);
}

/* Notes what an earlier control's process serves. Takes the descriptors. */
static void process_serving(struct process *p, const struct msg_serving *m, const int *fds)
{
	int err;

	if (p->state != PROCESS_GREETING) {
		for (unsigned int i = 0; i < 2u + !!(m->connect.flags & MSG_SERVING_SWITCH); i++)
			close(fds[i]);
		/* One that is ENDING has not read END yet. */
		if (p->state != PROCESS_ENDING)
			process_kill(p, "it introduces itself unasked");
		return;
	}
	err = served_add(&p->served, m, fds);
	if (err)
		process_kill(p, err == -EEXIST ? "it names a VIF twice" : "no memory for what it serves");
}

static void process_message(struct process *p, const union msg *m, const int *fds)
{
	if (m->head.kind == MSG_SERVING) {
		process_serving(p, &m->serving, fds);
	} else if (++p->messages > MESSAGES_MAX) {
		process_kill(p, "it sends too many messages");
	} else if (m->head.kind == MSG_LOG) {
		/* Whatever the text says, its end says from whom it is. */
		log_bucket_line(&p->said, (enum log_level)m->log.level, "%s guest=%u", m->log.text, p->peer.raw);
	} else if (p->state == PROCESS_ENDING) {
		return;		/* it has not read END yet */
	} else if (m->head.kind == MSG_READY) {
		process_ready(p, &m->ready);
	} else if (p->state != PROCESS_READY) {
		process_kill(p, "it answers before it is READY");
	} else {
		p->all->ops->message(p, m);
	}
}

static void process_receive(struct process *p)
{
	int fds[MSG_FDS_MAX], err = 0;
	unsigned int nfds;
	union msg m;

	for (unsigned int i = 0; i < MESSAGES_AT_ONCE && p->sock >= 0; i++) {
		err = msg_receive(p->sock, &m, MSG_FROM_DATA, fds, &nfds);
		if (err)
			break;
		process_message(p, &m, fds);
	}
	if (err == -EPROTO || err == -EPROTONOSUPPORT)
		process_kill(p, "its message is not as it must be");
	else if (err == -ECONNRESET && p->sock >= 0)
		/* Its end follows, or has happened. */
		epoll_ctl(p->all->epoll_fd, EPOLL_CTL_DEL, p->sock, NULL);
}

/* A process that has ended: what it said before counts, then its VIFs hear of it. */
void process_look(struct process *p)
{
	process_receive(p);
	if (p->pidfd >= 0 && process_reap(p)) {
		p->users++;	/* it is looked at below */
		p->all->ops->ended(p);
		p->users--;
		process_free_unused(p);
	}
}
