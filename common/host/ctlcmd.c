/* SPDX-License-Identifier: MIT */
/* ctlcmd.c - the table of commands of ctlcmd.h */
#include <errno.h>
#include <string.h>

#include "common/base/errtext.h"
#include "common/wire/handshake.h"
#include "ctlcmd.h"
#include "ctldoc.h"
#include "ctlsock.h"
#include "tap.h"

struct ctlcmd_row {
	const char *name;
	unsigned int least, most;	/* words after the name */
	json_t *(*run)(struct ctlcmd *c, const struct ctlsock_request *request);
};

/* --- documents of VIFs ----------------------------------------------------------- */

/* How much of a VIF a document has. */
enum ctlcmd_part {
	CTLCMD_LIST,	/* its name and guest, its state and totals */
	CTLCMD_SHOW,	/* also what was agreed, its settings and its process */
	CTLCMD_STATS,	/* its name and guest, and all counters */
	CTLCMD_DROPS,	/* its name and guest, and the reasons that have drops */
};

static void ctlcmd_add(void (*add)(json_t *o, const void *vif), json_t *o, const void *vif)
{
	if (add)
		add(o, vif);
}

static void ctlcmd_add_state(const struct ctlcmd_ops *ops, json_t *o, const void *vif, const struct ctlcmd_vif *v)
{
	char device[TAP_NAME_MAX];

	if (v->tap_fd >= 0 && tap_name(v->tap_fd, device) == 0)
		ctldoc_add(o, "device", device);
	ctldoc_add(o, "state", hs_state_name(v->ours));
	ctldoc_add(o, "peer_state", hs_state_name(v->theirs));
	ctldoc_add_flag(o, "connected", v->connected);
	ctlcmd_add(ops->add_state, o, vif);
	if (v->channels) {
		ctldoc_add(o, "channels", v->channels);
		ctldoc_add_number(o, "queues", v->queues);
	}
	ctldoc_add_totals(o, &v->sum);
}

static void ctlcmd_add_features(const struct ctlcmd_ops *ops, json_t *o, const void *vif, const struct ctlcmd_vif *v)
{
	json_t *f;

	if (!v->channels)
		return;
	f = json_object();
	ctldoc_add_flag(f, "sg", v->peer->sg);
	ctldoc_add_flag(f, "gso4", v->peer->gso4);
	ctldoc_add_flag(f, "gso6", v->peer->gso6);
	ctldoc_add_flag(f, "csum4", v->peer->csum4);
	ctldoc_add_flag(f, "csum6", v->peer->csum6);
	ctldoc_add_flag(f, "header", v->peer->header);
	ctldoc_add_flag(f, "uso", v->peer->uso);
	ops->add_features(f, vif);
	(void)!json_object_set_new(o, "features", f);
}

static void ctlcmd_add_rings(const struct ctlcmd_ops *ops, json_t *o, const void *vif)
{
	json_t *rings = json_array();
	struct positions at;

	for (unsigned int i = 0; ops->positions(vif, i, &at); i++)
		ctldoc_append_positions(rings, i, &at);
	(void)!json_object_set_new(o, "rings", rings);
}

/* Adds the counters of each queue, where there is more than one. */
static void ctlcmd_add_queues(const struct ctlcmd_ops *ops, json_t *o, const void *vif)
{
	json_t *queues = json_array();
	struct stats s;

	for (unsigned int i = 0; ops->queue_stats(vif, i, &s); i++) {
		json_t *queue = json_object();

		ctldoc_add_number(queue, "queue", i);
		ctldoc_add_counters(queue, "counters", &s);
		(void)!json_array_append_new(queues, queue);
	}
	if (json_array_size(queues))
		(void)!json_object_set(o, "per_queue", queues);
	json_decref(queues);
}

