/* SPDX-License-Identifier: MIT */
/* process_deaths.c - counts and tells the ends of data processes, for process_deaths.h */
#include <string.h>

#include "common/base/clock.h"
#include "process_deaths.h"

void process_pardon(struct process *p)
{
	p->refused = false;
}

void process_count_death(struct process *p)
{
	uint64_t now = now_us();

	memmove(&p->died[1], &p->died[0], sizeof(p->died) - sizeof(p->died[0]));
	p->died[0] = now;
	p->refused = p->died[DEATHS_MAX - 1] && now - p->died[DEATHS_MAX - 1] < DEATHS_US;
}

void process_tell_end(struct process *p, const siginfo_t *how)
{
	if (p->asked || (p->state == PROCESS_GREETING && !how->si_pid))
		log_debug("data process ended guest=%u pid=%d", p->peer.raw, (int)p->pid);
	else if (!how->si_pid)		/* an earlier control's child: how it ended was told to another process */
		log_error_in(&p->log, "the data process of a guest ended guest=%u pid=%d", p->peer.raw, (int)p->pid);
	else if (how->si_code == CLD_EXITED)
		log_error_in(&p->log, "the data process of a guest ended guest=%u pid=%d exit=%d", p->peer.raw, (int)p->pid,
			     how->si_status);
	else
		log_error_in(&p->log, "the data process of a guest ended guest=%u pid=%d signal=\"%s\"%s", p->peer.raw,
			     (int)p->pid, strsignal(how->si_status),
			     how->si_status == SIGSYS ? " reason=\"a system call that it never needs\"" : "");
}
