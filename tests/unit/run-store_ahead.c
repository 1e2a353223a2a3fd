/* SPDX-License-Identifier: MIT */
/* run-store_ahead.c - keys are read at once, from an xenstored that answers each in its turn, that
 * breaks its protocol, that dies. Its answers are there before they are asked for. libxenstore is scripted. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"
#include "common/host/store_ahead.c"
#include "common/host/store.c"

#define VALUES ((const struct store_key[]){ { "a", "one" }, { "a", "two" }, { "/b/c", "three" } })

static struct store s;
static int xenstored;		/* its end */
static unsigned int single;	/* requests of libxenstore */

/* --- what store.c calls --------------------------------------------------------- */

void store_enter(void) { }
void store_leave(void) { }
int store_failed(struct store *st) { (void)st; return -errno; }

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	(void)h;
	(void)t;
	(void)path;
	single++;
	*len = 7;
	return strdup("library");
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data, unsigned int len)
{
	(void)h;
	(void)t;
	(void)path;
	(void)data;
	(void)len;
	return true;
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	(void)h;
	(void)t;
	(void)path;
	return true;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	(void)h;
	return 1;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort_it)
{
	(void)h;
	(void)t;
	(void)abort_it;
	return true;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	(void)h;
	(void)t;
	(void)path;
	(void)num;
	return NULL;
}

char **xs_check_watch(struct xs_handle *h)
{
	(void)h;
	return NULL;
}

/* --- xenstored -------------------------------------------------------------------- */

static void send_bytes(const void *bytes, size_t len)
{
	assert_int_equal(write(xenstored, bytes, len), len);
}

static void answer_head(uint32_t type, uint32_t id, uint32_t len)
{
	send_bytes(&(struct xsd_sockmsg){ .type = type, .req_id = id, .len = len }, sizeof(struct xsd_sockmsg));
}

static void answer(uint32_t id, const char *value)
{
	answer_head(XS_READ, id, (uint32_t)strlen(value));
	send_bytes(value, strlen(value));
}

static void answer_error(uint32_t id, const char *name)
{
	answer_head(XS_ERROR, id, (uint32_t)strlen(name) + 1);
	send_bytes(name, strlen(name) + 1);
}

/* Takes a request, which must be to read that path. */
static void asked(uint32_t id, const char *path)
{
	struct xsd_sockmsg head;
	char got[300];

	assert_int_equal(recv(xenstored, &head, sizeof(head), MSG_WAITALL), sizeof(head));
	assert_int_equal(head.type, XS_READ);
	assert_int_equal(head.req_id, id);
	assert_int_equal(head.tx_id, 0);
	assert_int_equal(head.len, strlen(path) + 1);
	assert_int_equal(recv(xenstored, got, head.len, MSG_WAITALL), head.len);
	assert_string_equal(got, path);
}

