/* SPDX-License-Identifier: MIT */
/* run-store.c - the connection to xenstored is lost and made again: nothing is read as missing
 * meanwhile, and the watches are set again. libxenstore is scripted. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"
#include "common/host/store_conn.c"
#include "common/host/store.c"
#include "common/host/transaction.h"

/* --- the library ----------------------------------------------------------- */

struct xs_handle { int opened; };

static struct xs_handle handles[32];
static int nopened, nclosed;
static bool open_fails;
static int answer;		/* 0: requests succeed; else the errno of each */
static int requests_left = -1;	/* so many more requests are answered; -1: all */
static bool has_mark;
static char set[256];		/* watches of the latest connection */
static char path[108];

static bool request(void)
{
	assert_true(store_request());
	if (requests_left > 0)
		requests_left--;
	errno = requests_left == 0 ? EBADF : answer;
	return errno == 0;
}

const char *xs_daemon_socket(void)
{
	return path;
}

struct xs_handle *xs_open(unsigned long flags)
{
	(void)flags;
	errno = open_fails ? ECONNREFUSED : 0;
	set[0] = '\0';
	return open_fails ? NULL : &handles[nopened++];
}

void xs_close(struct xs_handle *h)
{
	nclosed += h != NULL;
}

int xs_fileno(struct xs_handle *h)
{
	(void)h;
	return 77;
}

static void *text(const char *s, unsigned int *len)
{
	*len = (unsigned int)strlen(s);
	return strdup(s);
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *p, unsigned int *len)
{
	(void)h;
	(void)t;
	if (!request())
		return NULL;
	if (strcmp(p, "data/test") == 0 && !has_mark) {
		errno = ENOENT;
		return NULL;
	}
	return text("1", len);
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *p, const void *data, unsigned int len)
{
	(void)h;
	(void)t;
	(void)data;
	(void)len;
	if (!request())
		return false;
	if (strcmp(p, "data/test") == 0)
		has_mark = true;
	return true;
}

bool xs_watch(struct xs_handle *h, const char *p, const char *token)
{
	(void)h;
	if (!request())
		return false;
	snprintf(set + strlen(set), sizeof(set) - strlen(set), "%s:%s ", p, token);
	return true;
}

bool xs_unwatch(struct xs_handle *h, const char *p, const char *token)
{
	(void)h;
	(void)p;
	(void)token;
	return request();
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *p)
{
	(void)h;
	(void)t;
	(void)p;
	return request();
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *p, unsigned int *n)
{
	(void)h;
	(void)t;
	(void)p;
	*n = 0;
	return request() ? calloc(1, sizeof(char *)) : NULL;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	(void)h;
	return request() ? 5 : XBT_NULL;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort_it)
{
	(void)h;
	(void)t;
	(void)abort_it;
	return request();
}

char **xs_check_watch(struct xs_handle *h)
{
	(void)h;
	return NULL;
}

/* --- the cases ------------------------------------------------------------- */

static int listener = -1;
static struct store *s;

static void serve(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	unlink(path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(listener, 16), 0);
}

/* Stops serving as a killed xenstored does: the socket's file stays. */
static void die(void)
{
	close(listener);
	listener = -1;
	answer = EBADF;
}

static int begin(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/run-store.%d", (int)getpid());
	nopened = nclosed = 0;
	open_fails = has_mark = false;
	answer = 0;
	requests_left = -1;
	serve();
	s = NULL;
	return store_open(&s, "data/test");
}

static int end(void **state)
{
	(void)state;
	store_close(s);
	if (listener >= 0)
		close(listener);
	unlink(path);
	assert_int_equal(store_request(), 0);
	return 0;
}

