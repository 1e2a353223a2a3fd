/* SPDX-License-Identifier: MIT */
/* log.c - the only writer of the log */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define LINE_LEN 1024

/* The lines that a bucket holds, and the milliseconds after which it gets one more. */
#define BUCKET_LINES 50u
#define BUCKET_REFILL_MS 2000u

/* Time for which an error with the same text is not written again, in milliseconds. */
#define BUCKET_REPEAT_MS 60000u

/* Interval of the lines about suppressed lines when no other line is written, in milliseconds. */
#define BUCKET_TELL_MS 10000u

/* #syscalls clock_gettime sendto write */
/* #syscalls-before open fstat */

static const char *log_program = "netpair";
static enum log_level log_max = LOG_LEVEL_INFO;
static bool log_journal;
static int log_fd = STDERR_FILENO;
static bool log_is_socket;
static bool (*log_output)(enum log_level level, const char *text);	/* NULL: log_fd */
static atomic_uint log_lost;		/* dropped lines that were not yet logged */
static pthread_mutex_t log_bucket_mutex = PTHREAD_MUTEX_INITIALIZER;

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

bool log_to_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	/* A process may inherit the variable and have another stderr. */
	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == dev && st.st_ino == ino;
}

/* Makes writes fail that would block. O_NONBLOCK on stderr itself would apply to
 * every process that shares it, so a pipe or terminal is opened once more. A
 * socket (the journal) gets a flag with each line. A file does not block. */
static void log_open_output(void)
{
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) < 0)
		return;
	log_is_socket = S_ISSOCK(st.st_mode);
	if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return;
	fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		log_fd = fd;
}

void log_init(const char *program, enum log_level level)
{
	log_program = program;
	log_max = level;
	log_journal = log_to_journal();
	log_open_output();
}

bool log_level_from_name(enum log_level *out, const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void log_set_level(enum log_level level)
{
	log_max = level;
}

void log_set_output(bool (*put)(enum log_level level, const char *text))
{
	log_output = put;
}

/* Writes one line, which ends behind len bytes with a newline, or nothing. Returns false if the
 * write would block. */
static bool log_put(enum log_level level, char *line, size_t len)
{
	ssize_t n;

	if (log_output) {
		line[len] = '\0';
		return log_output(level, line);
	}
	line[len++] = '\n';
	n = log_is_socket ? send(log_fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL) : write(log_fd, line, len);
	return n == (ssize_t)len;
}

/* Begins a line. Returns the bytes that it has then. */
static size_t log_prefix(char *line, size_t len, enum log_level level)
{
	static const int syslog_level[] = { 3, 4, 6, 7 };

	line[0] = '\0';
	if (log_output)
		return 0;
	if (log_journal)
		return (size_t)snprintf(line, len, "<%d>", syslog_level[level]);
	return (size_t)snprintf(line, len, "%s: %s: ", log_program, level_names[level]);
}

bool log_tell_lost(void)
{
	unsigned int lost = atomic_exchange(&log_lost, 0);
	char line[LINE_LEN];
	size_t len;

	if (lost == 0)
		return true;
	len = log_prefix(line, sizeof(line), LOG_LEVEL_WARN);
	len += (size_t)snprintf(line + len, sizeof(line) - len,
				"log lines lost count=%u reason=\"what reads the log did not keep up\"", lost);
	if (log_put(LOG_LEVEL_WARN, line, len))
		return true;
	atomic_fetch_add(&log_lost, lost);
	return false;
}

static void log_vline(enum log_level level, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
static void log_vline(enum log_level level, const char *fmt, va_list ap)
{
	int saved = errno;
	char line[LINE_LEN];
	size_t len = log_prefix(line, sizeof(line), level);

	errno = saved;	/* for %m */
	vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	len = strlen(line);
	/* The text may hold a peer's strings: keep it one line of plain text. */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	if (!log_tell_lost() || !log_put(level, line, len))
		atomic_fetch_add(&log_lost, 1);
	errno = saved;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > log_max)
		return;
	va_start(ap, fmt);
	log_vline(level, fmt, ap);
	va_end(ap);
}

/* --- buckets --------------------------------------------------------------- */

static uint64_t log_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

/* Adds the tokens that are due. */
static void log_bucket_refill(struct log_bucket *b, uint64_t now)
{
	uint64_t due = (now - b->refilled_ms) / BUCKET_REFILL_MS;

	if (b->spent == 0 || due >= b->spent) {
		b->spent = 0;
		b->refilled_ms = now;
	} else {
		b->spent -= (unsigned int)due;
		b->refilled_ms += due * BUCKET_REFILL_MS;
	}
}

/* Returns whether a line with that hash (0: it may repeat) must be written. */
static bool log_bucket_charge(struct log_bucket *b, uint32_t hash, uint64_t now)
{
	log_bucket_refill(b, now);
	if (hash && hash == b->error && now - b->error_ms < BUCKET_REPEAT_MS) {
		b->repeated++;
		return false;
	}
	if (b->spent >= BUCKET_LINES) {
		b->suppressed++;
		return false;
	}
	b->spent++;
	if (hash) {
		b->error = hash;
		b->error_ms = now;
	}
	return true;
}

/* Returns whether it is time for a line about suppressed and repeated lines. It is
 * not at each call, as a flood may go on. */
static bool log_bucket_tells(struct log_bucket *b, uint64_t now)
{
	log_bucket_refill(b, now);
	return b->spent < BUCKET_LINES && (b->told_ms == 0 || now - b->told_ms >= BUCKET_TELL_MS) &&
	       (b->suppressed || (b->repeated && now - b->error_ms >= BUCKET_REPEAT_MS));
}

/* Prints the counts since the last line as " suppressed=N repeated=N", and clears them. */
static void log_bucket_print_held(struct log_bucket *b, char *text, size_t len)
{
	int n = 0;

	text[0] = '\0';
	if (b->suppressed)
		n = snprintf(text, len, " suppressed=%u", b->suppressed);
	if (b->repeated)
		snprintf(text + n, len - (size_t)n, " repeated=%u", b->repeated);
	b->suppressed = b->repeated = 0;
}

/* Returns the FNV-1a hash of text, but never 0. */
static uint32_t log_bucket_hash(const char *text)
{
	uint32_t h = 2166136261u;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h ? h : 1;
}

void log_bucket_line(struct log_bucket *b, enum log_level level, const char *fmt, ...)
{
	char text[LINE_LEN], held[64];
	int saved = errno;
	bool pass;
	va_list ap;

	if (level > log_max)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&log_bucket_mutex);
	/* At level debug every line is written. */
	pass = log_max == LOG_LEVEL_DEBUG ||
	       log_bucket_charge(b, level <= LOG_LEVEL_WARN ? log_bucket_hash(text) : 0, log_now_ms());
	if (pass)
		log_bucket_print_held(b, held, sizeof(held));
	pthread_mutex_unlock(&log_bucket_mutex);
	if (pass)
		log_line(level, "%s%s", text, held);
	errno = saved;
}

void log_bucket_tell(struct log_bucket *b, const char *name)
{
	char held[64] = "";

	pthread_mutex_lock(&log_bucket_mutex);
	if (log_bucket_tells(b, log_now_ms())) {
		b->spent++;
		b->told_ms = log_now_ms();
		log_bucket_print_held(b, held, sizeof(held));
	}
	pthread_mutex_unlock(&log_bucket_mutex);
	if (*held)
		log_warn("log lines held back if=%s%s", name, held);
}
