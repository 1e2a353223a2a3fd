/* SPDX-License-Identifier: MIT */
/* fuzz-hotplug.c - the messages between control and the hotplug runner, in each direction: either end may say anything
 *
 * hotplug.c and hotplug_msg.c are real. Input: which end lies (1 byte), then
 * - control lies: one request;
 * - the runner lies: commands, by which control asks for scripts and stops them, and the runner answers.
 *
 * What must hold:
 * - a request that passes has a script below the directory and a device's name, each of them whole and printable;
 * - a request that control sends passes, and there is one at a time for each VIF;
 * - a script that was asked for ends once, and none ends that was not asked for;
 * - a runner that says what makes no sense is not listened to any more, and nothing stays open.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "backend/control/hotplug_msg.c"
#include "backend/control/hotplug.c"

#define VIFS 4u

static const uint8_t *input;
static size_t input_left;

/* --- control lies ------------------------------------------------------------------- */

static void check_request(const struct hotplug_request *q)
{
	char again[HOTPLUG_SCRIPT_MAX], path[2 * HOTPLUG_SCRIPT_MAX];

	PROMISE(q->id != 0 && (q->kind == HOTPLUG_RUN || q->kind == HOTPLUG_STOP));
	if (q->kind == HOTPLUG_STOP)
		return;
	PROMISE(strnlen(q->script, sizeof(q->script)) < sizeof(q->script) && q->script[0] && q->script[0] != '/');
	PROMISE(!strstr(q->script, "../") && strcmp(q->script, "..") != 0 && !strstr(q->script, "//"));
	PROMISE(strnlen(q->netdev, sizeof(q->netdev)) < sizeof(q->netdev) && !strchr(q->netdev, '/'));
	PROMISE(q->domid < DOMID_FIRST_RESERVED && q->emulated <= 1);
	/* What control makes of the same path is the same. */
	snprintf(path, sizeof(path), "/scripts/%s", q->script);
	PROMISE(hotplug_script_name(again, "/scripts", path) == 0 && memcmp(again, q->script, sizeof(again)) == 0);
}

static void control_lies(void)
{
	union { struct hotplug_request q; uint8_t bytes[sizeof(struct hotplug_request)]; } in;
	size_t len = input_left;

	eat(&in, sizeof(in), &input, &input_left);
	if (hotplug_request_check(&in.q, len))
		check_request(&in.q);
}

/* --- the runner lies ------------------------------------------------------------------ */

static struct {
	struct hotplug *h;
	int fd;				/* the runner's end; -1: closed */
	unsigned int running[VIFS];	/* scripts that were asked for, by VIF */
	uint32_t id[VIFS];		/* of the last one */
} r;

static void ended(void *arg, const struct hotplug_result *result)
{
	PROMISE(arg == &r && result->domid == 1 && result->devid < VIFS);
	PROMISE(r.running[result->devid] == 1);
	PROMISE(result->end >= HOTPLUG_EXITED && result->end <= HOTPLUG_LOST && result->script[0]);
	r.running[result->devid] = 0;
}

/* Takes what control sent. */
static void runner_takes(void)
{
	struct hotplug_request q;
	ssize_t n;

	while (r.fd >= 0 && (n = recv(r.fd, &q, sizeof(q), MSG_DONTWAIT | MSG_TRUNC)) > 0) {
		PROMISE(hotplug_request_check(&q, (size_t)n));
		check_request(&q);
		if (q.kind == HOTPLUG_RUN)
			r.id[q.devid] = q.id;
	}
}

static void ask(uint32_t devid)
{
	struct hotplug_request want = { .action = 1 + eat8(&input, &input_left) % 2, .domid = 1, .devid = devid, .handle = devid };
	char script[40];
	int err;

	want.emulated = eat8(&input, &input_left) % 3;
	eat(script, sizeof(script) - 1, &input, &input_left);
	script[sizeof(script) - 1] = '\0';
	err = hotplug_ask(r.h, &want, script[0] == 1 ? "vif-bridge" : script);
	PROMISE(err == 0 || err == -EBUSY || err == -EPIPE || err == -EPERM || err == -EINVAL);
	if (err)
		return;
	PROMISE(r.running[devid] == 0);
	r.running[devid] = 1;
}

/* Answers: one that was asked for, or any bytes. */
static void answer(uint32_t devid)
{
	struct hotplug_reply reply = { .magic = HOTPLUG_MAGIC, .id = r.id[devid], .code = 1 };
	uint8_t bytes[sizeof(reply) + 4];
	size_t len = eat8(&input, &input_left) % (sizeof(bytes) + 1);

	if (r.fd < 0)
		return;
	reply.end = 1 + len % 5;
	memcpy(bytes, &reply, sizeof(reply));
	if (len & 1)
		eat(bytes, sizeof(bytes), &input, &input_left);
	(void)!send(r.fd, bytes, len & 1 ? len : sizeof(reply), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void runner_ends(void)
{
	if (r.fd >= 0)
		close(r.fd);
	r.fd = -1;
}

static void runner_lies(void)
{
	int ends[2];

	PROMISE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	memset(&r, 0, sizeof(r));
	r.fd = ends[1];
	r.h = hotplug_new(ends[0], "/etc/xen/scripts", "/scripts", 40);
	PROMISE(r.h);
	while (input_left) {
		uint8_t what = eat8(&input, &input_left);

		if (what % 4 == 0)
			ask(what / 4 % VIFS);
		else if (what % 4 == 1)
			answer(what / 4 % VIFS);
		else if (what % 4 == 2)
			hotplug_stop(r.h, what / 16 % 2, what / 4 % VIFS);
		else if (what == 255)
			runner_ends();
		else
			hotplug_events(r.h, ended, &r);
		runner_takes();
	}
	/* Once the runner is gone every script has ended. */
	runner_ends();
	hotplug_events(r.h, ended, &r);
	PROMISE(hotplug_fd(r.h) < 0);
	for (unsigned int i = 0; i < VIFS; i++)
		PROMISE(r.running[i] == 0);
	free(r.h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	log_init("fuzz", getenv("FUZZ_LOG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	input = data;
	input_left = size;
	if (eat8(&input, &input_left) & 1)
		runner_lies();
	else
		control_lies();
	return 0;
}
