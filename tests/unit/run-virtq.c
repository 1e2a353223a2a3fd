/* SPDX-License-Identifier: MIT */
/* run-virtq.c - the driver's side of a virtqueue with an honest device and with one that lies */
#include "unit.h"
#include "common/wire/virtq.c"

#define ADDR 0x40000000ull

static uint8_t *mem;
static struct virtq q;

static int setup(void **state)
{
	(void)state;
	mem = aligned_alloc(VIRTQ_PAGE, VIRTQ_BYTES);
	assert_non_null(mem);
	memset(mem, 0, VIRTQ_BYTES);
	virtq_init(&q, mem, ADDR, true);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(mem);
	return 0;
}

/* --- the device, which writes what it likes ------------------------------------------------- */

static void device_uses(uint32_t id, uint32_t len)
{
	struct vring_used *used = (struct vring_used *)(void *)(mem + VIRTQ_USED_AT);

	used->ring[used->idx % VIRTQ_SIZE] = (struct vring_used_elem){ id, len };
	used->idx++;
}

static void device_sets_index(uint16_t idx)
{
	((struct vring_used *)(void *)(mem + VIRTQ_USED_AT))->idx = idx;
}

static uint16_t avail_index(void)
{
	return ((struct vring_avail *)(void *)(mem + VIRTQ_AVAIL_AT))->idx;
}

static uint16_t avail_entry(unsigned int i)
{
	return ((struct vring_avail *)(void *)(mem + VIRTQ_AVAIL_AT))->ring[i % VIRTQ_SIZE];
}

/* Asks for a kick at that index. */
static void device_wants(uint16_t event)
{
	((uint16_t *)(void *)(mem + VIRTQ_USED_AT))[VIRTQ_AVAIL_EVENT] = event;
}

/* --- honest ------------------------------------------------------------------------------------ */

static void starts_empty_and_wants_no_signal(void **state)
{
	(void)state;
	assert_int_equal(q.nfree, VIRTQ_SIZE);
	assert_int_equal(virtq_begin(&q), 0);
	assert_false(virtq_publish(&q));
	assert_int_equal(virtq_avail(&q)[VIRTQ_FLAGS], VRING_AVAIL_F_NO_INTERRUPT);
}

static void posts_each_page_once(void **state)
{
	bool seen[VIRTQ_SIZE] = { false };

	(void)state;
	while (q.nfree)
		virtq_post(&q);
	assert_int_equal(avail_index(), 0);
	assert_true(virtq_publish(&q));
	assert_int_equal(avail_index(), VIRTQ_SIZE);
	for (unsigned int i = 0; i < VIRTQ_SIZE; i++) {
		uint16_t id = avail_entry(i);
		const struct vring_desc *d = virtq_desc(&q, id);

		assert_true(id < VIRTQ_SIZE && !seen[id]);
		seen[id] = true;
		assert_int_equal(d->addr, ADDR + VIRTQ_BUFFERS_AT + id * VIRTQ_PAGE);
		assert_int_equal(d->len, VIRTQ_PAGE);
		assert_int_equal(d->flags, VRING_DESC_F_WRITE);
	}
	expect_assert_failure(virtq_post(&q));
}

static void sends_a_chain(void **state)
{
	uint16_t id[3], got;
	uint32_t len;

	(void)state;
	virtq_reserve(&q, id, 3);
	virtq_send(&q, id, 3, 2 * VIRTQ_PAGE + 1);
	(void)!virtq_publish(&q);
	assert_int_equal(avail_entry(0), id[0]);
	assert_int_equal(virtq_desc(&q, id[0])->flags, VRING_DESC_F_NEXT);
	assert_int_equal(virtq_desc(&q, id[0])->next, id[1]);
	assert_int_equal(virtq_desc(&q, id[1])->next, id[2]);
	assert_int_equal(virtq_desc(&q, id[1])->len, VIRTQ_PAGE);
	assert_int_equal(virtq_desc(&q, id[2])->len, 1);
	assert_int_equal(virtq_desc(&q, id[2])->flags, 0);
	assert_int_equal(q.nfree, VIRTQ_SIZE - 3);
	device_uses(id[0], 0);
	assert_int_equal(virtq_begin(&q), 1);
	assert_int_equal(virtq_take(&q, &got, &len), 0);
	assert_int_equal(got, id[0]);
	assert_int_equal(q.nfree, VIRTQ_SIZE);
	assert_int_equal(q.in_flight, 0);
}

/* The indexes are free-running: nothing special happens where they wrap. */
static void goes_round_many_times(void **state)
{
	uint16_t id, got;
	uint32_t len;

	(void)state;
	for (unsigned int i = 0; i < 70000; i++) {
		virtq_reserve(&q, &id, 1);
		virtq_send(&q, &id, 1, 60);
		(void)!virtq_publish(&q);
		assert_int_equal(avail_index(), (uint16_t)(i + 1));
		device_uses(id, 0);
		assert_int_equal(virtq_begin(&q), 1);
		assert_int_equal(virtq_take(&q, &got, &len), 0);
	}
}

