/* SPDX-License-Identifier: MIT */
/* refuse.c - what a person is told of a VIF: the log, and the key error in its directory
 *
 * A guest can make us refuse it as fast as it writes its state. The VIF's
 * bucket bounds the log's lines, and the writes of the key are bounded in the
 * same way; the last reason is always written in the end, and each only once in a row.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/base/reason.h"
#include "common/host/transaction.h"
#include "backend.h"
#include "refuse.h"

/* Writes of the key error: at most so many at once, and so many more with each tick. */
#define ERRORS_MAX 200u
#define ERRORS_REFILL 20u

static_assert(REASON_TEXT_MAX <= STORE_VALUE_MAX, "the key error holds each reason");

void vif_look_again(struct vif *v, int err)
{
	if (!store_lost(v->daemon->store))
		log_warn_in(&v->settings.log, "cannot read xenstore, trying again in a second vif=%s error=\"%s\"", v->name, errtext(ERRTEXT_STORE, err));
	v->look_again = v->daemon->look_again = true;
}

/* Writes the key error, or leaves it to the next tick if the frontend has made
 * us write it too often. */
static void refuse_write_error(struct vif *v)
{
	int err;

	if (!v->error_due || v->errors >= ERRORS_MAX)
		return;
	v->errors++;
	err = store_write_live(v->daemon->store, v->be_path, "error", v->error);
	v->error_due = store_is_unknown(err);
	if (err && err != -ENOENT && !store_lost(v->daemon->store))
		log_warn_in(&v->settings.log, "cannot write the key error vif=%s error=\"%s\"", v->name, errtext(ERRTEXT_STORE, err));
}

int vif_error_settle(struct vif *v)
{
	char text[STORE_VALUE_MAX];

	snprintf(v->error, sizeof(v->error), "%s", v->port.odd);
	v->error_due = false;
	if (*v->error)
		return store_write_live(v->daemon->store, v->be_path, "error", v->error);
	if (!v->device_remade)
		return store_remove(v->daemon->store, v->be_path, "error");
	snprintf(text, sizeof(text), "device %s was deleted and has been made anew, for which no hotplug script has run: "
		 "it may be in no bridge; detach and attach the VIF to have the script run", v->name);
	return store_write_live(v->daemon->store, v->be_path, "error", text);
}

void vif_error_settle_or_log(struct vif *v)
{
	int err = vif_error_settle(v);

	if (err && err != -ENOENT && !store_lost(v->daemon->store))
		log_warn_in(&v->settings.log, "cannot write or remove the key error vif=%s error=\"%s\"", v->name, errtext(ERRTEXT_STORE, err));
}

/* Writes the reason to the key error unless it is there. */
static void refuse_set_error(struct vif *v, const char *text)
{
	if (strcmp(v->error, text) == 0 && !v->error_due)
		return;
	snprintf(v->error, sizeof(v->error), "%s", text);
	v->error_due = true;
	refuse_write_error(v);
}

/* Returns whether it is this host that lacks something, which it may have again in a moment. */
static bool refuse_is_shortage(const struct reason *why)
{
	return why->of != ERRTEXT_STORE && (why->err == -EMFILE || why->err == -ENFILE || why->err == -ENOMEM || why->err == -EAGAIN);
}

void vif_refuse(struct vif *v, const struct reason *why)
{
	char text[REASON_TEXT_MAX];

	/* A lost xenstored is not the frontend's fault. */
	if (store_lost(v->daemon->store)) {
		vif_look_again(v, -ENOTCONN);
		return;
	}
	if (refuse_is_shortage(why)) {
		vif_tell_error(v, why);
		v->look_again = v->daemon->look_again = true;
		return;
	}
	v->refused = true;
	reason_print(text, sizeof(text), why);
	log_error_in(&v->settings.log, "refused vif=%s reason=\"%s\"", v->name, text);
	refuse_set_error(v, text);
}

void vif_tell_error(struct vif *v, const struct reason *why)
{
	char text[REASON_TEXT_MAX];

	reason_print(text, sizeof(text), why);
	log_error_in(&v->settings.log, "not served yet vif=%s reason=\"%s\"", v->name, text);
	refuse_set_error(v, text);
}

void vif_wait(struct vif *v, const struct reason *why)
{
	char text[REASON_TEXT_MAX];

	reason_print(text, sizeof(text), why);
	if (strcmp(v->error, text) != 0)
		vif_tell_error(v, why);
	v->look_again = v->daemon->look_again = true;
}

void vif_tick(struct vif *v)
{
	v->moves = 0;
	v->errors -= (unsigned int)min_size(v->errors, ERRORS_REFILL);
	if (!store_lost(v->daemon->store))
		refuse_write_error(v);
	log_bucket_tell(&v->settings.log, v->name);
}
