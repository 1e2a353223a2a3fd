/* SPDX-License-Identifier: MIT */
/* run-vhost_front.c - the conversation with a switch: what is said in which order, and which answers end it */
#include "unit.h"
#include "common/wire/vhost_front.c"

#define ALL ((1ull << VIRTIO_F_VERSION_1) | (1ull << VIRTIO_NET_F_MRG_RXBUF) | (1ull << VIRTIO_NET_F_CSUM) | \
	     (1ull << VIRTIO_NET_F_HOST_TSO4) | (1ull << VHOST_USER_F_PROTOCOL_FEATURES) | (1ull << VIRTIO_RING_F_EVENT_IDX))
#define ALL_PROTOCOL ((1ull << VHOST_USER_PROTOCOL_F_MQ) | (1ull << VHOST_USER_PROTOCOL_F_REPLY_ACK) | \
		      (1ull << VHOST_USER_PROTOCOL_F_STATUS) | (1ull << 9))

/* An honest switch. */
struct honest { uint64_t features, protocol, queues; };

static struct vhost_user_msg answer_to(uint32_t request, uint64_t value)
{
	struct vhost_user_msg m = { .head = { request, VHOST_USER_VERSION | VHOST_USER_REPLY, sizeof(m.payload.u64) } };

	m.payload.u64 = value;
	return m;
}

static uint64_t value_of(const struct honest *h, uint32_t request)
{
	return request == VHOST_USER_GET_FEATURES ? h->features : request == VHOST_USER_GET_PROTOCOL_FEATURES ? h->protocol :
	       request == VHOST_USER_GET_QUEUE_NUM ? h->queues : 0;
}

/* Has the conversation. Returns what is wrong, or NULL; said gets the requests in their order. */
static const char *converse(struct vhost_front *f, const struct honest *h, uint32_t *said, unsigned int *n)
{
	const char *wrong = NULL;

	*n = 0;
	while (!wrong && !f->ready) {
		enum vhost_front_fd fd;
		struct vhost_user_msg m;
		unsigned int vring;

		assert_true(vhost_front_next(f, &m, &fd, &vring));
		assert_true(vring < 2 * f->pairs && m.head.size <= sizeof(m.payload));
		assert_int_equal(m.head.flags & VHOST_USER_VERSION_MASK, VHOST_USER_VERSION);
		assert_int_equal(fd != VHOST_FD_NONE, m.head.request == VHOST_USER_SET_MEM_TABLE ||
				 m.head.request == VHOST_USER_SET_VRING_KICK || m.head.request == VHOST_USER_SET_VRING_CALL);
		said[(*n)++] = m.head.request;
		if (f->awaits) {
			struct vhost_user_msg a = answer_to(m.head.request, value_of(h, m.head.request));

			assert_false(vhost_front_next(f, &m, &fd, &vring));
			wrong = vhost_front_answer(f, &a);
		}
	}
	return wrong;
}

static void says_all_in_order(void **state)
{
	static const uint32_t expected[] = { 1, 15, 16, 17, 3, 2, 39, 5, 8, 10, 9, 13, 12, 18, 8, 10, 9, 13, 12, 18, 39 };
	const struct honest h = { ALL, ALL_PROTOCOL, 8 };
	struct vhost_front f;
	uint32_t said[64];
	unsigned int n;

	(void)state;
	vhost_front_init(&f, vhost_front_wants(TUN_F_CSUM), 1);
	assert_null(converse(&f, &h, said, &n));
	assert_int_equal(n, ARRAY_SIZE(expected));
	assert_memory_equal(said, expected, sizeof(expected));
	assert_int_equal(f.protocol, ALL_PROTOCOL & FRONT_PROTOCOL);
}

static void without_protocol_features(void **state)
{
	static const uint32_t expected[] = { 1, 3, 2, 5, 8, 10, 9, 13, 12, 8, 10, 9, 13, 12 };
	const struct honest h = { ALL & ~(1ull << VHOST_USER_F_PROTOCOL_FEATURES), 0, 0 };
	struct vhost_front f;
	uint32_t said[64];
	unsigned int n;

	(void)state;
	vhost_front_init(&f, vhost_front_wants(0), 1);
	assert_null(converse(&f, &h, said, &n));
	assert_int_equal(n, ARRAY_SIZE(expected));
	assert_memory_equal(said, expected, sizeof(expected));
}

static void features_depend_on_each_other(void **state)
{
	struct honest h = { ALL & ~(1ull << VIRTIO_NET_F_CSUM), ALL_PROTOCOL, 8 };
	struct vhost_front f;
	uint32_t said[64];
	unsigned int n;

	(void)state;
	vhost_front_init(&f, vhost_front_wants(TUN_F_CSUM | TUN_F_TSO4), 1);
	assert_null(converse(&f, &h, said, &n));
	assert_false(f.features & 1ull << VIRTIO_NET_F_HOST_TSO4);
	h.features = ALL;
	vhost_front_init(&f, vhost_front_wants(TUN_F_CSUM | TUN_F_TSO4), 1);
	assert_null(converse(&f, &h, said, &n));
	assert_true(f.features & 1ull << VIRTIO_NET_F_HOST_TSO4);
	assert_false(f.features & 1ull << VIRTIO_NET_F_GUEST_TSO4);
	assert_false(f.features & 1ull << VIRTIO_NET_F_HOST_TSO6);
}

