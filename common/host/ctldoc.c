/* SPDX-License-Identifier: MIT */
/* ctldoc.c - the members of documents that both daemons have, for ctldoc.h */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "ctldoc.h"

/* #syscalls-control getpid time */

/* Bytes of a text of a document, with its NUL; a longer one is cut off. */
#define CTLDOC_TEXT_MAX 4096

json_t *ctldoc_new(const char *program)
{
	json_t *doc = json_object();

	ctldoc_add(doc, "schema", "netpair/1");
	ctldoc_add(doc, "version", NETPAIR_VERSION);
	ctldoc_add(doc, "daemon", program);
	ctldoc_add_number(doc, "pid", (uint64_t)getpid());
	ctldoc_add_number(doc, "time", (uint64_t)time(NULL));
	return doc;
}

json_t *ctldoc_error(const char *program, const char *fmt, ...)
{
	json_t *doc = ctldoc_new(program);
	char text[CTLDOC_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ctldoc_add(doc, "error", text);
	return doc;
}

char *ctldoc_text(json_t *doc)
{
	char *text = doc ? json_dumps(doc, JSON_COMPACT) : NULL;

	json_decref(doc);
	return text;
}

void ctldoc_add(json_t *object, const char *key, const char *text)
{
	json_t *value;

	if (!*text)
		return;
	value = json_string(text);
	if (!value) {
		char plain[CTLDOC_TEXT_MAX];
		size_t n = 0;

		for (; n < sizeof(plain) - 1 && text[n]; n++)
			plain[n] = (unsigned char)text[n] < 0x80 ? text[n] : '?';
		plain[n] = '\0';
		value = json_string(plain);
	}
	(void)!json_object_set_new(object, key, value);
}

void ctldoc_add_number(json_t *object, const char *key, uint64_t number)
{
	(void)!json_object_set_new(object, key, json_integer((json_int_t)(number & INT64_MAX)));
}

void ctldoc_add_flag(json_t *object, const char *key, int flag)
{
	(void)!json_object_set_new(object, key, json_boolean(flag));
}

static void ctldoc_add_direction(json_t *vif, const char *key, uint64_t packets, uint64_t bytes, uint64_t drops)
{
	json_t *way = json_object();

	ctldoc_add_number(way, "packets", packets);
	ctldoc_add_number(way, "bytes", bytes);
	ctldoc_add_number(way, "drops", drops);
	(void)!json_object_set_new(vif, key, way);
}

void ctldoc_add_totals(json_t *vif, const struct stats *s)
{
	uint64_t gtx = 0, grx = 0;

	for (enum drop reason = DROP_NONE + 1; reason < DROP_MAX; reason++) {
		gtx += stats_get(s, stats_gtx_drop(reason));
		grx += stats_get(s, stats_grx_drop(reason));
	}
	ctldoc_add_direction(vif, "from_guest", stats_get(s, STAT_GTX_PACKETS), stats_get(s, STAT_GTX_BYTES), gtx);
	ctldoc_add_direction(vif, "to_guest", stats_get(s, STAT_GRX_PACKETS), stats_get(s, STAT_GRX_BYTES), grx);
}

void ctldoc_add_counters(json_t *object, const char *key, const struct stats *s)
{
	json_t *counters = json_object();

	for (unsigned int i = 0; i < STAT_MAX; i++)
		ctldoc_add_number(counters, stats_name((enum counter)i), stats_get(s, (enum counter)i));
	(void)!json_object_set_new(object, key, counters);
}

static void ctldoc_append_drop(json_t *drops, const char *direction, enum drop reason, uint64_t count)
{
	json_t *drop;

	if (!count)
		return;
	drop = json_object();
	ctldoc_add(drop, "reason", drop_name(reason));
	ctldoc_add(drop, "direction", direction);
	ctldoc_add_number(drop, "count", count);
	ctldoc_add(drop, "help", drop_help(reason));
	(void)!json_array_append_new(drops, drop);
}

void ctldoc_add_drops(json_t *vif, const struct stats *s)
{
	json_t *drops = json_array();

	for (enum drop reason = DROP_NONE + 1; reason < DROP_MAX; reason++) {
		ctldoc_append_drop(drops, "from-guest", reason, stats_get(s, stats_gtx_drop(reason)));
		ctldoc_append_drop(drops, "to-guest", reason, stats_get(s, stats_grx_drop(reason)));
	}
	(void)!json_object_set_new(vif, "drops", drops);
}

static void ctldoc_add_ring(json_t *o, const char *key, const struct ring_position *at)
{
	json_t *ring = json_object();

	ctldoc_add_number(ring, "req_prod", at->req_prod);
	ctldoc_add_number(ring, "rsp_prod", at->rsp_prod);
	ctldoc_add_number(ring, "cons", at->cons);
	/* Free-running: requests that were not answered yet. */
	ctldoc_add_number(ring, "unanswered", at->req_prod - at->rsp_prod);
	(void)!json_object_set_new(o, key, ring);
}

void ctldoc_append_positions(json_t *rings, unsigned int queue, const struct positions *p)
{
	json_t *o = json_object();

	ctldoc_add_number(o, "queue", queue);
	ctldoc_add_ring(o, "gtx", &p->queue.gtx);
	ctldoc_add_ring(o, "grx", &p->queue.grx);
	ctldoc_add_number(o, "worker", p->worker_index);
	ctldoc_add_number(o, "sleeps", p->sleeps);
	ctldoc_add_flag(o, "asleep", p->asleep);
	ctldoc_add_number(o, "mask_ours", p->worker.mask_ours);
	ctldoc_add_number(o, "mask_theirs", p->worker.mask_theirs);
	(void)!json_array_append_new(rings, o);
}
