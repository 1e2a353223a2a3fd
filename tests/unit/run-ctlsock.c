/* SPDX-License-Identifier: MIT */
/* run-ctlsock.c - the control socket: requests that are none, answers of many packets, clients
 * that wait, that do not read, and whose time is over */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "unit.h"

#include "common/host/ctlsock.c"

#define LONG_ANSWER 300000u

static char dir[] = "/tmp/ctlsock.XXXXXX";
static struct ctlsock *s;
static unsigned int requests;
static char last[CTLSOCK_LINE_MAX + 1];
static unsigned int last_words;
static bool long_answer, no_memory;
static uint32_t hold, gone_id;		/* the answer holds its client by this number; the one that went */
static int given = -1;			/* a descriptor that goes with it */

static char *answer(const void *arg, const struct ctlsock_request *request)
{
	char *text;

	assert_ptr_equal(arg, dir);
	requests++;
	last_words = request->n;
	snprintf(last, sizeof(last), "%s|%s|%s", request->word[0], request->word[1], request->word[7]);
	assert_int_equal(request->uid, geteuid());
	assert_int_equal(request->pid, getpid());
	request->hold->id = hold;
	if (given >= 0) {
		request->hold->fd[0] = dup(given);
		request->hold->nfds = 1;
	}
	if (no_memory)
		return NULL;
	text = calloc(1, LONG_ANSWER + 1);
	memset(text, 'x', long_answer ? LONG_ANSWER : 3);
	return text;
}

static int setup(void **state)
{
	(void)state;
	requests = hold = gone_id = 0;
	given = -1;
	long_answer = no_memory = false;
	return ctlsock_open(&s, dir, "test", answer, dir);
}

static int teardown(void **state)
{
	(void)state;
	ctlsock_close(s);
	s = NULL;
	return 0;
}

/* Returns a connected client; -1: it would have to wait. */
static int connect_client(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	if (connect(fd, (const struct sockaddr *)&s->at, sizeof(s->at)) == 0)
		return fd;
	assert_int_equal(errno, EAGAIN);
	close(fd);
	return -1;
}

/* Lets the socket do all that there is to do. */
static void run(void)
{
	struct pollfd fd = { .fd = ctlsock_fd(s), .events = POLLIN };

	while (poll(&fd, 1, 0) == 1)
		ctlsock_events(s);
}

/* Returns the bytes of all packets that are there; *ended: the connection has ended. */
static size_t read_all(int fd, bool *ended)
{
	static char buf[CTLSOCK_PACKET_MAX + 1];
	size_t sum = 0;
	ssize_t n;

	for (;;) {
		n = recv(fd, buf, sizeof(buf), 0);
		*ended = n == 0;
		if (n <= 0)
			return sum;
		assert_true((size_t)n <= CTLSOCK_PACKET_MAX);
		sum += (size_t)n;
	}
}

static size_t ask_line(const char *line, size_t len, bool *ended)
{
	int fd = connect_client();
	size_t got;

	assert_int_equal(send(fd, line, len, 0), len);
	run();
	got = read_all(fd, ended);
	close(fd);
	run();
	return got;
}

static void one_line_one_answer(void **state)
{
	bool ended;

	(void)state;
	assert_int_equal(ask_line("show vif1.0\n", 12, &ended), 3);
	assert_true(ended);
	assert_string_equal(last, "show|vif1.0|");
	assert_int_equal(last_words, 2);
	assert_int_equal(ask_line("a  b c\td e f g h", 16, &ended), 3);
	assert_string_equal(last, "a|b|h");
}

static void what_is_no_request(void **state)
{
	char line[CTLSOCK_LINE_MAX + 1];
	bool ended;

	(void)state;
	memset(line, 'a', sizeof(line));
	assert_int_equal(ask_line(line, sizeof(line), &ended), 0);
	assert_true(ended);
	assert_int_equal(ask_line("a\0b", 3, &ended), 0);
	assert_true(ended);
	assert_int_equal(ask_line("  \n", 3, &ended), 0);
	assert_true(ended);
	assert_int_equal(ask_line("1 2 3 4 5 6 7 8 9", 17, &ended), 0);
	assert_true(ended);
	assert_int_equal(requests, 0);
	assert_int_equal(ask_line(line, CTLSOCK_LINE_MAX, &ended), 3);
	assert_int_equal(requests, 1);
}

