/* SPDX-License-Identifier: MIT */
/* run-handles.c - a data process can serve a guest from within its sandbox, with the handles that it
 * opened before
 *
 * On xensim this process is the guest, domain 1; a child is the data process, in domain 0. The
 * child opens its handles, enters the sandbox with the declared lists, and does all that a worker
 * does. A system call that is missing in the lists, or in those of xensim's libraries, ends it.
 */
#include <errno.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#include "unit.h"
#include "nettest.h"
#include "common/host/declared.h"
#include "common/host/sandbox.h"
#include "backend/data/handles.c"

#define NOBODY 65534
#define GUEST 1u
#define FRAMES 40u

static char dir[] = "/tmp/netpair-handles.XXXXXX", top[200];
static pid_t host;

/* The guest's. */
static xengntshr_handle *share;
static xenevtchn_handle *events, *of_other;
static uint8_t *page;
static uint32_t gref;
static int port, other_port;	/* offered to domain 0 by the guest, and by domain 2 */

/* --- xensim ---------------------------------------------------------------------- */

static void be_domain(unsigned int id)
{
	char path[260];

	snprintf(path, sizeof(path), "%s/dom/%u", dir, id);
	setenv("XENSIM_DOM", path, 1);
}

static bool xensim(const char *command)
{
	char line[400];

	snprintf(line, sizeof(line), "%s/xensim/xensim --dir=%s %s >/dev/null", top, dir, command);
	return system(line) == 0;
}

/* Starts the host, which ends with this process. Returns true if it serves. */
static bool host_start(void)
{
	char path[260], option[260], byte;
	int out[2];

	snprintf(path, sizeof(path), "%s/xensim/xensim", top);
	snprintf(option, sizeof(option), "--dir=%s", dir);
	if (pipe(out) < 0)
		return false;
	host = fork();
	if (host == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(out[1], 1);
		close(out[0]);
		close(out[1]);
		execl(path, path, option, "start", "--foreground", (char *)NULL);
		_exit(1);
	}
	close(out[1]);
	/* The host prints a line once it serves. */
	if (read(out[0], &byte, 1) != 1)
		return false;
	close(out[0]);
	return xensim("domain one") && xensim("domain two");
}

static int group_setup(void **state)
{
	(void)state;
	if (!host_start())
		return -1;
	be_domain(GUEST);
	share = xengntshr_open(NULL, 0);
	events = xenevtchn_open(NULL, 0);
	be_domain(2);
	of_other = xenevtchn_open(NULL, 0);
	if (!share || !events || !of_other)
		return -1;
	page = xengntshr_share_pages(share, 0, 1, &gref, 1);
	port = xenevtchn_bind_unbound_port(events, 0);
	other_port = xenevtchn_bind_unbound_port(of_other, 0);
	be_domain(0);
	return page && port > 0 && other_port > 0 ? 0 : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	xengntshr_close(share);
	xenevtchn_close(events);
	xenevtchn_close(of_other);
	kill(host, SIGTERM);
	return waitpid(host, NULL, 0) == host ? 0 : -1;
}

/* --- before the sandbox ------------------------------------------------------------- */

static void each_set_is_given_once(void **state)
{
	struct burst_ring *ring = NULL;
	struct vif_handles *h;
	struct grant_dev *g = NULL;
	struct evt_dev *e = NULL;
	int fd = dup(0), after;

	(void)state;
	close(fd);
	assert_int_equal(vif_handles_open(&h, domid_of(GUEST), 3), 0);
	assert_true(vif_handles_are_restricted(h));
	assert_int_equal(vif_handles_left(h), 3);
	for (unsigned int left = 2;; left--) {
		assert_true(vif_handles_take(h, &g, &e, &ring));
		assert_int_equal(vif_handles_left(h), left);
		burst_ring_free(ring);
		evt_close(e);
		grant_close(g);
		if (left == 1)
			break;
	}
	vif_handles_close(h);
	assert_int_equal(vif_handles_open(&h, domid_of(GUEST), 1), 0);
	assert_true(vif_handles_take(h, &g, &e, &ring));
	assert_false(vif_handles_take(h, &g, &e, &ring));
	assert_int_equal(vif_handles_left(h), 0);
	vif_handles_close(h);
	burst_ring_free(ring);
	evt_close(e);
	grant_close(g);
	vif_handles_close(NULL);
	/* No descriptor is left open. */
	after = dup(0);
	close(after);
	assert_int_equal(after, fd);
}

