/* SPDX-License-Identifier: MIT */
/* log.c - the log's one writer */
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

/* A bucket holds so many lines, and gets one more after so many milliseconds. */
#define BUCKET_LINES 50u
#define BUCKET_REFILL_MS 2000u

/* An error that says the same again is not written for so long, in milliseconds. */
#define BUCKET_REPEAT_MS 60000u

/* How often what was held back is told of where nothing else is, in milliseconds. */
#define BUCKET_TELL_MS 10000u

static const char *log_program = "netpair";
static enum log_level log_max = LOG_LEVEL_INFO;
static bool log_journal;
static int log_fd = STDERR_FILENO;
static bool log_is_socket;
static atomic_uint log_lost;		/* lines that nobody took, and that are not yet told of */
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

	/* The variable is inherited by processes whose stderr is something else. */
	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == dev && st.st_ino == ino;
}

/* Makes writes fail that would block. O_NONBLOCK on stderr itself would be set
 * for every process that shares it, so a pipe or terminal is opened once more;
 * a socket (the journal) takes a flag with each line. A file does not block. */
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

/* Writes one line, or nothing. Returns false if nobody takes it now. */
static bool log_put(const char *line, size_t len)
{
	ssize_t n = log_is_socket ? send(log_fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL) : write(log_fd, line, len);

	return n == (ssize_t)len;
}

static size_t log_prefix(char *line, size_t len, enum log_level level)
{
	static const int syslog_level[] = { 3, 4, 6, 7 };

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
				"log lines lost count=%u reason=\"what reads the log did not keep up\"\n", lost);
	if (log_put(line, len))
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
	/* A peer's strings end up here: keep it one line of plain text. */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[len++] = '\n';
	if (!log_tell_lost() || !log_put(line, len))
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

/* Adds the tokens that are due; from empty to full at most. */
static void bucket_refill(struct log_bucket *b, uint64_t now)
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

/* Returns whether a line with that hash (0: one that may be repeated) is to be written. */
static bool bucket_charge(struct log_bucket *b, uint32_t hash, uint64_t now)
{
	bucket_refill(b, now);
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

/* Returns whether it is time to tell of what was held back, without a line to
 * tell it with: a flood that goes on is worth no line each time. */
static bool bucket_tells(struct log_bucket *b, uint64_t now)
{
	bucket_refill(b, now);
	return b->spent < BUCKET_LINES && (b->told_ms == 0 || now - b->told_ms >= BUCKET_TELL_MS) &&
	       (b->suppressed || (b->repeated && now - b->error_ms >= BUCKET_REPEAT_MS));
}

/* What was held back since the line before, as " suppressed=N repeated=N"; it counts anew from now on. */
static void bucket_print_held(struct log_bucket *b, char *text, size_t len)
{
	int n = 0;

	text[0] = '\0';
	if (b->suppressed)
		n = snprintf(text, len, " suppressed=%u", b->suppressed);
	if (b->repeated)
		snprintf(text + n, len - (size_t)n, " repeated=%u", b->repeated);
	b->suppressed = b->repeated = 0;
}

/* FNV-1a, and never 0. */
static uint32_t bucket_hash(const char *text)
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
	/* A person who asked for debug wants to see each line. */
	pass = log_max == LOG_LEVEL_DEBUG ||
	       bucket_charge(b, level <= LOG_LEVEL_WARN ? bucket_hash(text) : 0, log_now_ms());
	if (pass)
		bucket_print_held(b, held, sizeof(held));
	pthread_mutex_unlock(&log_bucket_mutex);
	if (pass)
		log_line(level, "%s%s", text, held);
	errno = saved;
}

void log_bucket_tell(struct log_bucket *b, const char *name)
{
	char held[64] = "";

	pthread_mutex_lock(&log_bucket_mutex);
	if (bucket_tells(b, log_now_ms())) {
		b->spent++;
		b->told_ms = log_now_ms();
		bucket_print_held(b, held, sizeof(held));
	}
	pthread_mutex_unlock(&log_bucket_mutex);
	if (*held)
		log_warn("log lines held back if=%s%s", name, held);
}
