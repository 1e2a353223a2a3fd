/* SPDX-License-Identifier: MIT */
/* ctlcmd.c - the table of commands of ctlcmd.h */
#include <errno.h>
#include <string.h>

#include "common/base/errtext.h"
#include "ctlcmd.h"
#include "ctldoc.h"
#include "ctlsock.h"

struct ctlcmd_row {
	const char *name;
	unsigned int least, most;	/* words after the name */
	json_t *(*run)(const struct ctlcmd *c, const struct ctlsock_request *request);
};

static json_t *ctlcmd_vifs(const struct ctlcmd *c, const char *name, enum ctlcmd_part part)
{
	json_t *doc = ctldoc_new(c->ops->program), *vifs = json_array();

	if (c->ops->vifs(c->daemon, name, part, vifs) == 0 && *name) {
		json_decref(vifs);
		json_decref(doc);
		return ctldoc_error(c->ops->program, "there is no VIF %s; list names those that there are", name);
	}
	(void)!json_object_set_new(doc, "vifs", vifs);
	return doc;
}

static json_t *ctlcmd_list(const struct ctlcmd *c, const struct ctlsock_request *request)
{
	return ctlcmd_vifs(c, request->word[1], CTLCMD_LIST);
}

static json_t *ctlcmd_show(const struct ctlcmd *c, const struct ctlsock_request *request)
{
	return ctlcmd_vifs(c, request->word[1], CTLCMD_SHOW);
}

static json_t *ctlcmd_stats(const struct ctlcmd *c, const struct ctlsock_request *request)
{
	return ctlcmd_vifs(c, request->word[1], CTLCMD_STATS);
}

static json_t *ctlcmd_drops(const struct ctlcmd *c, const struct ctlsock_request *request)
{
	return ctlcmd_vifs(c, request->word[1], CTLCMD_DROPS);
}

static json_t *ctlcmd_log_level(const struct ctlcmd *c, const struct ctlsock_request *request)
{
	enum log_level level;
	json_t *doc;

	if (!log_level_from_name(&level, request->word[1]))
		return ctldoc_error(c->ops->program, "the level \"%s\" is not one of error, warn, info, debug", request->word[1]);
	log_error("log level is now %s reason=\"the control socket\"", request->word[1]);
	c->ops->set_level(c->daemon, level);
	doc = ctldoc_new(c->ops->program);
	ctldoc_add(doc, "log_level", request->word[1]);
	return doc;
}

static json_t *ctlcmd_set(const struct ctlcmd *c, const struct ctlsock_request *request)
{
	const char *name = request->word[1], *what = request->word[2], *rate;
	int err;

	if (strncmp(what, "rate=", 5) != 0)
		return ctldoc_error(c->ops->program, "\"%s\" cannot be set; rate=BYTES,USECS and rate=none can", what);
	if (!c->ops->set_rate)
		return ctldoc_error(c->ops->program, "a rate is set at the backend");
	rate = strcmp(what + 5, "none") == 0 ? "" : what + 5;
	err = c->ops->set_rate(c->daemon, name, rate);
	if (err == -EINVAL)
		return ctldoc_error(c->ops->program, "rate \"%s\" is not BYTES,USECS, two numbers, nor none", rate);
	if (err && err != -ENOENT)
		return ctldoc_error(c->ops->program, "cannot write the backend key rate: %s", errtext(ERRTEXT_STORE, err));
	return ctlcmd_vifs(c, name, CTLCMD_SHOW);
}

static json_t *ctlcmd_drain(const struct ctlcmd *c, const struct ctlsock_request *request)
{
	(void)request;
	c->ops->drain(c->daemon);
	return ctldoc_new(c->ops->program);
}

static const struct ctlcmd_row ctlcmd_rows[] = {
	{ "list", 0, 1, ctlcmd_list },
	{ "show", 0, 1, ctlcmd_show },
	{ "stats", 0, 1, ctlcmd_stats },
	{ "drops", 0, 1, ctlcmd_drops },
	{ "log-level", 1, 1, ctlcmd_log_level },
	{ "set", 2, 2, ctlcmd_set },
	{ "drain", 0, 0, ctlcmd_drain },
};

static json_t *ctlcmd_run(const struct ctlcmd *c, const struct ctlsock_request *request)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ctlcmd_rows); i++) {
		const struct ctlcmd_row *row = &ctlcmd_rows[i];

		if (strcmp(row->name, request->word[0]) != 0)
			continue;
		if (request->n - 1 < row->least || request->n - 1 > row->most)
			return ctldoc_error(c->ops->program, "%s takes %u to %u words", row->name, row->least, row->most);
		return row->run(c, request);
	}
	return ctldoc_error(c->ops->program, "there is no request \"%s\"; there are list, show, stats, drops, log-level, set, drain",
			    request->word[0]);
}

static char *ctlcmd_answer(const void *arg, const struct ctlsock_request *request)
{
	return ctldoc_text(ctlcmd_run(arg, request));
}

struct ctlsock *ctlcmd_open(const struct ctlcmd *c, const char *run_dir)
{
	struct ctlsock *s;
	int err = ctlsock_open(&s, run_dir, c->ops->program, ctlcmd_answer, c);

	if (!err)
		return s;
	log_warn("there is no control socket, netpair cannot ask this daemon file=%s/%s.sock error=\"%s\"", run_dir, c->ops->program,
		 errtext(ERRTEXT_FILE, err));
	return NULL;
}