/* A restriction to domain 0 is not possible, as 0 means none. Such a guest is served without one. */
static void not_restricted_to_domain_0(void **state)
{
	struct vif_handles *h;

	(void)state;
	assert_int_equal(vif_handles_open(&h, domid_of(0), 1), 0);
	assert_false(vif_handles_are_restricted(h));
	vif_handles_close(h);
}

static void without_a_device(void **state)
{
	struct vif_handles *h = NULL;
	int fd = dup(0), after;

	(void)state;
	close(fd);
	setenv("XENSIM_DOM", "/nonexistent", 1);
	assert_int_equal(vif_handles_open(&h, domid_of(GUEST), 2), -ENOENT);
	be_domain(0);
	assert_null(h);
	after = dup(0);
	close(after);
	assert_int_equal(after, fd);
}

/* --- within the sandbox: the child's exit code says what it found ------------------------ */

static struct vif_handles *handles;
static int tap_fd;

#define MUST(cond_) do { if (!(cond_)) return __LINE__ % 97 + 1; } while (0)

/* Writes a burst of frames to the TAP, and checks the result of each. */
static int write_frames(struct burst *b)
{
	static uint8_t frame[FRAMES][80];
	struct iovec iov[FRAMES][2];
	ssize_t put[FRAMES];

	for (unsigned int i = 0; i < FRAMES; i++) {
		memset(frame[i] + VNET_HDR_LEN, 0x02, 6);
		frame[i][VNET_HDR_LEN + 12] = 0x88;
		frame[i][VNET_HDR_LEN + 13] = 0xb5;
		frame[i][VNET_HDR_LEN + 14] = (uint8_t)i;
		iov[i][0] = (struct iovec){ frame[i], VNET_HDR_LEN };
		iov[i][1] = (struct iovec){ frame[i] + VNET_HDR_LEN, 60 };
		if (!burst_has_room(b))
			burst_write(b);
		burst_add(b, iov[i], 2, &put[i]);
	}
	burst_write(b);
	for (unsigned int i = 0; i < FRAMES; i++)
		MUST(put[i] == (ssize_t)VNET_HDR_LEN + 60);
	return 0;
}

static int use_grants(struct grant_dev *g)
{
	struct grant_batch *batch;
	uint8_t copy[16] = "from the backend";
	uint8_t *mapped;
	int err = 0;

	mapped = grant_map(g, gref_of(gref), &err);
	MUST(mapped && memcmp(mapped, "from the guest", 14) == 0);
	memcpy(mapped + 100, "mapped", 7);
	MUST(grant_batch_new(&batch, g) == 0);
	grant_batch_to_peer(batch, gref_of(gref), copy, 200, 16);
	grant_batch_from_peer(batch, copy, gref_of(gref), 0, 14);
	MUST(grant_batch_run(batch) == 0 && grant_batch_ok(batch, 0, 2) && memcmp(copy, "from the guest", 14) == 0);
	grant_batch_free(batch);
	grant_unmap(g, mapped);
	mapped = grant_map(g, gref_of(gref + 1000), &err);
	MUST(!mapped && err < 0);
	return 0;
}

static int use_events(struct evt_dev *e)
{
	struct evport local, got;
	struct pollfd p = { .fd = evt_fd(e), .events = POLLIN };

	MUST(evt_bind_peer(e, domid_of(2), evport_of((uint32_t)other_port), &local) == -EACCES);
	MUST(evt_offer(e, domid_of(GUEST), &local) == -EACCES);
	MUST(evt_bind_peer(e, domid_of(GUEST), evport_of((uint32_t)port), &local) == 0);
	/* A bind makes the port fire once. */
	MUST(evt_next(e, &got) == 1 && got.raw == local.raw);
	evt_unmask(e, local);
	MUST(evt_next(e, &got) == 0);
	evt_notify(e, local);
	/* The guest answers. */
	MUST(ppoll(&p, 1, NULL, NULL) == 1 && evt_next(e, &got) == 1 && got.raw == local.raw);
	evt_unbind(e, local);
	return 0;
}

/* Does what a worker does from its start to its end. Returns a number that names the line that
 * failed; 0: none. */
static int serve(void)
{
	struct burst_ring *ring = NULL;
	struct grant_dev *g = NULL;
	struct evt_dev *e = NULL;
	struct burst b;
	int bad;

	MUST(vif_handles_take(handles, &g, &e, &ring));
	burst_init(&b, tap_fd);
	burst_give(&b, ring);
	burst_start(&b);
	MUST(!ring || b.ring);
	bad = use_grants(g);
	if (!bad)
		bad = write_frames(&b);
	if (!bad)
		bad = use_events(e);
	burst_exit(&b);
	evt_close(e);
	grant_close(g);
	return bad;
}

static void *serve_thread(void *bad)
{
	*(int *)bad = serve();
	return NULL;
}

