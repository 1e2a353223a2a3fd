/* SPDX-License-Identifier: MIT */
/* run-answers.c - which frame answers which: echoes of both IP versions, TCP, and frames that are cut off */
#include "unit.h"
#include "tools/netpair/answers.c"

static struct answers a;
static uint8_t frame[128];
static uint64_t took;

static int setup(void **state)
{
	(void)state;
	memset(&a, 0, sizeof(a));
	return 0;
}

/* An IPv4 frame between hosts 1 and 2: from is the last byte of the sender. */
static void ip4(uint8_t protocol, uint8_t from, uint16_t payload)
{
	memset(frame, 0, sizeof(frame));
	frame[12] = 8;
	frame[14] = 0x45;
	frame[16] = (uint8_t)((payload + 20) >> 8);
	frame[17] = (uint8_t)(payload + 20);
	frame[23] = protocol;
	frame[29] = from;
	frame[33] = (uint8_t)(3 - from);
}

static bool echo4(uint8_t type, uint8_t from, uint8_t seq, int to_guest, uint64_t time)
{
	ip4(ANSWERS_ICMP, from, 64);
	frame[34] = type;
	frame[41] = seq;
	return answers_see(&a, frame, 98, to_guest, time, &took);
}

static bool tcp4(uint8_t from, uint8_t flags, uint32_t seq, uint32_t ack, uint16_t data, int to_guest, uint64_t time)
{
	ip4(ANSWERS_TCP, from, (uint16_t)(20 + data));
	frame[35] = from;
	frame[37] = (uint8_t)(3 - from);
	for (int i = 0; i < 4; i++) {
		frame[38 + i] = (uint8_t)(seq >> (24 - 8 * i));
		frame[42 + i] = (uint8_t)(ack >> (24 - 8 * i));
	}
	frame[46] = 5 << 4;
	frame[47] = flags;
	return answers_see(&a, frame, 54, to_guest, time, &took);
}

static void echoes(void **state)
{
	(void)state;
	assert_false(echo4(0, 2, 1, 0, 5));	/* of a question that was not seen */
	assert_false(echo4(8, 1, 1, 1, 10));
	assert_false(echo4(8, 1, 2, 1, 20));
	assert_false(echo4(0, 2, 1, 1, 25));	/* the same way as the question */
	assert_true(echo4(0, 2, 1, 0, 33));
	assert_int_equal(took, 23);
	assert_false(echo4(0, 2, 1, 0, 34));	/* once */
	assert_true(echo4(0, 2, 2, 0, 60));
	assert_int_equal(took, 40);
}

static void tcp(void **state)
{
	(void)state;
	assert_false(tcp4(1, ANSWERS_SYN, 0xfffffffe, 0, 0, 1, 100));
	assert_true(tcp4(2, ANSWERS_SYN | ANSWERS_ACK, 500, 0xffffffff, 0, 0, 130));
	assert_int_equal(took, 30);
	/* The SYN of the answer is a question itself. Sequence numbers wrap. */
	assert_true(tcp4(1, ANSWERS_ACK, 0xffffffff, 501, 1000, 1, 140));
	assert_int_equal(took, 10);
	assert_false(tcp4(2, ANSWERS_ACK, 501, 998, 0, 0, 150));	/* not all of it */
	assert_true(tcp4(2, ANSWERS_ACK, 501, 999, 0, 0, 160));
	assert_int_equal(took, 20);
	/* One segment of a direction is timed at a time. */
	assert_false(tcp4(1, ANSWERS_ACK, 999, 501, 10, 1, 200));
	assert_false(tcp4(1, ANSWERS_ACK, 1009, 501, 10, 1, 210));
	assert_true(tcp4(2, ANSWERS_ACK, 501, 1019, 0, 0, 230));
	assert_int_equal(took, 30);
	/* A bare acknowledgement asks nothing. */
	assert_false(tcp4(1, ANSWERS_ACK, 1019, 501, 0, 1, 240));
	assert_false(tcp4(2, ANSWERS_ACK, 501, 1019, 0, 0, 250));
}

static void echoes6(void **state)
{
	(void)state;
	memset(frame, 0, sizeof(frame));
	frame[12] = 0x86;
	frame[13] = 0xdd;
	frame[20] = ANSWERS_ICMP6;
	frame[37] = 1;
	frame[53] = 2;
	frame[54] = 128;
	assert_false(answers_see(&a, frame, 100, 0, 10, &took));
	frame[37] = 2;
	frame[53] = 1;
	frame[54] = 129;
	assert_true(answers_see(&a, frame, 100, 1, 17, &took));
	assert_int_equal(took, 7);
}

/* Frames of every length, and of a guest that says anything, in memory of just that length. */
static void cut_off(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 200000; i++) {
		uint32_t len = (uint32_t)rand() % 80;
		uint8_t *copy = malloc(len + 1);

		ip4(rand() % 2 ? ANSWERS_TCP : ANSWERS_ICMP, 1, 40);
		for (unsigned int n = 0; n < 3; n++)
			frame[12 + rand() % 60] = (uint8_t)rand();
		memcpy(copy, frame, len);
		(void)!answers_see(&a, copy, len, rand() % 2, i, &took);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(echoes, setup),
		cmocka_unit_test_setup(tcp, setup),
		cmocka_unit_test_setup(echoes6, setup),
		cmocka_unit_test_setup(cut_off, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
