/* SPDX-License-Identifier: MIT */
/* ask.c - the client's end of the control socket */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "common/host/ctlsock.h"
#include "common/wire/parse.h"
#include "netpair.h"

/* Seconds that a daemon may take to answer. It answers at once, but xenstored may hold it up. */
#define ASK_SECONDS 10

/* The largest document, in bytes: thousands of VIFs with all counters. */
#define ASK_MAX (64u << 20)

static int ask_no_daemon(const struct tool *t, const struct sockaddr_un *at, int err)
{
	if (err == EACCES || err == EPERM) {
		fprintf(stderr, PROGRAM ": only root may ask %s (%s)\n", t->daemon, at->sun_path);
		return TOOL_FAILED;
	}
	if (err == EAGAIN || err == ETIMEDOUT) {
		fprintf(stderr, PROGRAM ": %s does not answer (%s)\n", t->daemon, at->sun_path);
		return TOOL_FAILED;
	}
	fprintf(stderr, PROGRAM ": no %s runs here (%s: %s)\n", t->daemon, at->sun_path, errtext(ERRTEXT_FILE, -err));
	return TOOL_NO_DAEMON;
}

/* Connects and sends the line. Returns TOOL_OK and *fd, or an exit code. */
static int ask_send(const struct tool *t, int *fd, const char *line)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const struct timeval limit = { .tv_sec = ASK_SECONDS };
	int err;

	if (snprintf(at.sun_path, sizeof(at.sun_path), "%s/%s.sock", t->run_dir, t->daemon) >= (int)sizeof(at.sun_path)) {
		fprintf(stderr, PROGRAM ": option --run-dir: longer than a socket's path may be\n");
		return TOOL_USAGE;
	}
	*fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (*fd >= 0 && setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
	    setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
	    connect(*fd, (const struct sockaddr *)&at, sizeof(at)) == 0 && send(*fd, line, strlen(line), MSG_NOSIGNAL) >= 0)
		return TOOL_OK;
	err = errno;
	if (*fd >= 0)
		close(*fd);
	return ask_no_daemon(t, &at, err);
}

/* Reads all packets to the end. Returns the text, which the caller frees; NULL, with errno: it did not come to its end. */
static char *ask_receive(int fd, size_t *length)
{
	char *text = NULL;
	int err;

	for (*length = 0; *length < ASK_MAX;) {
		char *more = realloc(text, *length + CTLSOCK_PACKET_MAX);
		ssize_t n;

		if (!more)
			break;
		text = more;
		n = recv(fd, text + *length, CTLSOCK_PACKET_MAX, 0);
		if (n == 0)
			return text;
		if (n < 0 && errno != EINTR)
			break;
		*length += n > 0 ? (size_t)n : 0;
	}
	err = errno;
	free(text);
	errno = err;
	return NULL;
}

/* Returns TOOL_OK, or TOOL_FAILED if the document is an error, which is printed. */
static int ask_check(const struct tool *t, json_t *doc)
{
	const char *schema = json_string_value(json_object_get(doc, "schema")), *error = json_string_value(json_object_get(doc, "error"));

	if (!schema || strcmp(schema, "netpair/1") != 0)
		fprintf(stderr, PROGRAM ": %s is of another version: its documents are %s, not netpair/1\n", t->daemon, schema ? schema : "others");
	else if (error)
		fprintf(stderr, PROGRAM ": %s: %s\n", t->daemon, error);
	else
		return TOOL_OK;
	return TOOL_FAILED;
}

static int ask_send_format(const struct tool *t, int *fd, const char *fmt, va_list ap) PRINTF_LIKE(3, 0);

/* Sends a request, as ask_send(). */
static int ask_send_format(const struct tool *t, int *fd, const char *fmt, va_list ap)
{
	char line[CTLSOCK_LINE_MAX + 1];
	int len = vsnprintf(line, sizeof(line), fmt, ap);

	if (len < 0 || len > (int)CTLSOCK_LINE_MAX) {
		fprintf(stderr, PROGRAM ": a request has at most %u bytes\n", CTLSOCK_LINE_MAX);
		return TOOL_USAGE;
	}
	return ask_send(t, fd, line);
}

/* Makes the document of an answer; text NULL: there is none, late: in time. Returns as ask(). */
static int ask_parse(const struct tool *t, json_t **doc, const char *text, size_t length, bool late)
{
	int code;

	*doc = text ? json_loadb(text, length, 0, NULL) : NULL;
	if (late) {
		fprintf(stderr, PROGRAM ": %s does not answer within %d s\n", t->daemon, ASK_SECONDS);
		return TOOL_FAILED;
	}
	if (!*doc) {
		fprintf(stderr, PROGRAM ": %s did not answer, or ended meanwhile\n", t->daemon);
		return TOOL_NO_DAEMON;
	}
	code = ask_check(t, *doc);
	if (code)
		json_decref(*doc);
	return code;
}

