/* SPDX-License-Identifier: MIT */
/* fault.c - finds the fault rule for an operation */
#include "fault.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

/* xorshift, so that the same seed gives the same faults. */
static uint32_t fault_rand(uint32_t *state)
{
	uint32_t x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

static bool fault_at_item(struct client *c, const struct xsim_fault *f, uint32_t rule, uint32_t i, uint32_t n)
{
	switch (f->where) {
	case XSIM_AT_ALL:
		return true;
	case XSIM_AT_FIRST:
		return i == 0;
	case XSIM_AT_MIDDLE:
		return i == n / 2;
	case XSIM_AT_LAST:
		return i == n - 1;
	case XSIM_AT_EVERY:
		return f->n && c->fault_count[rule] % f->n == 0;
	case XSIM_AT_RANDOM:
		return fault_rand(&c->fault_rand[rule]) % 1000000u < f->n;
	}
	return false;
}

/* Has the host send this process a signal. It comes before the host's reply. */
static void fault_signal(struct client *c, int sig)
{
	struct xsim_req req = { .op = XSIM_SIGNAL, .arg = { (uint32_t)sig, 0 } };
	struct xsim_rep rep;
	int err = errno;

	if (client_call(c, &req, sizeof(req), &rep, sizeof(rep), NULL) < 0)
		kill(getpid(), sig);
	errno = err;
}

static void fault_reset_counts(struct client *c, uint32_t seq)
{
	uint32_t i;

	c->fault_seen = seq;
	for (i = 0; i < XSIM_MAX_FAULTS; i++) {
		c->fault_count[i] = c->fault_fired[i] = 0;
		c->fault_rand[i] = c->gnt->fault[i].seed | 1u;
	}
}

const struct xsim_fault *client_fault(struct client *c, enum xsim_fault_op op, uint32_t i, uint32_t n)
{
	uint32_t nr = atomic_load_explicit(&c->gnt->nr_faults, memory_order_acquire);
	uint32_t seq;
	uint32_t r;

	if (!nr)
		return NULL;
	seq = atomic_load_explicit(&c->gnt->fault_seq, memory_order_acquire);
	if (seq & 1u)
		return NULL;
	if (seq != c->fault_seen)
		fault_reset_counts(c, seq);
	for (r = 0; r < nr && r < XSIM_MAX_FAULTS; r++) {
		const struct xsim_fault *f = &c->gnt->fault[r];

		if (f->op != (uint32_t)op)
			continue;
		c->fault_count[r]++;
		if (c->fault_count[r] <= f->after || (f->times && c->fault_fired[r] >= f->times))
			continue;
		if (!fault_at_item(c, f, r, i, n))
			continue;
		c->fault_fired[r]++;
		if (f->what == XSIM_DO_KILL)
			fault_signal(c, SIGKILL);
		if (f->what == XSIM_DO_STOP) {
			fault_signal(c, SIGSTOP);
			continue;
		}
		return f;
	}
	return NULL;
}

int client_fault_errno(struct client *c, enum xsim_fault_op op, uint32_t i, uint32_t n, int fallback)
{
	const struct xsim_fault *f = client_fault(c, op, i, n);

	if (!f)
		return 0;
	if (f->what == XSIM_DO_DELAY) {
		usleep(f->ms * 1000u);
		return 0;
	}
	return f->status > 0 ? f->status : fallback;
}