static void no_memory_for_an_answer(void **state)
{
	bool ended;

	(void)state;
	no_memory = true;
	assert_int_equal(ask_line("list", 4, &ended), 0);
	assert_true(ended);
}

/* More than the kernel's buffers take: the rest follows as the client reads. */
static void long_answer_in_packets(void **state)
{
	size_t sum = 0;
	bool ended = false;
	int fd = connect_client();

	(void)state;
	long_answer = true;
	assert_int_equal(send(fd, "stats", 5, 0), 5);
	for (int i = 0; i < 1000 && !ended; i++) {
		run();
		sum += read_all(fd, &ended);
	}
	assert_true(ended);
	assert_int_equal(sum, LONG_ANSWER);
	assert_int_equal(requests, 1);
	close(fd);
}

/* Others are served when a place is free again, and those that go need no answer. */
static void only_so_many_at_once(void **state)
{
	int fd[CTLSOCK_CLIENTS + 4];
	bool ended;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(fd); i++)
		assert_true((fd[i] = connect_client()) >= 0);
	run();
	assert_int_equal(send(fd[CTLSOCK_CLIENTS], "list", 4, 0), 4);
	run();
	assert_int_equal(requests, 0);
	for (unsigned int i = 0; i < 4; i++)
		close(fd[i]);
	run();
	assert_int_equal(requests, 1);
	assert_int_equal(read_all(fd[CTLSOCK_CLIENTS], &ended), 3);
	assert_true(ended);
	for (unsigned int i = 4; i < ARRAY_SIZE(fd); i++)
		close(fd[i]);
	run();
	for (unsigned int i = 0; i < CTLSOCK_CLIENTS; i++)
		assert_int_equal(s->client[i].fd, -1);
}

/* One that sends nothing, and one that reads nothing. */
static void their_time_is_over(void **state)
{
	int silent = connect_client(), unread = connect_client();
	struct pollfd end = { .fd = ctlsock_fd(s), .events = POLLIN };
	bool ended;

	(void)state;
	long_answer = true;
	assert_int_equal(send(unread, "stats", 5, 0), 5);
	run();
	for (unsigned int i = 0; i < CTLSOCK_CLIENTS; i++)
		if (s->client[i].fd >= 0) {
			assert_true(s->client[i].deadline > now_us());
			s->client[i].deadline = 1;
		}
	ctlsock_set_timer(s);
	assert_int_equal(poll(&end, 1, 10000), 1);
	run();
	for (unsigned int i = 0; i < CTLSOCK_CLIENTS; i++)
		assert_int_equal(s->client[i].fd, -1);
	assert_int_equal(read_all(silent, &ended), 0);
	assert_true(ended);
	assert_true(read_all(unread, &ended) < LONG_ANSWER);
	assert_true(ended);
	close(silent);
	close(unread);
}

static void gone(const void *arg, uint32_t id)
{
	assert_ptr_equal(arg, dir);
	gone_id = id;
}

/* Returns a client that has its answer, and is held by that number. */
static int held_client(uint32_t id)
{
	int fd = connect_client();
	bool ended;

	hold = id;
	assert_int_equal(send(fd, "hold", 4, 0), 4);
	run();
	assert_int_equal(read_all(fd, &ended), 3);
	assert_false(ended);
	hold = 0;
	return fd;
}

