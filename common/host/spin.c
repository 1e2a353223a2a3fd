/* SPDX-License-Identifier: MIT */
/* spin.c - learns the polling time of spin.h */
#include "common/base/util.h"
#include "spin.h"

/* The longest and the first time that a worker polls before a sleep, in microseconds. */
#define SPIN_MAX_US 100u
#define SPIN_START_US 10u

/* A yield that took so long means that another program needs the processor; and the
 * time without polling after that, both in microseconds. */
#define CROWDED_YIELD_US 500u
#define CROWDED_US 250000u

/* A worker that moved so many bytes before it ran out of work is in a stream; and the
 * time without polling after that, in microseconds. */
#define STREAM_BYTES 16384u
#define STREAM_US 1000u

bool spin_streams(struct spin *s, uint64_t now)
{
	if (s->bytes_since_idle >= STREAM_BYTES)
		s->bulk_until = now + STREAM_US;
	s->bytes_since_idle = 0;
	return now < s->bulk_until;
}

void spin_yielded(struct spin *s, uint64_t from, uint64_t now)
{
	if (now - from < CROWDED_YIELD_US)
		return;
	s->us = 0;
	s->no_poll_until = now + CROWDED_US;
}

void spin_slept(struct spin *s, uint64_t slept_us, uint64_t now)
{
	if (now < s->no_poll_until)
		return;
	if (slept_us >= SPIN_MAX_US)
		s->us = s->us > SPIN_START_US ? s->us / 2u : 0;
	else if (s->us)
		s->us = (unsigned int)min_size(s->us * 2u, SPIN_MAX_US);
	else if (s->slept_shortly)
		s->us = SPIN_START_US;
	s->slept_shortly = slept_us < SPIN_MAX_US;
}
