/* SPDX-License-Identifier: MIT */
/* processes.c - all data processes together, for processes.h: events, time limits, the end */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/errtext.h"
#include "guestsock.h"
#include "process_internal.h"
#include "processes.h"

/* What all processes together may take to end, in microseconds. */
#define STOP_US 7000000u

/* Messages that a process may send each second, on and on: its lines and news are far fewer. */
#define MESSAGES_A_TICK 1000u

/* Events that are taken in one go. */
#define EVENTS_AT_ONCE 64u

int processes_init(struct processes *all)
{
	all->first = NULL;
	all->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	all->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (all->epoll_fd < 0 || all->timer_fd < 0)
		return -errno;
	return processes_watch(all, all->timer_fd, NULL);
}

int processes_fd(const struct processes *all)
{
	return all->epoll_fd;
}

static void processes_start_waiting(struct processes *all)
{
	for (struct process *p = all->first, *next; p; p = next) {
		int err;

		next = p->next;
		if (p->state != PROCESS_WAITING)
			continue;
		err = process_start(p);
		if (!err && p->state == PROCESS_STARTING) {
			p->sets -= (unsigned int)min_size(p->sets, p->want);
		} else if ((err && err != -EINPROGRESS) || (p->state == PROCESS_WAITING && now_us() >= p->deadline)) {
			log_error_in(&p->log, "no data process can be started guest=%u error=\"%s\"", p->peer.raw,
				     err ? errtext(ERRTEXT_FILE, err) : "an earlier one does not end");
			p->state = PROCESS_NONE;
			all->ops->ended(p);
		}
	}
}

void processes_events(struct processes *all)
{
	struct epoll_event ev;
	uint64_t count;

	/* One at a time, as an event may free what another one is about. */
	for (unsigned int i = 0; i < EVENTS_AT_ONCE && epoll_wait(all->epoll_fd, &ev, 1, 0) == 1; i++) {
		if (ev.data.ptr)
			process_look(ev.data.ptr);
		else if (read(all->timer_fd, &count, sizeof(count)) > 0)
			processes_start_waiting(all);
	}
}

void processes_tick(struct processes *all)
{
	uint64_t now = now_us();

	for (struct process *p = all->first; p; p = p->next) {
		char name[24];

		snprintf(name, sizeof(name), "guest %u", p->peer.raw);
		log_bucket_tell(&p->log, name);
		log_bucket_tell(&p->said, name);
		p->messages -= (unsigned int)min_size(p->messages, MESSAGES_A_TICK);
		if ((p->state == PROCESS_STARTING || p->state == PROCESS_GREETING) && now >= p->deadline) {
			process_kill(p, "it is not READY in time");
		} else if (p->state == PROCESS_ENDING && now >= p->deadline) {
			process_kill(p, "it does not end in time");
		}
	}
}

void processes_drop_unclaimed(struct processes *all)
{
	for (struct process *p = all->first; p; p = p->next) {
		if (p->state != PROCESS_READY || (p->attached && !p->served))
			continue;
		if (p->served)
			log_info("a data process serves a VIF that is not there any more, and is replaced guest=%u pid=%d", p->peer.raw,
				 (int)p->pid);
		process_end(p);
	}
}

bool processes_settled(const struct processes *all)
{
	for (const struct process *p = all->first; p; p = p->next)
		if (p->state == PROCESS_GREETING || p->state == PROCESS_WAITING || p->state == PROCESS_ENDING)
			return false;
	return true;
}

struct sweep {
	struct processes *all;
	bool (*is_known)(void *arg, struct domid guest);
	void *arg;
};

static void processes_sweep_one(void *arg, struct domid guest)
{
	const struct sweep *w = arg;
	pid_t pid = w->is_known(w->arg, guest) ? 0 : guestsock_kill(w->all->run_dir, guest);

	if (pid)
		log_info("the data process of a guest that is not connected is killed guest=%u pid=%d", guest.raw, (int)pid);
}

void processes_sweep(struct processes *all, bool (*is_known)(void *arg, struct domid guest), void *arg)
{
	struct sweep w = { all, is_known, arg };

	guestsock_each(all->run_dir, processes_sweep_one, &w);
}

void processes_set_level(struct processes *all, enum log_level level)
{
	union msg m = msg_new(MSG_LOG_LEVEL, 0);

	all->level = level;
	m.log_level.level = level;
	for (struct process *p = all->first; p; p = p->next)
		if (p->state == PROCESS_READY)
			process_send(p, &m, NULL, 0);
}

static bool processes_any(const struct processes *all)
{
	for (const struct process *p = all->first; p; p = p->next)
		if (p->pidfd >= 0)
			return true;
	return false;
}

void processes_stop(struct processes *all)
{
	uint64_t until = now_us() + STOP_US;
	struct pollfd fd = { .fd = all->epoll_fd, .events = POLLIN };

	for (struct process *p = all->first; p; p = p->next) {
		if (p->state == PROCESS_WAITING)
			p->state = PROCESS_NONE;	/* none is started any more */
		process_end(p);
	}
	while (processes_any(all)) {
		if (now_us() >= until)
			for (struct process *p = all->first; p; p = p->next)
				process_kill(p, "it does not end in time");
		poll(&fd, 1, 100);
		processes_events(all);
	}
}