static void kicks_where_the_device_asks(void **state)
{
	(void)state;
	device_wants(1);
	virtq_post(&q);
	assert_false(virtq_publish(&q));
	virtq_post(&q);
	assert_true(virtq_publish(&q));
	assert_false(virtq_publish(&q));
	virtq_init(&q, mem, ADDR, false);
	virtq_post(&q);
	assert_true(virtq_publish(&q));
	((uint16_t *)(void *)(mem + VIRTQ_USED_AT))[VIRTQ_FLAGS] = VRING_USED_F_NO_NOTIFY;
	virtq_post(&q);
	assert_false(virtq_publish(&q));
}

static void rearm_tells_of_what_came_meanwhile(void **state)
{
	(void)state;
	virtq_post(&q);
	(void)!virtq_publish(&q);
	assert_false(virtq_rearm(&q));
	assert_int_equal(virtq_avail(&q)[VIRTQ_FLAGS], 0);
	assert_int_equal(virtq_avail(&q)[VIRTQ_USED_EVENT], 0);
	device_uses(avail_entry(0), 12);
	assert_true(virtq_rearm(&q));
}

/* --- lies ---------------------------------------------------------------------------------------- */

static void more_used_than_in_flight(void **state)
{
	(void)state;
	virtq_post(&q);
	(void)!virtq_publish(&q);
	device_sets_index(2);
	assert_int_equal(virtq_begin(&q), -EPROTO);
	device_sets_index(0xffff);
	assert_int_equal(virtq_begin(&q), -EPROTO);
}

static void ids_that_are_not_in_flight(void **state)
{
	static const uint32_t ids[] = { VIRTQ_SIZE, 0xffffffff, 0x10000, 7 };
	uint16_t id;
	uint32_t len;

	(void)state;
	virtq_post(&q);
	(void)!virtq_publish(&q);
	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
		device_sets_index(0);
		device_uses(ids[i] == 7 ? (avail_entry(0) + 1u) % VIRTQ_SIZE : ids[i], 12);
		assert_int_equal(virtq_take(&q, &id, &len), -EPROTO);
	}
	assert_int_equal(q.in_flight, 1);
}

static void one_id_twice(void **state)
{
	uint16_t id;
	uint32_t len;

	(void)state;
	virtq_post(&q);
	virtq_post(&q);
	(void)!virtq_publish(&q);
	device_uses(avail_entry(0), 12);
	device_uses(avail_entry(0), 12);
	assert_int_equal(virtq_begin(&q), 2);
	assert_int_equal(virtq_take(&q, &id, &len), 0);
	assert_int_equal(virtq_take(&q, &id, &len), -EPROTO);
}

/* The middle of a chain is not its beginning. */
static void a_later_part_of_a_chain(void **state)
{
	uint16_t ids[2], id;
	uint32_t len;

	(void)state;
	virtq_reserve(&q, ids, 2);
	virtq_send(&q, ids, 2, VIRTQ_PAGE + 1);
	(void)!virtq_publish(&q);
	device_uses(ids[1], 0);
	assert_int_equal(virtq_take(&q, &id, &len), -EPROTO);
}

static void more_bytes_than_room(void **state)
{
	uint16_t id;
	uint32_t len;

	(void)state;
	virtq_post(&q);
	(void)!virtq_publish(&q);
	device_uses(avail_entry(0), VIRTQ_PAGE + 1);
	assert_int_equal(virtq_take(&q, &id, &len), -EPROTO);
}

/* Links are the driver's own, whatever the device writes over the descriptors. */
static void links_are_not_read_back(void **state)
{
	uint16_t ids[2], id;
	uint32_t len;

	(void)state;
	virtq_reserve(&q, ids, 2);
	virtq_send(&q, ids, 2, VIRTQ_PAGE + 1);
	(void)!virtq_publish(&q);
	memset(mem, 0xff, 2 * VIRTQ_PAGE);
	device_uses(ids[0], 0);
	assert_int_equal(virtq_take(&q, &id, &len), 0);
	assert_int_equal(q.nfree, VIRTQ_SIZE);
	for (unsigned int i = 0; i < VIRTQ_SIZE; i++)
		assert_true(q.free[i] < VIRTQ_SIZE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(starts_empty_and_wants_no_signal, setup, teardown),
		cmocka_unit_test_setup_teardown(posts_each_page_once, setup, teardown),
		cmocka_unit_test_setup_teardown(sends_a_chain, setup, teardown),
		cmocka_unit_test_setup_teardown(goes_round_many_times, setup, teardown),
		cmocka_unit_test_setup_teardown(kicks_where_the_device_asks, setup, teardown),
		cmocka_unit_test_setup_teardown(rearm_tells_of_what_came_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(more_used_than_in_flight, setup, teardown),
		cmocka_unit_test_setup_teardown(ids_that_are_not_in_flight, setup, teardown),
		cmocka_unit_test_setup_teardown(one_id_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(a_later_part_of_a_chain, setup, teardown),
		cmocka_unit_test_setup_teardown(more_bytes_than_room, setup, teardown),
		cmocka_unit_test_setup_teardown(links_are_not_read_back, setup, teardown),
	};

	return RUN_TESTS(tests);
}
