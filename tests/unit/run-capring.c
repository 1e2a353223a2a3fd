/* SPDX-License-Identifier: MIT */
/* run-capring.c - the rings of captured frames: what is put is taken, round the end too; neither end
 * believes what the other one publishes */
#include <errno.h>
#include <stdlib.h>

#include "unit.h"
#include "common/wire/capring.c"

#define WORKERS 2u

static const struct capring_wish all = { CAPRING_FROM_GUEST | CAPRING_TO_GUEST, CAPRING_SNAP_MAX };
static uint8_t *block, frame[CAPRING_SNAP_MAX], got[CAPRING_SNAP_MAX];
static struct capring_writer w;
static struct capring_reader r;
static struct capring_record rec;

static int setup(void **state)
{
	(void)state;
	block = aligned_alloc(XEN_PAGE, capring_block(WORKERS));
	assert_non_null(block);
	memset(block, 0, capring_block(WORKERS));
	capring_write_at(&w, block, WORKERS, 1, &all);
	capring_read_at(&r, block, WORKERS, 1);
	for (unsigned int i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 7);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(block);
	return 0;
}

static void put(uint32_t len)
{
	const struct capring_record it = { .kind = CAPRING_FRAME, .len = len, .time = len, .slots = 3 };
	const struct iovec iov[] = { { frame, 0 }, { frame, len / 3 }, { frame + len / 3, len - len / 3 } };

	capring_put(&w, &it, iov, ARRAY_SIZE(iov), 0);
}

static void take(uint32_t len)
{
	assert_int_equal(capring_take(&r, &rec, got), 1);
	assert_int_equal(rec.kind, CAPRING_FRAME);
	assert_int_equal(rec.len, len);
	assert_int_equal(rec.caplen, len);
	assert_int_equal(rec.time, len);
	assert_memory_equal(got, frame, len);
}

static void sizes(void **state)
{
	(void)state;
	for (unsigned int n = 1; n <= CAPRING_WORKERS_MAX; n++) {
		uint32_t size = capring_size(n);

		assert_int_equal(size & (size - 1), 0);
		assert_true(size * n <= CAPRING_BYTES && 2 * size * n > CAPRING_BYTES);
		assert_int_equal(capring_block(n), XEN_PAGE + (size_t)size * n);
	}
}

static void what_is_put_is_taken(void **state)
{
	(void)state;
	assert_int_equal(capring_take(&r, &rec, got), 0);
	for (uint32_t len = 0; len < 70; len++)
		put(len);
	for (uint32_t len = 0; len < 70; len++)
		take(len);
	assert_int_equal(capring_take(&r, &rec, got), 0);
	assert_int_equal(capring_lost(&r), 0);
}

/* Records of odd sizes, several times through the ring: some end at its end, and some need padding. */
static void round_the_end(void **state)
{
	uint32_t a = 1, b = 1;

	(void)state;
	for (unsigned int i = 0; i < 5000; i++) {
		put(a = a * 69069 % 65521);
		put(a = a * 69069 % 65521);
		take(b = b * 69069 % 65521);
		take(b = b * 69069 % 65521);
	}
	assert_int_equal(capring_lost(&r), 0);
}

static void full_loses_and_counts(void **state)
{
	uint32_t fit = capring_size(WORKERS) / (32 + 1000);

	(void)state;
	for (uint32_t i = 0; i < fit + 5; i++)
		put(1000);
	assert_int_equal(capring_lost(&r), 5);
	take(1000);
	put(1000);
	assert_int_equal(capring_lost(&r), 5);
	for (uint32_t i = 0; i < fit; i++)
		take(1000);
	assert_int_equal(capring_take(&r, &rec, got), 0);
}