static json_t *ctlcmd_vif(const struct ctlcmd_ops *ops, const void *vif, const struct ctlcmd_vif *v, enum ctlcmd_part part)
{
	json_t *o = json_object();

	ctldoc_add(o, "name", v->name);
	ctldoc_add_number(o, "domid", v->domid);
	ctldoc_add_number(o, "devid", v->devid);
	ctlcmd_add(ops->add_guest, o, vif);
	switch (part) {
	case CTLCMD_LIST:
		ctlcmd_add_state(ops, o, vif, v);
		break;
	case CTLCMD_SHOW:
		ctlcmd_add_state(ops, o, vif, v);
		ctlcmd_add_features(ops, o, vif, v);
		ctlcmd_add_rings(ops, o, vif);
		ctlcmd_add(ops->add_settings, o, vif);
		ctlcmd_add(ops->add_process, o, vif);
		break;
	case CTLCMD_STATS:
		ctlcmd_add_state(ops, o, vif, v);
		ctlcmd_add(ops->add_process, o, vif);
		ctlcmd_add_rings(ops, o, vif);
		ctldoc_add_counters(o, "counters", &v->sum);
		ctlcmd_add_queues(ops, o, vif);
		break;
	case CTLCMD_DROPS:
		ctldoc_add_drops(o, &v->sum);
		break;
	}
	return o;
}

static json_t *ctlcmd_no_vif(const struct ctlcmd *c, const char *name)
{
	return ctldoc_error(c->ops->program, "there is no VIF %s; list names those that there are", name);
}

/* Returns a document with the VIF called name, or with each one if name is "". */
static json_t *ctlcmd_vifs(const struct ctlcmd *c, const char *name, enum ctlcmd_part part)
{
	json_t *doc, *vifs = json_array();

	for (const void *vif = c->ops->next(c->daemon, NULL); vif; vif = c->ops->next(c->daemon, vif)) {
		struct ctlcmd_vif v = { .tap_fd = -1 };

		c->ops->describe(vif, &v);
		if (!*name || strcmp(v.name, name) == 0)
			(void)!json_array_append_new(vifs, ctlcmd_vif(c->ops, vif, &v, part));
	}
	if (json_array_size(vifs) == 0 && *name) {
		json_decref(vifs);
		return ctlcmd_no_vif(c, name);
	}
	doc = ctldoc_new(c->ops->program);
	(void)!json_object_set_new(doc, "vifs", vifs);
	return doc;
}

static json_t *ctlcmd_list(struct ctlcmd *c, const struct ctlsock_request *request)
{
	return ctlcmd_vifs(c, request->word[1], CTLCMD_LIST);
}

static json_t *ctlcmd_show(struct ctlcmd *c, const struct ctlsock_request *request)
{
	return ctlcmd_vifs(c, request->word[1], CTLCMD_SHOW);
}

static json_t *ctlcmd_stats(struct ctlcmd *c, const struct ctlsock_request *request)
{
	return ctlcmd_vifs(c, request->word[1], CTLCMD_STATS);
}

static json_t *ctlcmd_drops(struct ctlcmd *c, const struct ctlsock_request *request)
{
	return ctlcmd_vifs(c, request->word[1], CTLCMD_DROPS);
}

/* --- changes --------------------------------------------------------------------- */

static json_t *ctlcmd_log_level(struct ctlcmd *c, const struct ctlsock_request *request)
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

/* Returns the VIF called name; NULL: there is none. */
static void *ctlcmd_find(const struct ctlcmd *c, const char *name)
{
	for (void *vif = c->ops->next(c->daemon, NULL); vif; vif = c->ops->next(c->daemon, vif)) {
		struct ctlcmd_vif v;

		c->ops->describe(vif, &v);
		if (strcmp(v.name, name) == 0)
			return vif;
	}
	return NULL;
}