/* A held client stays when its time is over, and takes no place from others. */
static void held_until_it_goes(void **state)
{
	int held[CTLSOCK_HELD_MAX], others[CTLSOCK_CLIENTS];
	struct pollfd end = { .fd = ctlsock_fd(s), .events = POLLIN };
	bool ended;

	(void)state;
	ctlsock_on_gone(s, gone);
	for (unsigned int i = 0; i < CTLSOCK_HELD_MAX; i++) {
		assert_true(ctlsock_may_hold(s));
		held[i] = held_client(i + 1);
	}
	assert_false(ctlsock_may_hold(s));
	for (unsigned int i = 0; i < CTLSOCK_CLIENTS; i++)
		others[i] = connect_client();
	run();
	assert_true(s->full || ctlsock_place(s) == NULL);
	for (unsigned int i = 0; i < CTLSOCK_PLACES; i++)
		s->client[i].deadline = 1;
	ctlsock_set_timer(s);
	assert_int_equal(poll(&end, 1, 10000), 1);
	run();
	assert_int_equal(read_all(others[0], &ended), 0);
	assert_true(ended);
	assert_int_equal(read_all(held[0], &ended), 0);
	assert_false(ended);
	/* It goes, or says anything: its capture ends. */
	close(held[0]);
	run();
	assert_int_equal(gone_id, 1);
	assert_true(ctlsock_may_hold(s));
	assert_int_equal(send(held[1], "list", 4, 0), 4);
	run();
	assert_int_equal(gone_id, 2);
	assert_int_equal(recv(held[1], &end, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);	/* what it sent was not read */
	/* The daemon lets it go. */
	gone_id = 0;
	ctlsock_drop(s, 3, "the end");
	assert_int_equal(read_all(held[2], &ended), 7);
	assert_true(ended);
	ctlsock_drop(s, 4, NULL);
	ctlsock_drop(s, 77, "nobody");
	assert_int_equal(read_all(held[3], &ended), 0);
	assert_true(ended);
	assert_int_equal(gone_id, 0);
	for (unsigned int i = 1; i < CTLSOCK_HELD_MAX; i++)
		close(held[i]);
	for (unsigned int i = 0; i < CTLSOCK_CLIENTS; i++)
		close(others[i]);
	run();
}

/* The descriptor goes with the answer, once, and none is left behind. */
static void descriptors_go_along(void **state)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(2 * sizeof(int))]; } control;
	char text[16];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof(control.buf) };
	int pipes[2], got, fd = connect_client();

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	given = pipes[1];
	assert_int_equal(send(fd, "hold", 4, 0), 4);
	run();
	assert_int_equal(recvmsg(fd, &h, 0), 3);
	assert_non_null(CMSG_FIRSTHDR(&h));
	assert_int_equal(CMSG_FIRSTHDR(&h)->cmsg_len, CMSG_LEN(sizeof(int)));
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&h)), sizeof(got));
	/* A client that is not answered gets none. */
	no_memory = true;
	close(fd);
	fd = connect_client();
	assert_int_equal(send(fd, "hold", 4, 0), 4);
	run();
	close(fd);
	run();
	close(got);
	close(pipes[1]);
	assert_int_equal(read(pipes[0], text, 1), 0);	/* nobody has the other end any more */
	close(pipes[0]);
}

static void whose_place_it_is(void **state)
{
	struct ctlsock *other = NULL;
	struct stat st;
	char path[100];
	int fd;

	(void)state;
	assert_int_equal(ctlsock_open(&other, dir, "test", answer, dir), -EBUSY);
	snprintf(path, sizeof(path), "%s/test.sock", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* One that was killed leaves its socket. */
	snprintf(path, sizeof(path), "%s/left.sock", dir);
	assert_int_equal(ctlsock_open(&other, dir, "left", answer, dir), 0);
	other->at.sun_path[0] = '\0';
	ctlsock_close(other);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(ctlsock_open(&other, dir, "left", answer, dir), 0);
	ctlsock_close(other);
	assert_int_equal(stat(path, &st), -1);
	/* A file that is no socket is somebody's. */
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(ctlsock_open(&other, dir, "left", answer, dir), -EEXIST);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ctlsock_open(&other, dir, "a-name-that-is-so-long-that-it-does-not-fit-into-the-address-of-a-socket-"
				      "which-is-not-long", answer, dir), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_line_one_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_request, setup, teardown),
		cmocka_unit_test_setup_teardown(no_memory_for_an_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(long_answer_in_packets, setup, teardown),
		cmocka_unit_test_setup_teardown(only_so_many_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(their_time_is_over, setup, teardown),
		cmocka_unit_test_setup_teardown(held_until_it_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(descriptors_go_along, setup, teardown),
		cmocka_unit_test_setup_teardown(whose_place_it_is, setup, teardown),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	failed = RUN_TESTS(tests);
	rmdir(dir);
	return failed;
}