static void a_lost_connection_is_not_an_answer(void **state)
{
	char buf[16];
	uint32_t n;

	(void)state;
	assert_true(has_mark);
	die();
	/* The library's errnos for a lost connection. None of them says that a node is missing. */
	assert_int_equal(store_read(s, buf, sizeof(buf), "a", "b"), -ENOTCONN);
	assert_true(store_lost(s));
	answer = ENOENT;
	assert_int_equal(store_read_u32(s, &n, "a", "b"), -ENOTCONN);
	assert_int_equal(store_read_u32_or(s, &n, "a", "b", 1), -ENOTCONN);
	assert_int_equal(store_write(s, "a", "b", "c"), -ENOTCONN);
	assert_int_equal(store_write_live(s, "a", "b", "c"), -ENOTCONN);
	assert_int_equal(store_remove(s, "a", "b"), -ENOTCONN);
	assert_int_equal(store_list(s, "a", NULL, NULL), -ENOTCONN);
	assert_int_equal(store_begin(s), -ENOTCONN);
	assert_true(store_is_unknown(-ENOTCONN));
}

static void other_errors_are_no_loss(void **state)
{
	static const int errors[] = { ENOENT, EACCES, ENOSPC, E2BIG, EPERM };
	char buf[16];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(errors); i++) {
		answer = errors[i];
		assert_int_equal(store_read(s, buf, sizeof(buf), "a", "b"), -errors[i]);
		assert_false(store_lost(s));
	}
}

static void watches_are_set_again(void **state)
{
	(void)state;
	assert_int_equal(store_watch(s, "one", "1"), 0);
	assert_int_equal(store_watch(s, "two", "2"), 0);
	die();
	assert_false(store_alive(s));
	/* While the connection is lost, one watch is removed and one is added. */
	store_unwatch(s, "one", "1");
	assert_int_equal(store_watch(s, "three", "3"), 0);
	assert_int_equal(store_reopen(s), -ECONNREFUSED);
	assert_true(store_lost(s));
	serve();
	answer = 0;
	assert_int_equal(store_reopen(s), 0);
	assert_false(store_lost(s));
	assert_string_equal(set, "three:3 two:2 ");
	assert_int_equal(nopened, 2);
	assert_int_equal(nclosed, 1);
}

static void an_empty_xenstore_is_reported_once(void **state)
{
	(void)state;
	die();
	store_lose(s);
	serve();
	answer = 0;
	has_mark = false;
	assert_int_equal(store_reopen(s), STORE_EMPTIED);
	assert_true(has_mark);
	store_lose(s);
	assert_int_equal(store_reopen(s), 0);
}

/* A xenstored that is about to end still accepts a connection. It does not count. */
static void a_connection_to_an_ending_xenstored_does_not_count(void **state)
{
	(void)state;
	answer = EBADF;
	store_lose(s);
	assert_int_equal(store_reopen(s), -ENOTCONN);
	die();
	assert_int_equal(store_reopen(s), -ECONNREFUSED);
	serve();
	answer = 0;
	has_mark = false;
	assert_int_equal(store_reopen(s), STORE_EMPTIED);
}

/* That xenstore was empty is reported even if the connection breaks again, at whichever request. */
static void an_empty_xenstore_is_reported_after_a_break(void **state)
{
	(void)state;
	assert_int_equal(store_watch(s, "one", "1"), 0);
	for (int requests = 2; requests <= 3; requests++) {
		has_mark = false;
		store_lose(s);
		requests_left = requests;
		assert_int_equal(store_reopen(s), -ENOTCONN);
		requests_left = -1;
		assert_int_equal(store_reopen(s), STORE_EMPTIED);
		assert_true(has_mark);
	}
}

static void a_hang_up_is_seen(void **state)
{
	char c;
	int fd;

	(void)state;
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(read(store_hangup_fd(s), &c, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_lost_connection_is_not_an_answer, begin, end),
		cmocka_unit_test_setup_teardown(other_errors_are_no_loss, begin, end),
		cmocka_unit_test_setup_teardown(watches_are_set_again, begin, end),
		cmocka_unit_test_setup_teardown(an_empty_xenstore_is_reported_once, begin, end),
		cmocka_unit_test_setup_teardown(a_connection_to_an_ending_xenstored_does_not_count, begin, end),
		cmocka_unit_test_setup_teardown(an_empty_xenstore_is_reported_after_a_break, begin, end),
		cmocka_unit_test_setup_teardown(a_hang_up_is_seen, begin, end),
	};

	return RUN_TESTS(tests);
}