static json_t *ctlcmd_set(struct ctlcmd *c, const struct ctlsock_request *request)
{
	const char *name = request->word[1], *what = request->word[2], *rate;
	void *vif;
	int err;

	if (strncmp(what, "rate=", 5) != 0)
		return ctldoc_error(c->ops->program, "\"%s\" cannot be set; rate=BYTES,USECS and rate=none can", what);
	if (!c->ops->set_rate)
		return ctldoc_error(c->ops->program, "a rate is set at the backend");
	rate = strcmp(what + 5, "none") == 0 ? "" : what + 5;
	vif = ctlcmd_find(c, name);
	if (!vif)
		return ctlcmd_no_vif(c, name);
	err = c->ops->set_rate(vif, rate);
	if (err == -EINVAL)
		return ctldoc_error(c->ops->program, "rate \"%s\" is not BYTES,USECS, two numbers, nor none", rate);
	if (err)
		return ctldoc_error(c->ops->program, "cannot write the backend key rate: %s", errtext(ERRTEXT_STORE, err));
	return ctlcmd_vifs(c, name, CTLCMD_SHOW);
}

static json_t *ctlcmd_drain(struct ctlcmd *c, const struct ctlsock_request *request)
{
	(void)request;
	c->ops->drain(c->daemon);
	return ctldoc_new(c->ops->program);
}

/* --- captures -------------------------------------------------------------------- */

static json_t *ctlcmd_capture(struct ctlcmd *c, const struct ctlsock_request *request)
{
	return ctlcapture_begin(&c->captures, request);
}

static void *ctlcmd_find_for_capture(void *daemon, const char *name)
{
	return ctlcmd_find(daemon, name);
}

static void ctlcmd_gone(const void *arg, uint32_t id)
{
	ctlcapture_gone(&((struct ctlcmd *)(uintptr_t)arg)->captures, id);
}

void ctlcmd_tick(struct ctlcmd *c)
{
	if (c->sock)
		ctlcapture_tick(&c->captures, c->sock);
}

static const struct ctlcmd_row ctlcmd_rows[] = {
	{ "list", 0, 1, ctlcmd_list },
	{ "show", 0, 1, ctlcmd_show },
	{ "stats", 0, 1, ctlcmd_stats },
	{ "drops", 0, 1, ctlcmd_drops },
	{ "log-level", 1, 1, ctlcmd_log_level },
	{ "set", 2, 2, ctlcmd_set },
	{ "drain", 0, 0, ctlcmd_drain },
	{ "capture", 4, 4, ctlcmd_capture },
};

static json_t *ctlcmd_run(struct ctlcmd *c, const struct ctlsock_request *request)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ctlcmd_rows); i++) {
		const struct ctlcmd_row *row = &ctlcmd_rows[i];

		if (strcmp(row->name, request->word[0]) != 0)
			continue;
		if (request->n - 1 < row->least || request->n - 1 > row->most)
			return ctldoc_error(c->ops->program, "%s takes %u to %u words", row->name, row->least, row->most);
		return row->run(c, request);
	}
	return ctldoc_error(c->ops->program, "there is no request \"%s\"; there are list, show, stats, drops, log-level, set, drain, capture",
			    request->word[0]);
}

static char *ctlcmd_answer(const void *arg, const struct ctlsock_request *request)
{
	return ctldoc_text(ctlcmd_run((struct ctlcmd *)(uintptr_t)arg, request));
}

void ctlcmd_open(struct ctlcmd *c, const char *run_dir)
{
	int err = ctlsock_open(&c->sock, run_dir, c->ops->program, ctlcmd_answer, c);

	c->capture = c->ops->capture;
	c->capture.find = ctlcmd_find_for_capture;
	c->captures = (struct ctlcaptures){ .program = c->ops->program, .ops = &c->capture, .daemon = c };
	if (!err) {
		ctlsock_on_gone(c->sock, ctlcmd_gone);
		return;
	}
	log_warn("there is no control socket, netpair cannot ask this daemon file=%s/%s.sock error=\"%s\"", run_dir, c->ops->program,
		 errtext(ERRTEXT_FILE, err));
}