static bool asked_nothing(void)
{
	char c;

	return recv(xenstored, &c, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

static int begin(void **state)
{
	int pair[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return -1;
	s = (struct store){ .hangup_fd = pair[0] };
	xenstored = pair[1];
	single = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	close(s.hangup_fd);
	return close(xenstored);
}

/* Reads a key, which must have that value, or be an error. */
static void reads(const char *dir, const char *key, const char *value)
{
	char text[64];

	assert_int_equal(store_read(&s, text, sizeof(text), dir, key), 0);
	assert_string_equal(text, value);
}

static void fails(const char *dir, const char *key, int err)
{
	char text[64];

	assert_int_equal(store_read(&s, text, sizeof(text), dir, key), err);
}

/* --- the cases ----------------------------------------------------------------------- */

static void all_are_read_at_once(void **state)
{
	(void)state;
	answer(0, "first");
	answer_error(1, "ENOENT");
	answer(2, "");
	store_ahead(&s, VALUES, 3);
	asked(0, "a/one");
	asked(1, "a/two");
	asked(2, "/b/c/three");
	/* Each as often as it is wanted. */
	for (int i = 0; i < 2; i++) {
		reads("a", "one", "first");
		fails("a", "two", -ENOENT);
		reads("/b/c", "three", "");
	}
	assert_int_equal(single, 0);
	/* Another key is not among them. */
	reads("a", "four", "library");
	assert_int_equal(single, 1);
}

static void more_are_added(void **state)
{
	(void)state;
	answer(0, "first");
	store_ahead(&s, VALUES, 1);
	answer(1, "second");
	answer(2, "third");
	store_ahead(&s, VALUES + 1, 2);
	reads("a", "one", "first");
	reads("a", "two", "second");
	reads("/b/c", "three", "third");
	assert_int_equal(single, 0);
}

static void values_are_checked(void **state)
{
	char longest[65];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	answer_head(XS_READ, 0, 3);
	send_bytes("a\0b", 3);
	answer(1, longest);
	answer_error(2, "EACCES");
	store_ahead(&s, VALUES, 3);
	fails("a", "one", -EINVAL);
	fails("a", "two", -EINVAL);
	fails("/b/c", "three", -EACCES);
	assert_int_equal(single, 0);
}

static void it_ends(void **state)
{
	(void)state;
	answer(0, "old");
	store_ahead(&s, VALUES, 1);
	store_ahead_end(&s);
	reads("a", "one", "library");
	/* A write may be to what was read. */
	answer(0, "old");
	store_ahead(&s, VALUES, 1);
	assert_int_equal(store_write(&s, "a", "one", "new"), 0);
	reads("a", "one", "library");
	answer(0, "old");
	store_ahead(&s, VALUES, 1);
	assert_int_equal(store_remove(&s, "a", "one"), 0);
	reads("a", "one", "library");
	answer(0, "old");
	store_ahead(&s, VALUES, 1);
	assert_int_equal(store_begin(&s), 0);
	/* In a transaction it would be outside of it. */
	while (!asked_nothing())
		asked(0, "a/one");
	store_ahead(&s, VALUES, 1);
	assert_true(asked_nothing());
	reads("a", "one", "library");
	assert_int_equal(store_commit(&s), 0);
}

/* Also those that say nothing of the node; what is not known is asked again. */
static void errors_of_xenstored_are_errors(void **state)
{
	(void)state;
	answer_error(0, "ENOMEM");
	answer_error(1, "ESOMETHING");
	answer_error(2, "EIO");
	store_ahead(&s, VALUES, 3);
	fails("a", "one", -ENOMEM);
	reads("a", "two", "library");
	fails("/b/c", "three", -EIO);
	assert_int_equal(single, 1);
	assert_false(s.ahead.broken);
}

static void what_finds_no_room_is_asked_singly(void **state)
{
	static char value[XENSTORE_PAYLOAD_MAX + 1], path[AHEAD_PATH_MAX + 1], name[AHEAD_MAX + 1][4];
	struct store_key keys[AHEAD_MAX + 1];

	(void)state;
	memset(value, 'v', XENSTORE_PAYLOAD_MAX);
	memset(path, 'p', AHEAD_PATH_MAX);
	for (unsigned int i = 0; i <= AHEAD_MAX; i++) {
		snprintf(name[i], sizeof(name[i]), "%u", i);
		keys[i] = (struct store_key){ i == 1 ? path : "a", name[i] };
	}
	/* One key has too long a path, and one is too many; four of the values are too many bytes. */
	for (unsigned int i = 0; i < AHEAD_MAX; i++)
		answer(i, i < 8 ? value : "short");
	store_ahead(&s, keys, ARRAY_SIZE(keys));
	assert_false(s.ahead.broken);
	reads(path, "1", "library");
	assert_int_equal(single, 1);
	fails("a", "0", -EINVAL);
	assert_int_equal(single, 1);
	reads("a", "7", "library");
	assert_int_equal(single, 2);
	reads("a", "63", "short");
	assert_int_equal(single, 2);
}

static void broken(void)
{
	store_ahead(&s, VALUES, 2);
	assert_true(s.ahead.broken);
	reads("a", "two", "library");
	assert_int_equal(single, 1);
	while (recv(xenstored, (char[64]){ 0 }, 64, MSG_DONTWAIT) > 0)
		;
	store_ahead_end(&s);
	store_ahead(&s, VALUES, 2);
	assert_true(asked_nothing());
}

static void another_answer_breaks_it(void **state)
{
	(void)state;
	answer(0, "first");
	answer(0, "first");
	broken();
}

static void another_message_breaks_it(void **state)
{
	(void)state;
	answer_head(XS_WATCH_EVENT, 0, 0);
	broken();
}

static void too_long_an_answer_breaks_it(void **state)
{
	(void)state;
	answer_head(XS_READ, 0, XENSTORE_PAYLOAD_MAX + 1);
	broken();
}

static void an_end_breaks_it(void **state)
{
	(void)state;
	answer(0, "first");
	answer_head(XS_READ, 1, 5);
	send_bytes("sec", 3);
	assert_int_equal(shutdown(xenstored, SHUT_WR), 0);
	broken();
	/* What was answered before was answered. */
	store_ahead_end(&s);
}

static void without_a_socket_nothing_is_ahead(void **state)
{
	int fd = s.hangup_fd;

	(void)state;
	s.hangup_fd = -1;
	store_ahead(&s, VALUES, 3);
	reads("a", "one", "library");
	s.hangup_fd = fd;
	s.lost = true;
	store_ahead(&s, VALUES, 3);
	fails("a", "one", -ENOTCONN);
	assert_true(asked_nothing());
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_are_read_at_once, begin, end),
		cmocka_unit_test_setup_teardown(more_are_added, begin, end),
		cmocka_unit_test_setup_teardown(values_are_checked, begin, end),
		cmocka_unit_test_setup_teardown(it_ends, begin, end),
		cmocka_unit_test_setup_teardown(errors_of_xenstored_are_errors, begin, end),
		cmocka_unit_test_setup_teardown(what_finds_no_room_is_asked_singly, begin, end),
		cmocka_unit_test_setup_teardown(another_answer_breaks_it, begin, end),
		cmocka_unit_test_setup_teardown(another_message_breaks_it, begin, end),
		cmocka_unit_test_setup_teardown(too_long_an_answer_breaks_it, begin, end),
		cmocka_unit_test_setup_teardown(an_end_breaks_it, begin, end),
		cmocka_unit_test_setup_teardown(without_a_socket_nothing_is_ahead, begin, end),
	};

	return RUN_TESTS(tests);
}
