/* SPDX-License-Identifier: MIT */
/* ctlcapture.c - begins and ends the captures of ctlcapture.h */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/wire/parse.h"
#include "ctlcapture.h"
#include "ctldoc.h"

static struct ctlcapture *ctlcapture_of_vif(struct ctlcaptures *all, const char *vif)
{
	for (unsigned int i = 0; i < CTLCAPTURE_MAX; i++)
		if (all->one[i].id && strcmp(all->one[i].vif, vif) == 0)
			return &all->one[i];
	return NULL;
}

static struct ctlcapture *ctlcapture_of_client(struct ctlcaptures *all, uint32_t id)
{
	for (unsigned int i = 0; i < CTLCAPTURE_MAX; i++)
		if (all->one[i].id == id)
			return &all->one[i];
	return NULL;
}

/* Reads "DIRECTION FRAMES SNAP". Returns false if the words are others. */
static bool ctlcapture_wish(struct capring_wish *wish, const char *const *word)
{
	*wish = (struct capring_wish){ .flags = CAPRING_FROM_GUEST | CAPRING_TO_GUEST };
	if (strcmp(word[0], "from-guest") == 0)
		wish->flags = CAPRING_FROM_GUEST;
	else if (strcmp(word[0], "to-guest") == 0)
		wish->flags = CAPRING_TO_GUEST;
	else if (strcmp(word[0], "both") != 0)
		return false;
	if (strcmp(word[1], "dropped") == 0)
		wish->flags |= CAPRING_DROPPED;
	else if (strcmp(word[1], "all") != 0)
		return false;
	return parse_u32(&wish->snap, word[2]) && wish->snap <= CAPRING_SNAP_MAX;
}

/* Makes the descriptors and begins. Returns 0, or -errno. */
static int ctlcapture_start(const struct ctlcaptures *all, void *vif, const struct capring_wish *wish, struct ctlsock_hold *hold)
{
	struct capture_fds fds;
	int err = capture_fds_new(&fds, all->ops->workers(vif));

	if (!err)
		err = all->ops->begin(vif, wish, &fds);
	if (err) {
		capture_fds_close(&fds);
		return err;
	}
	hold->fd[0] = fds.block;
	hold->fd[1] = fds.doorbell;
	hold->nfds = 2;
	return 0;
}

static json_t *ctlcapture_document(const struct ctlcaptures *all, const char *vif, unsigned int workers)
{
	json_t *doc = ctldoc_new(all->program), *o = json_object();

	ctldoc_add(o, "vif", vif);
	ctldoc_add_number(o, "workers", workers);
	ctldoc_add_number(o, "bytes", capring_block(workers));
	(void)!json_object_set_new(doc, "capture", o);
	return doc;
}

json_t *ctlcapture_begin(struct ctlcaptures *all, const struct ctlsock_request *request)
{
	const char *name = request->word[1];
	struct ctlcapture *c = ctlcapture_of_vif(all, name);
	void *vif = all->ops->find(all->daemon, name);
	struct capring_wish wish;
	int err;

	if (!ctlcapture_wish(&wish, &request->word[2]))
		return ctldoc_error(all->program, "capture takes VIF both|from-guest|to-guest all|dropped BYTES");
	if (!vif)
		return ctldoc_error(all->program, "there is no VIF %s; list names those that there are", name);
	if (c)
		return ctldoc_error(all->program, "%s is captured already, or its latency measured, by process %d", name, (int)c->pid);
	c = ctlcapture_of_client(all, 0);
	if (!c)
		return ctldoc_error(all->program, "there are %u captures already, one has to end first", CTLCAPTURE_MAX);
	if (all->ops->workers(vif) == 0)
		return ctldoc_error(all->program, "%s is not connected", name);
	err = ctlcapture_start(all, vif, &wish, request->hold);
	if (err)
		return ctldoc_error(all->program, "%s cannot be captured: %s", name,
				    err == -EBUSY ? "the last capture has not ended yet" : errtext(ERRTEXT_FILE, err));
	all->last_id += all->last_id == UINT32_MAX ? 2 : 1;
	*c = (struct ctlcapture){ .id = all->last_id, .uid = request->uid, .pid = request->pid };
	strncpy(c->vif, name, sizeof(c->vif) - 1);
	request->hold->id = c->id;
	log_info("a capture begins vif=%s uid=%u pid=%d", c->vif, (unsigned int)c->uid, (int)c->pid);
	return ctlcapture_document(all, name, all->ops->workers(vif));
}

static void ctlcapture_end(struct ctlcaptures *all, struct ctlcapture *c)
{
	void *vif = all->ops->find(all->daemon, c->vif);

	if (vif)
		all->ops->end(vif);
	log_info("a capture ends vif=%s uid=%u pid=%d", c->vif, (unsigned int)c->uid, (int)c->pid);
	*c = (struct ctlcapture){ .id = 0 };
}

void ctlcapture_gone(struct ctlcaptures *all, uint32_t id)
{
	struct ctlcapture *c = ctlcapture_of_client(all, id);

	if (c)
		ctlcapture_end(all, c);
}

void ctlcapture_tick(struct ctlcaptures *all, struct ctlsock *s)
{
	for (unsigned int i = 0; i < CTLCAPTURE_MAX; i++) {
		struct ctlcapture *c = &all->one[i];
		void *vif = c->id ? all->ops->find(all->daemon, c->vif) : NULL;
		char *text;

		if (!c->id || (vif && all->ops->is_on(vif)))
			continue;
		text = ctldoc_text(ctldoc_error(all->program, "the connection of %s ended", c->vif));
		ctlsock_drop(s, c->id, text);
		free(text);
		ctlcapture_end(all, c);
	}
}
