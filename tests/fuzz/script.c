/* SPDX-License-Identifier: MIT */
/* script.c - the clock, the log and the faults of script.h */
#include "script.h"

#include <errno.h>
#include <stdarg.h>

#include "fakexs.h"
#include "faketap.h"
#include "fuzz.h"
#include "input.h"

#include "common/base/log.h"
#include "common/host/kernel.h"
#include "common/host/store.h"
#include "common/base/clock.h"

unsigned int script_store_faults, script_tap_faults;
uint64_t script_clock;
const struct store *script_store;
static bool in_others;
static const char *const *value_words;
static unsigned int value_count;

/* Checks that a line does not say what follows from a lost xenstored. */
static void check_line(enum log_level level, const char *fmt)
{
	static const char *const of_store[] = {
		"cannot write", "cannot watch", "cannot list the VIFs", "cannot list the guests", "cannot read xenstore",
		"the key ", "cannot connect nic",
	};

	if (level > LOG_LEVEL_WARN || !script_store || !store_lost(script_store))
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(of_store); i++)
		PROMISE(!strstr(fmt, of_store[i]));
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	check_line(level, fmt);
	/* FUZZ_LOG=1 shows what the daemon logs. */
	if (!getenv("FUZZ_LOG"))
		return;
	va_start(ap, fmt);
	fprintf(stderr, "%d ", level);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void log_bucket_line(struct log_bucket *b, enum log_level level, const char *fmt, ...)
{
	PROMISE(b);
	check_line(level, fmt);
	log_line(level, "%s", fmt);
}

void log_bucket_tell(struct log_bucket *b, const char *name)
{
	PROMISE(b && *name);
}

uint64_t now_us(void)
{
	return script_clock += 7;
}

uint64_t now_ns(void)
{
	return now_us() * 1000;
}

int kernel_take_over(enum kernel_side side, const char *device, struct log_bucket *log)
{
	(void)side;
	PROMISE(strncmp(device, "vif-", 4) == 0 && log);
	return (int)(eat8(&input, &input_left) % 3) - 1;
}

void script_put(const char *dir, const char *key, unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	fakexs_put(dir, key, text);
}

void script_write_key(const char *dir, const char *const *keys, unsigned int n)
{
	uint8_t which = eat8(&input, &input_left), what = eat8(&input, &input_left);
	char path[2 * FAKEXS_PATH], value[FAKEXS_VALUE];
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", dir, keys[which % n]);
	if (what == 255) {
		fakexs_remove(path);
	} else if (what >= 224) {
		len = what == 254 ? 290 : what - 224u;
		eat(value, len, &input, &input_left);
		fakexs_set(path, value, len);
	} else {
		fakexs_set(path, value_words[what % value_count], strlen(value_words[what % value_count]));
	}
}

static int script_store_fault(const char *path)
{
	static const int errs[] = { EIO, EIO, EAGAIN, ENOSPC, EPIPE, EINVAL, EBUSY, ENOMEM };
	uint8_t what;

	(void)path;
	if (!script_store_faults || in_others || !input_left)
		return 0;
	script_store_faults--;
	what = eat8(&input, &input_left);
	if (what & 8)
		return errs[what & 7];
	if (what & 16) {
		in_others = true;
		script_others(what);
		in_others = false;
	}
	return 0;
}

static int script_tap_fault(void)
{
	static const int errs[] = { -EPERM, -ENOMEM, -EBUSY, -EINVAL };

	if (!script_tap_faults)
		return 0;
	script_tap_faults--;
	return errs[script_tap_faults % 4];
}

void script_start(const char *const *words, unsigned int n)
{
	value_words = words;
	value_count = n;
	script_calm();
	fakexs_fault = script_store_fault;
	faketap_fault = script_tap_fault;
}

void script_calm(void)
{
	script_store_faults = script_tap_faults = 0;
}