static void each_pair_has_two_vrings(void **state)
{
	const struct honest h = { ALL, ALL_PROTOCOL, 4 };
	struct vhost_front f;
	uint32_t said[256];
	unsigned int n, nums = 0;

	(void)state;
	vhost_front_init(&f, vhost_front_wants(0), 4);
	assert_null(converse(&f, &h, said, &n));
	for (unsigned int i = 0; i < n; i++)
		nums += said[i] == VHOST_USER_SET_VRING_NUM;
	assert_int_equal(nums, 8);
}

static void too_few_queues_are_told(void **state)
{
	const struct honest few = { ALL, ALL_PROTOCOL, 3 }, one = { ALL, 0, 0 }, old = { ALL & ~(1ull << VHOST_USER_F_PROTOCOL_FEATURES), 0, 0 };
	struct vhost_front f;
	uint32_t said[64];
	unsigned int n;

	(void)state;
	vhost_front_init(&f, vhost_front_wants(0), 4);
	assert_non_null(converse(&f, &few, said, &n));
	vhost_front_init(&f, vhost_front_wants(0), 2);
	assert_non_null(converse(&f, &one, said, &n));
	vhost_front_init(&f, vhost_front_wants(0), 2);
	assert_non_null(converse(&f, &old, said, &n));
}

static void a_switch_without_what_is_needed(void **state)
{
	static const uint64_t lacks[] = { 0, 1ull << VIRTIO_F_VERSION_1, 1ull << VIRTIO_NET_F_MRG_RXBUF };
	uint32_t said[64];
	unsigned int n;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lacks); i++) {
		const struct honest h = { lacks[i], 0, 0 };
		struct vhost_front f;

		vhost_front_init(&f, vhost_front_wants(0), 1);
		assert_non_null(converse(&f, &h, said, &n));
	}
}

/* --- answers that are none ------------------------------------------------------------------------ */

static void begin(struct vhost_front *f)
{
	enum vhost_front_fd fd;
	struct vhost_user_msg m;
	unsigned int vring;

	vhost_front_init(f, vhost_front_wants(0), 1);
	assert_true(vhost_front_next(f, &m, &fd, &vring));
}

static void other_answers_end_it(void **state)
{
	struct vhost_user_msg bad[] = {
		answer_to(VHOST_USER_SET_OWNER, ALL), answer_to(VHOST_USER_GET_FEATURES, ALL), answer_to(VHOST_USER_GET_FEATURES, ALL),
		answer_to(VHOST_USER_GET_FEATURES, ALL), answer_to(VHOST_USER_GET_FEATURES, ALL), answer_to(0, 0), answer_to(0xffffffff, 0),
	};
	struct vhost_front f;

	(void)state;
	bad[1].head.flags = VHOST_USER_VERSION;
	bad[2].head.flags = VHOST_USER_REPLY;
	bad[3].head.size = 4;
	bad[4].head.size = 0xffffffff;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		begin(&f);
		assert_non_null(vhost_front_answer(&f, &bad[i]));
		assert_false(f.ready);
	}
}

static void speaks_unasked(void **state)
{
	struct vhost_user_msg m = answer_to(VHOST_USER_GET_FEATURES, ALL);
	struct vhost_front f;

	(void)state;
	vhost_front_init(&f, 0, 1);
	assert_non_null(vhost_front_answer(&f, &m));
}

static void refuses_what_it_must_do(void **state)
{
	struct vhost_front f;
	struct vhost_user_msg m = answer_to(VHOST_USER_SET_MEM_TABLE, 1);

	(void)state;
	vhost_front_init(&f, 0, 1);
	f.awaits = VHOST_USER_SET_MEM_TABLE;
	assert_non_null(vhost_front_answer(&f, &m));
}

static void wants_what_the_guest_takes(void **state)
{
	(void)state;
	assert_true(vhost_front_wants(TUN_F_CSUM) & 1ull << VIRTIO_NET_F_GUEST_CSUM);
	assert_true(vhost_front_wants(TUN_F_TSO4) & 1ull << VIRTIO_NET_F_GUEST_TSO4);
	assert_true(vhost_front_wants(TUN_F_TSO6) & 1ull << VIRTIO_NET_F_GUEST_TSO6);
	assert_false(vhost_front_wants(0) & (1ull << VIRTIO_NET_F_GUEST_CSUM | 1ull << VIRTIO_NET_F_GUEST_TSO4));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_all_in_order), cmocka_unit_test(without_protocol_features), cmocka_unit_test(features_depend_on_each_other),
		cmocka_unit_test(each_pair_has_two_vrings), cmocka_unit_test(too_few_queues_are_told), cmocka_unit_test(a_switch_without_what_is_needed),
		cmocka_unit_test(other_answers_end_it), cmocka_unit_test(speaks_unasked), cmocka_unit_test(refuses_what_it_must_do),
		cmocka_unit_test(wants_what_the_guest_takes),
	};

	return RUN_TESTS(tests);
}
