/* SPDX-License-Identifier: MIT */
/* credit.c - the bucket of credit.h */
#include <errno.h>

#include "credit.h"

/* A second in microseconds. Credit is counted in millionths of a byte, so that the
 * credit of one microsecond is a whole number at any rate. */
#define SECOND 1000000u

/* Limits that keep every sum below 2^63; they are far above any real rate. */
#define RATE_MAX UINT64_C(1000000000000)
#define BYTES_MAX UINT64_C(1000000000000)
#define USECS_MAX UINT64_C(1000000000000)
#define EARNED_MAX UINT64_C(2000000000000000000)

/* Parses a decimal number; one above max becomes max. *end gets its end. Returns
 * false if there is no digit. */
static bool credit_number(uint64_t *v, const char *text, const char **end, uint64_t max)
{
	*v = 0;
	for (*end = text; **end >= '0' && **end <= '9'; (*end)++) {
		*v = *v * 10 + (uint64_t)(**end - '0');
		if (*v > max)
			*v = max;
	}
	return *end != text;
}

int credit_parse(struct credit_rate *rate, const char *text)
{
	struct credit_rate r;
	const char *end;

	*rate = (struct credit_rate){ 0, 0 };
	if (!credit_number(&r.bytes, text, &end, BYTES_MAX) || *end != ',' ||
	    !credit_number(&r.usecs, end + 1, &end, USECS_MAX) || *end != '\0')
		return -EINVAL;
	/* Linux would pass one burst and then nothing, for ever. */
	if (r.bytes == 0 && r.usecs != 0)
		return -EINVAL;
	*rate = r;
	return 0;
}

/* Returns the rate in bytes a second, 0 if there is no limit. */
static uint64_t credit_per_second(const struct credit_rate *r)
{
	uint64_t rate;

	if (r->usecs == 0)
		return 0;
	if (r->bytes / r->usecs >= RATE_MAX / SECOND)
		return RATE_MAX;
	rate = r->bytes / r->usecs * SECOND + r->bytes % r->usecs * SECOND / r->usecs;
	return rate ? rate : 1;
}

void credit_set(struct credit *c, const struct credit_rate *r, uint64_t now)
{
	uint64_t rate = credit_per_second(r), burst = r->bytes > CREDIT_BURST_MIN ? r->bytes : CREDIT_BURST_MIN;

	/* A worker may not be able to sleep for less than a few milliseconds. */
	if (burst < rate / 100)
		burst = rate / 100;
	if (burst > BYTES_MAX)
		burst = BYTES_MAX;
	if (!credit_limited(c)) {
		atomic_store(&c->level, 0);
		atomic_store(&c->since, now);
	}
	atomic_store(&c->burst, burst);
	atomic_store(&c->rate, rate);
}

/* Adds the credit that was earned since the last refill. */
static void credit_refill(struct credit *c, uint64_t rate, uint64_t now)
{
	uint64_t since = atomic_load(&c->since), passed, most = EARNED_MAX / rate;
	int64_t full = (int64_t)(atomic_load(&c->burst) * SECOND), level, filled;

	if (now <= since)
		return;
	passed = now - since < most ? now - since : most;
	/* Only the thread that advances the time adds the credit of that interval. */
	if (!atomic_compare_exchange_strong(&c->since, &since, now))
		return;
	level = atomic_load(&c->level);
	do {
		filled = level + (int64_t)(passed * rate);
		if (filled > full)
			filled = full;
	} while (!atomic_compare_exchange_weak(&c->level, &level, filled));
}

bool credit_allows(struct credit *c, uint64_t now)
{
	uint64_t rate = atomic_load_explicit(&c->rate, memory_order_relaxed);

	if (rate == 0)
		return true;
	credit_refill(c, rate, now);
	return atomic_load_explicit(&c->level, memory_order_relaxed) > 0;
}

void credit_charge(struct credit *c, uint32_t bytes)
{
	if (credit_limited(c))
		atomic_fetch_sub_explicit(&c->level, (int64_t)bytes * SECOND, memory_order_relaxed);
}

uint64_t credit_wait(const struct credit *c, uint32_t bytes, uint64_t now)
{
	uint64_t rate = atomic_load_explicit(&c->rate, memory_order_relaxed);
	uint64_t burst = atomic_load_explicit(&c->burst, memory_order_relaxed);
	uint64_t since = atomic_load_explicit(&c->since, memory_order_relaxed);
	int64_t level = atomic_load_explicit(&c->level, memory_order_relaxed);
	int64_t want = (int64_t)((bytes < burst ? bytes : burst) * SECOND);
	uint64_t wait, passed;

	if (rate == 0 || level >= want)
		return 0;
	wait = ((uint64_t)(want - level) + rate - 1) / rate;
	passed = now > since ? now - since : 0;
	return wait > passed ? wait - passed : 0;
}
