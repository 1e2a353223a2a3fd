/* SPDX-License-Identifier: MIT */
/* xenlog.c - the logger that Xen's libraries get */
#include <stdarg.h>
#include <stdio.h>
#include <xentoollog.h>

#include "common/base/log.h"
#include "xenlog.h"

static void xenlog_message(struct xentoollog_logger *logger, xentoollog_level level, int errnoval, const char *context,
			   const char *format, va_list ap) __attribute__((format(printf, 5, 0)));
static void xenlog_message(struct xentoollog_logger *logger, xentoollog_level level, int errnoval, const char *context,
			   const char *format, va_list ap)
{
	char text[256];

	(void)logger;
	if (level < XTL_WARN)
		return;
	vsnprintf(text, sizeof(text), format, ap);
	log_debug("library=%s errno=%d message=\"%s\"", context ? context : "xen", errnoval, text);
}

struct xentoollog_logger *xenlog(void)
{
	static struct xentoollog_logger logger = { .vmessage = xenlog_message };

	return &logger;
}
