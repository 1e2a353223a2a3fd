/* SPDX-License-Identifier: MIT */
/* past.c - copies and files of counters, for past.h */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/statefile.h"
#include "past.h"

/* The first line: other versions are not read. */
#define PAST_VERSION 1u

void past_take(struct past *p, const struct vif_counters *c)
{
	memset(p, 0, sizeof(*p));
	for (unsigned int i = 0; c->set && i < c->queues; i++)
		stats_sum(&p->queue[i], vif_counters_queue(c, i));
	for (unsigned int i = 0; c->set && i < c->workers; i++)
		stats_sum(&p->workers, vif_counters_worker(c, i));
}

void past_give(const struct past *p, const struct vif_counters *c)
{
	if (!c->set)
		return;
	for (unsigned int i = 0; i < VIF_QUEUES_MAX; i++)
		stats_sum(vif_counters_queue(c, i < c->queues ? i : c->queues - 1), &p->queue[i]);
	stats_sum(vif_counters_worker(c, 0), &p->workers);
}

static void past_path(char *path, size_t len, const char *run_dir, const char *name)
{
	snprintf(path, len, "%s/%s.counters", run_dir, name);
}

/* Prints the counters that are not 0, one a line. */
static void past_print(FILE *f, const char *set, const struct stats *s)
{
	for (unsigned int i = 0; i < STAT_MAX; i++)
		if (stats_get(s, (enum counter)i))
			fprintf(f, "%s.%s=%" PRIu64 "\n", set, stats_name((enum counter)i), stats_get(s, (enum counter)i));
}

/* Returns the text of a file, which the caller frees; NULL: no memory. */
static char *past_text(const struct past *p, size_t *len)
{
	char *text = NULL, set[12];
	FILE *f = open_memstream(&text, len);

	if (!f)
		return NULL;
	fprintf(f, "version=%u\n", PAST_VERSION);
	for (unsigned int i = 0; i < VIF_QUEUES_MAX; i++) {
		snprintf(set, sizeof(set), "%u", i);
		past_print(f, set, &p->queue[i]);
	}
	past_print(f, "workers", &p->workers);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

void past_save(const struct vif_counters *c, const char *run_dir, const char *name)
{
	char path[PATH_MAX], *text;
	struct past p;
	size_t len;
	int err;

	if (!c->set)
		return;
	past_take(&p, c);
	past_path(path, sizeof(path), run_dir, name);
	text = past_text(&p, &len);
	err = text ? statefile_write(path, text, len) : -ENOMEM;
	free(text);
	if (err)
		log_warn("cannot save the counters file=%s error=\"%s\"", path, errtext(ERRTEXT_FILE, err));
}

static void past_parse(const char *text, const char *set, struct stats *s)
{
	char key[64];
	uint64_t v;

	for (unsigned int i = 0; i < STAT_MAX; i++) {
		snprintf(key, sizeof(key), "%s.%s", set, stats_name((enum counter)i));
		if (statefile_number(text, key, &v))
			stats_add(s, (enum counter)i, v);
	}
}

void past_load(struct past *p, const char *run_dir, const char *name)
{
	char path[PATH_MAX], *text = NULL, set[12];
	uint64_t version;
	int err;

	memset(p, 0, sizeof(*p));
	past_path(path, sizeof(path), run_dir, name);
	err = statefile_read(&text, path);
	if (err == -ENOENT)
		return;
	if (!err && (!statefile_number(text, "version", &version) || version != PAST_VERSION))
		err = -EINVAL;
	if (err == -EINVAL || err == -EPERM)
		statefile_set_aside(path, errtext(ERRTEXT_FILE, err));
	for (unsigned int i = 0; !err && i < VIF_QUEUES_MAX; i++) {
		snprintf(set, sizeof(set), "%u", i);
		past_parse(text, set, &p->queue[i]);
	}
	if (!err)
		past_parse(text, "workers", &p->workers);
	free(text);
}

void past_forget(const char *run_dir, const char *name)
{
	char path[PATH_MAX];

	past_path(path, sizeof(path), run_dir, name);
	unlink(path);
}