int ask(const struct tool *t, json_t **doc, const char *fmt, ...)
{
	size_t length = 0;
	va_list ap;
	int fd, code;
	char *text;
	bool late;

	va_start(ap, fmt);
	code = ask_send_format(t, &fd, fmt, ap);
	va_end(ap);
	if (code)
		return code;
	text = ask_receive(fd, &length);
	late = !text && errno == EAGAIN;
	close(fd);
	code = ask_parse(t, doc, text, length, late);
	free(text);
	return code;
}

/* Receives one packet with its descriptors. Returns its length, or -1 with errno; *n: the descriptors, at most CTLSOCK_FDS_MAX. */
static ssize_t ask_receive_fds(int sock, char *text, size_t length, int *fds, unsigned int *n)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(CTLSOCK_FDS_MAX * sizeof(int))]; } control;
	struct iovec iov = { text, length };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof(control.buf) };
	ssize_t got = recvmsg(sock, &h, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = got < 0 ? NULL : CMSG_FIRSTHDR(&h);

	*n = 0;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		*n = (unsigned int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(c), *n * sizeof(int));
	}
	return got;
}

int ask_held(const struct tool *t, json_t **doc, int *sock, int *fds, const char *fmt, ...)
{
	char text[CTLSOCK_PACKET_MAX];
	unsigned int n = 0;
	va_list ap;
	ssize_t got;
	int code;

	va_start(ap, fmt);
	code = ask_send_format(t, sock, fmt, ap);
	va_end(ap);
	if (code) {
		*sock = -1;
		return code;
	}
	got = ask_receive_fds(*sock, text, sizeof(text), fds, &n);
	code = ask_parse(t, doc, got > 0 ? text : NULL, got > 0 ? (size_t)got : 0, got < 0 && errno == EAGAIN);
	if (!code && n == CTLSOCK_FDS_MAX)
		return TOOL_OK;
	while (n)
		close(fds[--n]);
	if (code)
		return code;
	fprintf(stderr, PROGRAM ": %s answered without the frames\n", t->daemon);
	json_decref(*doc);
	return TOOL_FAILED;
}

/* Returns whether a word is a VIF's name: vifD.H, nicN. */
static bool ask_is_vif(const char *word)
{
	return (strncmp(word, "vif", 3) == 0 || strncmp(word, "nic", 3) == 0) && isdigit((unsigned char)word[3]);
}

/* Removes the VIFs that are not of that guest from the document. Returns how many guests there were of the name. */
static unsigned int ask_keep_guest(json_t *doc, const char *guest)
{
	json_t *vifs = json_object_get(doc, "vifs");
	uint64_t domid = UINT64_MAX;
	unsigned int guests = 0;
	uint32_t number;
	bool by_number = parse_u32(&number, guest);

	for (size_t i = 0; i < json_array_size(vifs);) {
		const json_t *vif = json_array_get(vifs, i);
		uint64_t id = number_of(vif, "domid");

		if (by_number ? id != number : strcmp(text_of(vif, "guest"), guest) != 0) {
			(void)!json_array_remove(vifs, i);
			continue;
		}
		if (id != domid)
			guests++;
		domid = id;
		i++;
	}
	return guests;
}

int ask_vifs(const struct tool *t, json_t **doc, const char *what, const char *which)
{
	unsigned int guests;
	int code;

	if (!*which)
		return ask(t, doc, "%s", what);
	if (ask_is_vif(which))
		return ask(t, doc, "%s %s", what, which);
	code = ask(t, doc, "%s", what);
	if (code)
		return code;
	guests = ask_keep_guest(*doc, which);
	if (guests == 1)
		return TOOL_OK;
	if (guests == 0)
		fprintf(stderr, PROGRAM ": there is no VIF, and no guest with one, that is called %s\n", which);
	else
		fprintf(stderr, PROGRAM ": several guests are called %s; their domain ids tell them apart (" PROGRAM " list)\n", which);
	json_decref(*doc);
	return TOOL_FAILED;
}

int ask_argument(const struct tool *t, json_t **doc, const char *what, int next, int argc, char **argv)
{
	if (argc - next > 1) {
		fprintf(stderr, PROGRAM ": %s: unexpected word \"%s\"; one VIF, guest or domain id is taken\n", argv[0], argv[next + 1]);
		return TOOL_USAGE;
	}
	return ask_vifs(t, doc, what, next < argc ? argv[next] : "");
}

int ask_print_json(json_t *doc)
{
	bool failed = json_dumpf(doc, stdout, JSON_INDENT(2)) < 0 || putchar('\n') == EOF;

	json_decref(doc);
	return text_end() || failed ? TOOL_FAILED : TOOL_OK;
}

int ask_print_vifs(const struct tool *t, json_t *doc, const char *head, void (*print)(const json_t *vif))
{
	const json_t *vif;
	size_t i;

	if (t->json)
		return ask_print_json(doc);
	if (head)
		puts(head);
	json_array_foreach(json_object_get(doc, "vifs"), i, vif)
		print(vif);
	json_decref(doc);
	return text_end();
}

const json_t *ask_find_vif(const json_t *doc, const char *name)
{
	const json_t *vif;
	size_t i;

	json_array_foreach(json_object_get(doc, "vifs"), i, vif)
		if (strcmp(text_of(vif, "name"), name) == 0)
			return vif;
	return NULL;
}
