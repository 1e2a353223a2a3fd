/* SPDX-License-Identifier: MIT */
/* run-tap.c - a frame is written and read whole, whatever runs of memory it lies in
 *
 * A socket pair that keeps the frames' bounds stands for the TAP.
 */
#include "unit.h"
#include "common/host/tap.c"

static int ends[2];

static int pair_open(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends);
}

static int pair_close(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void joining(void **state)
{
	uint8_t mem[64];
	struct iovec iov[] = { { mem, 8 }, { mem + 8, 8 }, { mem + 16, 0 }, { mem + 16, 1 }, { mem + 18, 4 },
			       { mem + 10, 8 }, { mem + 18, 2 } };
	struct iovec out[ARRAY_SIZE(iov)];

	(void)state;
	assert_int_equal(tap_join_to(out, iov, 0), 0);
	assert_int_equal(tap_join_to(out, iov, 1), 1);
	assert_int_equal(tap_join_to(out, iov, ARRAY_SIZE(iov)), 3);
	assert_ptr_equal(out[0].iov_base, mem);
	assert_int_equal(out[0].iov_len, 17);
	assert_ptr_equal(out[1].iov_base, mem + 18);
	assert_int_equal(out[1].iov_len, 4);
	assert_ptr_equal(out[2].iov_base, mem + 10);
	assert_int_equal(out[2].iov_len, 10);
}

/* Cuts len bytes of mem into n runs, some adjacent and some with a gap between. Returns their number. */
static unsigned int cut_up(struct iovec *iov, uint8_t *mem, unsigned int n, unsigned int gap_every)
{
	uint8_t *at = mem;

	for (unsigned int i = 0; i < n; i++) {
		iov[i] = (struct iovec){ at, 10 + i };
		at += 10 + i;
		if (gap_every && i % gap_every == 0)
			at += 3;
	}
	return n;
}

static void whole_frames(void **state)
{
	static const unsigned int counts[] = { 1, 2, 3, 18, JOIN_MAX, JOIN_MAX + 1 };
	uint8_t sent[4096], got[4096], flat[4096];
	struct iovec iov[JOIN_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 7 + i / 256);
	for (unsigned int gap = 0; gap < 4; gap++) {
		for (unsigned int c = 0; c < ARRAY_SIZE(counts); c++) {
			unsigned int n = cut_up(iov, sent, counts[c], gap);
			size_t len = 0, seen = 0;

			for (unsigned int i = 0; i < n; i++) {
				memcpy(flat + len, iov[i].iov_base, iov[i].iov_len);
				len += iov[i].iov_len;
			}
			assert_int_equal(tap_write(ends[0], iov, n), len);
			n = cut_up(iov, got, counts[c], (gap + 1) % 4);
			assert_int_equal(tap_read(ends[1], iov, n), len);
			for (unsigned int i = 0; i < n; i++) {
				assert_memory_equal(iov[i].iov_base, flat + seen, iov[i].iov_len);
				seen += iov[i].iov_len;
			}
			assert_int_equal(seen, len);
		}
	}
	assert_int_equal(tap_read(ends[1], iov, 3), -EAGAIN);
}

/* Both daemons decide by the outcome of a read whether the connection goes on. */
static void outcomes(void **state)
{
	static const struct { ssize_t got; enum tap_outcome outcome; } cases[] = {
		{ VNET_HDR_LEN + 60, TAP_FRAME }, { VNET_HDR_LEN, TAP_FRAME }, { VNET_HDR_LEN + PKT_LEN_MAX, TAP_FRAME },
		{ VNET_HDR_LEN + PKT_LEN_MAX + 1, TAP_DROP }, { TAP_READ_MAX, TAP_DROP },
		{ 0, TAP_DROP }, { VNET_HDR_LEN - 1, TAP_DROP },
		{ -EINVAL, TAP_DROP }, { -EFAULT, TAP_DROP }, { -ENOMEM, TAP_DROP },
		{ -EAGAIN, TAP_EMPTY }, { -EINTR, TAP_EMPTY },
		{ -EBADFD, TAP_LOST }, { -EBADF, TAP_LOST }, { -EIO, TAP_LOST }, { -ENODEV, TAP_LOST }, { -EPERM, TAP_LOST },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(tap_outcome(cases[i].got), cases[i].outcome);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(joining), cmocka_unit_test(outcomes),
		cmocka_unit_test_setup_teardown(whole_frames, pair_open, pair_close),
	};

	return RUN_TESTS(tests);
}
