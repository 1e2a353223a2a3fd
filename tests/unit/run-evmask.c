/* SPDX-License-Identifier: MIT */
/* run-evmask.c - the words of the event mask, and two threads that sleep and wake by them without
 * losing a wake-up */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "unit.h"
#include "common/wire/evmask.c"

static _Alignas(64) uint8_t page[4096];
static struct evmask back, front;

static int fresh(void **state)
{
	(void)state;
	memset(page, 0, sizeof(page));
	evmask_back_init(&back, page, 2);
	evmask_front_init(&front, page, 2);
	return 0;
}

static uint64_t at(unsigned int offset)
{
	uint64_t v;

	memcpy(&v, page + offset, sizeof(v));
	return v;
}

/* docs/event-mask.md: the page. */
static void layout(void **state)
{
	(void)state;
	assert_true(evmask_post(&front, evmask_gtx_bit(0)));
	assert_int_equal(at(0), 2);
	assert_true(evmask_post(&back, evmask_grx_bit(15)));
	assert_int_equal(at(64), 1ull << 32);
	assert_int_equal(EVMASK_CTRL, 1);
	assert_int_equal(evmask_grx_bit(0), 4);
	assert_int_equal(evmask_gtx_bit(1), 8);
}

static void kick_only_if_zero(void **state)
{
	(void)state;
	assert_true(evmask_post(&front, evmask_gtx_bit(0)));
	/* The word is not zero, so the channel was kicked already. */
	assert_false(evmask_post(&front, evmask_gtx_bit(1)));
	assert_int_equal(evmask_wake(&back), 0);
	assert_int_equal(at(0), EVMASK_AWAKE);
	assert_false(evmask_post(&front, EVMASK_CTRL));
	assert_true(evmask_sleep(&back));
	assert_int_equal(at(0), 0);
	assert_false(evmask_sleep(&back));
	assert_true(evmask_post(&front, EVMASK_CTRL));
}

static void awake_is_no_work(void **state)
{
	(void)state;
	assert_int_equal(evmask_wake(&front), 0);
	assert_false(evmask_sleep(&front));
}

static void unknown_bits(void **state)
{
	(void)state;
	/* A bit of a queue beyond the last, and a bit without a meaning. */
	assert_true(evmask_post(&front, evmask_gtx_bit(2) | 1ull << 40));
	assert_int_equal(evmask_wake(&back), 2);
	assert_true(back.seen == (evmask_gtx_bit(2) | 1ull << 40));
	assert_false(evmask_post(&front, 1ull << 62));
	assert_false(evmask_sleep(&back));
	assert_int_equal(at(0), 0);
}

static void every_bit(void **state)
{
	(void)state;
	memset(page, 0xff, 8);
	assert_int_equal(evmask_wake(&back), 64 - 2 - 4);
	memset(page, 0xff, 8);
	assert_true(evmask_sleep(&back));
}

/* A daemon that dies awake leaves the AWAKE bit set. The next one takes the word over. */
static void inherited(void **state)
{
	(void)state;
	assert_int_equal(evmask_wake(&back), 0);
	evmask_back_init(&back, page, 2);
	assert_false(evmask_post(&front, evmask_gtx_bit(0)));
	assert_int_equal(evmask_wake(&back), 0);
	assert_false(evmask_sleep(&back));
	assert_true(evmask_post(&front, evmask_gtx_bit(0)));
}

/* --- two threads --------------------------------------------------------- */

#define ROUNDS 200000u
#define RINGS 4u

static uint32_t prod[RINGS];	/* what the sender has published */
static int kick;

static const uint64_t bits[RINGS] = { 1, 2, 4, 16 };

static char lost[] = "slept for ever";

static void *receive(void *arg)
{
	uint32_t cons[RINGS] = { 0 }, total = 0;
	unsigned long *kicks = arg;

	(void)evmask_wake(&back);
	while (total < ROUNDS) {
		struct pollfd p = { .fd = kick, .events = POLLIN };
		uint32_t before = total;
		eventfd_t n;

		for (unsigned int i = 0; i < RINGS; i++) {
			uint32_t now = shm_load_acquire(&prod[i]);

			total += now - cons[i];
			cons[i] = now;
		}
		if (total != before || total >= ROUNDS)
			continue;
		if (!evmask_sleep(&back)) {
			/* After a lost wake-up nothing ends the sleep. */
			if (poll(&p, 1, 20000) != 1)
				return lost;
			if (eventfd_read(kick, &n) == 0)
				*kicks += n;
		}
		(void)evmask_wake(&back);
	}
	return NULL;
}

static void no_lost_wake_up(void **state)
{
	unsigned long kicks = 0, sent = 0;
	unsigned int seed = 1;
	pthread_t thread;
	void *why;

	(void)state;
	memset(prod, 0, sizeof(prod));
	kick = eventfd(0, EFD_NONBLOCK);
	assert_int_equal(pthread_create(&thread, NULL, receive, &kicks), 0);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int r = (unsigned int)rand_r(&seed) % RINGS;

		shm_store_release(&prod[r], prod[r] + 1);
		if (evmask_post(&front, bits[r])) {
			assert_int_equal(eventfd_write(kick, 1), 0);
			sent++;
		}
		for (unsigned int n = (unsigned int)rand_r(&seed) % 64; n; n--)
			__asm__ volatile("");
	}
	assert_int_equal(pthread_join(thread, &why), 0);
	assert_null(why);
	assert_true(kicks <= sent);
	close(kick);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(layout, fresh),
		cmocka_unit_test_setup(kick_only_if_zero, fresh),
		cmocka_unit_test_setup(awake_is_no_work, fresh),
		cmocka_unit_test_setup(unknown_bits, fresh),
		cmocka_unit_test_setup(every_bit, fresh),
		cmocka_unit_test_setup(inherited, fresh),
		cmocka_unit_test_setup(no_lost_wake_up, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