static void heads_only(void **state)
{
	const struct capring_wish heads = { CAPRING_TO_GUEST | CAPRING_DROPPED, 60 };
	const struct iovec iov = { frame, 1500 };
	struct capring_record it = { .kind = CAPRING_FRAME, .len = 1488, .to_guest = 1 };

	(void)state;
	capring_write_at(&w, block, WORKERS, 1, &heads);
	assert_false(capring_wants(&w, &it));
	it.drop = DROP_GSO;
	assert_true(capring_wants(&w, &it));
	it.to_guest = 0;
	assert_false(capring_wants(&w, &it));
	capring_put(&w, &it, &iov, 1, 12);
	assert_int_equal(capring_take(&r, &rec, got), 1);
	assert_int_equal(rec.len, 1488);
	assert_int_equal(rec.caplen, 60);
	assert_memory_equal(got, frame + 12, 60);
	/* The bytes of some frames were never read. */
	capring_put(&w, &it, NULL, 0, 0);
	assert_int_equal(capring_take(&r, &rec, got), 1);
	assert_int_equal(rec.caplen, 0);
	assert_int_equal(rec.len, 1488);
	/* Runs that have fewer bytes than the frame. */
	capring_put(&w, &it, &(struct iovec){ frame, 22 }, 1, 12);
	assert_int_equal(capring_take(&r, &rec, got), 1);
	assert_int_equal(rec.caplen, 10);
	capring_put(&w, &it, &(struct iovec){ frame, 5 }, 1, 12);
	assert_int_equal(capring_take(&r, &rec, got), 1);
	assert_int_equal(rec.caplen, 0);
}

/* Whatever the reader publishes, the writer stays in its ring, and loses frames at worst. */
static void a_reader_that_lies(void **state)
{
	static const uint32_t lies[] = { 1, 8, 0x7fffffff, 0x80000000, 0xff000000 };
	uint8_t *other = capring_data_of(block, WORKERS, 0);

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lies); i++) {
		uint64_t lost = capring_lost(&r);

		w.shared->cons = w.prod + lies[i];
		put(1000);
		assert_int_equal(capring_lost(&r), lost + 1);
	}
	/* Within the ring it may let the writer overwrite what it has not read: its loss. */
	for (unsigned int i = 0; i < 100000; i++) {
		w.shared->cons = w.prod - (uint32_t)rand() % w.size;
		put((uint32_t)rand() % 65536);
	}
	for (uint32_t i = 0; i < capring_size(WORKERS); i++)
		assert_int_equal(other[i], 0);
}

/* Writes a record's fields where the reader is, and says that so many bytes are there. */
static int lie(struct capring_record it, uint32_t ready)
{
	memcpy(w.data + (r.cons & (r.size - 1)), &it, sizeof(it));
	w.shared->prod = r.cons + ready;
	return capring_take(&r, &rec, got);
}

static void a_writer_that_lies(void **state)
{
	const struct capring_record good = { .size = 48, .kind = CAPRING_FRAME, .len = 100, .caplen = 16 };
	struct capring_record it;

	(void)state;
	assert_int_equal(lie(good, 48), 1);
	assert_int_equal(lie(good, 47), -EPROTO);
	assert_int_equal(lie(good, 7), -EPROTO);
	assert_int_equal(lie(good, r.size + 1), -EPROTO);
	assert_int_equal(lie(good, UINT32_MAX), -EPROTO);
#define LIE(field_, value_) it = good; it.field_ = (value_); assert_int_equal(lie(it, 4096), -EPROTO)
	LIE(size, 0);
	LIE(size, 8);
	LIE(size, 24);
	LIE(size, 40);
	LIE(size, 52);
	LIE(size, 8192);
	LIE(size, UINT32_MAX - 7);
	LIE(kind, 0);
	LIE(kind, 4);
	LIE(to_guest, 2);
	LIE(drop, DROP_MAX);
	LIE(caplen, 17);
	LIE(caplen, UINT32_MAX);
	LIE(len, 15);
	it = good;
	it.size = CAPRING_SNAP_MAX + 64;
	it.len = it.caplen = CAPRING_SNAP_MAX + 1;
	assert_int_equal(lie(it, CAPRING_SNAP_MAX + 64), -EPROTO);
	/* Padding without end. */
	it = (struct capring_record){ .size = 32, .kind = CAPRING_PAD };
	memcpy(w.data + ((r.cons + 32) & (r.size - 1)), &it, sizeof(it));
	assert_int_equal(lie(it, 64), -EPROTO);
	/* A record beyond the ring's end. */
	r.cons = r.size - 32;
	assert_int_equal(lie(good, 48), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test_setup_teardown(what_is_put_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(round_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(full_loses_and_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(heads_only, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reader_that_lies, setup, teardown),
		cmocka_unit_test_setup_teardown(a_writer_that_lies, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