enum { OPENED_NOT = 98, ENTERED_NOT = 99 };

static int data_process(void)
{
	const struct sandbox s = { .uid = NOBODY, .gid = NOBODY, .files = 64, .calls = declared_calls,
				   .more_calls = declared_by_stand_in(), .ioctls = declared_ioctls };
	enum sandbox_stage at;
	uint32_t missing;
	pthread_t thread;
	int bad;

	if (vif_handles_open(&handles, domid_of(GUEST), 2) || !vif_handles_are_restricted(handles))
		return OPENED_NOT;
	if (sandbox_enter(&s, &missing, &at))
		return ENTERED_NOT;
	/* Once on another thread, as workers are, and once more with the second set. */
	if (pthread_create(&thread, NULL, serve_thread, &bad) != 0)
		return ENTERED_NOT;
	pthread_join(thread, NULL);
	if (!bad)
		bad = serve();
	vif_handles_close(handles);
	return bad;
}

/* Opens a TAP and a socket that receives its frames, in a namespace of their own. Returns false if that is
 * not allowed. */
static bool open_tap(int *sock)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, .ifr_name = "t0" };
	struct sockaddr_ll from = { .sll_family = AF_PACKET, .sll_protocol = htons(0x88b5) };
	int len = VNET_HDR_LEN;

	if (!nettest_enter())
		return false;
	tap_fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	*sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (ioctl(tap_fd, TUNSETIFF, &ifr) < 0 || ioctl(tap_fd, TUNSETVNETHDRSZ, &len) < 0 || nettest_run(0, "ip link set t0 up") != 0)
		return false;
	from.sll_ifindex = (int)if_nametoindex("t0");
	return bind(*sock, (struct sockaddr *)&from, sizeof(from)) == 0;
}

/* Signals back whenever the data process signals, until it has ended. */
static void answer_until_end(pid_t pid)
{
	struct pollfd p[] = { { .fd = xenevtchn_fd(events), .events = POLLIN },
			      { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN } };

	assert_true(p[1].fd >= 0);
	while (poll(p, 2, -1) > 0 && !p[1].revents) {
		int got = xenevtchn_pending(events);

		assert_int_equal(got, port);
		xenevtchn_unmask(events, (evtchn_port_t)got);
		xenevtchn_notify(events, (evtchn_port_t)got);
	}
	close(p[1].fd);
}

static void serves_in_the_sandbox(void **state)
{
	uint8_t frame[100];
	int status, sock = -1;
	pid_t pid;

	(void)state;
#if defined(__SANITIZE_ADDRESS__)
	SKIP("a sanitizer's runtime maps more memory than the sandbox allows");
#endif
	if (geteuid() != 0)
		SKIP("only root can change its user");
	if (!open_tap(&sock))
		SKIP("no TAP can be made here");
	memcpy(page, "from the guest", 15);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		syscall(SYS_exit_group, data_process());
	answer_until_end(pid);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		fail_msg("ended by signal %d", WTERMSIG(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_string_equal(page + 100, "mapped");
	assert_memory_equal(page + 200, "from the backend", 16);
	for (unsigned int i = 0; i < 2 * FRAMES; i++) {
		assert_int_equal(recv(sock, frame, sizeof(frame), MSG_DONTWAIT), 60);
		assert_int_equal(frame[14], i % FRAMES);
	}
	close(sock);
}

/* This program starts itself again with xensim's libraries, which the daemons then use. */
static void with_xensim(char **argv)
{
	char self[200], lib[260];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	for (unsigned int up = 0; up < 3 && strrchr(self, '/'); up++)
		*strrchr(self, '/') = '\0';
	snprintf(top, sizeof(top), "%s", self);
	snprintf(lib, sizeof(lib), "%s/xensim/lib", top);
	if (declared_by_stand_in())
		return;
	if (getenv("NETPAIR_HANDLES_AGAIN"))
		exit(2);
	setenv("NETPAIR_HANDLES_AGAIN", "1", 1);
	setenv("LD_LIBRARY_PATH", lib, 1);
	execv("/proc/self/exe", argv);
	exit(2);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_set_is_given_once), cmocka_unit_test(not_restricted_to_domain_0),
		cmocka_unit_test(without_a_device), cmocka_unit_test(serves_in_the_sandbox),
	};
	int failed;

	(void)argc;
	with_xensim(argv);
	log_init("run-handles", LOG_LEVEL_ERROR);
	if (!mkdtemp(dir))
		return 1;
	failed = cmocka_run_group_tests(tests, group_setup, group_teardown);
	rmdir(dir);
	return failed;
}
