/* SPDX-License-Identifier: MIT */
/* vif_hotplug.c - when the hotplug script of a VIF runs, and what its end means
 *
 * Theory of operation. online runs once for each device, after the VIF has said
 * InitWait and before it connects; offline runs when the VIF is removed, before
 * its device goes. The script says hotplug-status=connected itself; an error is
 * written here if the script did not write one. hotplug-status outlives the
 * daemon: "connected" beside a device that was there already means that online
 * has run. A device that was deleted and made anew gets online again, while the
 * connection goes on.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/base/reason.h"
#include "common/host/transaction.h"
#include "common/wire/handshake.h"
#include "backend.h"
#include "hotplug.h"
#include "life.h"
#include "refuse.h"
#include "vif_hotplug.h"

/* Said of a script that was asked for, and of one that ran. */
#define NO_RUNNER "no scripts run any more, restart netbackd"

static bool vif_hotplug_is_connected(int err, const char *status)
{
	return !err && strcmp(status, "connected") == 0;
}

void vif_hotplug_device_is_new(struct vif *v)
{
	v->hotplug.fresh = true;
	if (v->hotplug.phase == VIF_HOTPLUG_UP)
		v->hotplug.phase = VIF_HOTPLUG_NEW;
}

bool vif_hotplug_allows(const struct vif *v, int err, const char *status)
{
	bool connected = vif_hotplug_is_connected(err, status);

	if (!v->daemon->hotplug)
		return connected || err == -ENOENT;
	/* A script that has said so may go on with other things. */
	if (v->hotplug.phase == VIF_HOTPLUG_ONLINE)
		return connected;
	return v->hotplug.phase == VIF_HOTPLUG_UP && (connected || err == -ENOENT);
}

bool vif_hotplug_is_due(const struct vif *v, const struct hs_back_view *view)
{
	return v->daemon->hotplug && view->online && !v->refused && v->hotplug.phase == VIF_HOTPLUG_NEW &&
	       (v->state == XenbusStateInitWait || (hs_back_is_up(v->state) && v->serving));
}

/* Writes a key that a person, or a driver, looks for. */
static void vif_hotplug_write(struct vif *v, const char *key, const char *value)
{
	int err = store_write_live(v->daemon->store, v->be_path, key, value);

	if (err && err != -ENOENT && !store_lost(v->daemon->store))
		log_warn_in(&v->settings.log, "cannot write %s vif=%s error=\"%s\"", key, v->name, errtext(ERRTEXT_STORE, err));
}

/* Tells that the script did not do its work. A VIF that is up goes on as it is:
 * its hotplug-status is of the device before. */
static void vif_hotplug_fail(struct vif *v, const struct reason *why)
{
	struct reason told = { .what = "hotplug script:" };
	char text[STORE_VALUE_MAX];
	int err = store_read(v->daemon->store, text, sizeof(text), v->be_path, "hotplug-error");

	/* The script knows better what is wrong. */
	if (err || !*text) {
		reason_print(text, sizeof(text), why);
		vif_hotplug_write(v, "hotplug-error", text);
	}
	if (!hs_back_is_up(v->state))
		vif_hotplug_write(v, "hotplug-status", "error");
	reason_about(&told, "%s", text);
	vif_tell_error(v, &told);
}

/* Reads what the script is called by, and with. Returns 0; -ENOENT: the VIF has no
 * script; other -errno: xenstored failed. */
static int vif_hotplug_read(struct vif *v, struct hotplug_request *want, char *script, size_t len)
{
	struct store *s = v->daemon->store;
	char text[STORE_VALUE_MAX];
	uint32_t handle = v->devid;
	int err = store_read(s, script, len, v->be_path, "script");

	if (err == -EINVAL)		/* longer than any name: the check of an empty one tells so */
		script[0] = '\0';
	else if (err || !*script)
		return store_is_unknown(err) ? err : -ENOENT;
	err = store_read_u32_or(s, &handle, v->be_path, "handle", v->devid);
	if (store_is_unknown(err))
		return err;
	*want = (struct hotplug_request){ .domid = v->peer.raw, .devid = v->devid, .handle = handle };
	err = store_read(s, text, sizeof(text), v->be_path, "type");
	if (store_is_unknown(err))
		return err;
	want->emulated = !err && strcmp(text, "vif_ioemu") == 0;
	/* A name that is none is left out, and the script says that it lacks it. */
	err = store_read(s, want->netdev, sizeof(want->netdev), v->be_path, "gatewaydev");
	if (err)
		memset(want->netdev, 0, sizeof(want->netdev));
	return store_is_unknown(err) ? err : 0;
}

/* Asks for the script. Returns 0; -EBUSY: at the next result; other -errno with the reason in why. */
static int vif_hotplug_ask(struct vif *v, struct hotplug_request *want, const char *script, struct reason *why)
{
	int err = hotplug_ask(v->daemon->hotplug, want, script);
	char text[2 * HOTPLUG_SCRIPT_MAX];

	v->hotplug.waits = err == -EBUSY;
	hotplug_escape(text, sizeof(text), script, strlen(script));
	*why = (struct reason){ .what = "" };
	if (err == -EPERM)
		reason_about(why, "%.150s is neither a bare name nor below the directory of --hotplug", text);
	else if (err == -EINVAL)
		reason_key(why, "backend key", "script or gatewaydev", err);
	else if (err == -EPIPE)
		why->what = NO_RUNNER;
	else if (!err)
		log_info_in(&v->settings.log, "hotplug script starts vif=%s script=%s action=%s", v->name, text,
			    hotplug_action_name(want->action));
	return err;
}

bool vif_hotplug_online(struct vif *v)
{
	char script[STORE_VALUE_MAX], status[STORE_VALUE_MAX];
	struct hotplug_request want;
	struct reason why;
	int err = vif_hotplug_read(v, &want, script, sizeof(script)), has_status;

	has_status = store_read(v->daemon->store, status, sizeof(status), v->be_path, "hotplug-status");
	if (store_is_unknown(has_status) || (err && err != -ENOENT)) {
		vif_look_again(v, err && err != -ENOENT ? err : has_status);
		return false;
	}
	if (err == -ENOENT || (vif_hotplug_is_connected(has_status, status) && !v->hotplug.fresh && !v->device_remade)) {
		v->hotplug.phase = VIF_HOTPLUG_UP;
		return true;
	}
	/* What it says is of another device, or of a script that did not come to its end. */
	if (!has_status && *status && !hs_back_is_up(v->state))
		vif_hotplug_write(v, "hotplug-status", "");
	err = store_remove(v->daemon->store, v->be_path, "hotplug-error");
	if (err && err != -ENOENT && !store_is_unknown(err))
		log_debug("cannot remove hotplug-error vif=%s errno=%d", v->name, -err);
	want.action = HOTPLUG_ONLINE;
	err = vif_hotplug_ask(v, &want, script, &why);
	if (err == -EBUSY)
		return false;
	v->hotplug.fresh = false;
	v->hotplug.phase = err ? VIF_HOTPLUG_UP : VIF_HOTPLUG_ONLINE;
	if (err)
		vif_hotplug_fail(v, &why);
	return false;
}

bool vif_hotplug_offline(struct vif *v)
{
	char script[STORE_VALUE_MAX], text[REASON_TEXT_MAX];
	struct hotplug_request want;
	struct reason why;
	int err;

	if (!v->daemon->hotplug || v->hotplug.phase == VIF_HOTPLUG_DOWN || vif_rival(v))
		return false;
	if (v->hotplug.phase == VIF_HOTPLUG_OFFLINE)
		return true;
	/* What it was about to do is not wanted any more. */
	if (v->hotplug.phase == VIF_HOTPLUG_ONLINE) {
		hotplug_stop(v->daemon->hotplug, v->peer.raw, v->devid);
		return true;
	}
	err = vif_hotplug_read(v, &want, script, sizeof(script));
	if (err && err != -ENOENT) {
		vif_look_again(v, err);
		return true;
	}
	if (err)
		return false;
	want.action = HOTPLUG_OFFLINE;
	err = vif_hotplug_ask(v, &want, script, &why);
	if (err == -EBUSY)
		return true;
	if (err) {
		reason_print(text, sizeof(text), &why);
		log_warn_in(&v->settings.log, "hotplug script does not run vif=%s action=offline reason=\"%s\"", v->name, text);
	}
	v->hotplug.phase = err ? VIF_HOTPLUG_DOWN : VIF_HOTPLUG_OFFLINE;
	return !err;
}

static void vif_hotplug_count(void *arg, const char *name)
{
	(void)name;
	++*(unsigned int *)arg;
}

/* Removes the guest's directory too, if this was its last VIF; what may not be
 * removed stays for the toolstack. Returns 0 or -errno. */
static int vif_hotplug_remove_dirs(struct store *s, const void *vif)
{
	const struct vif *v = vif;
	unsigned int left = 0;
	char dir[64];
	int err = store_remove(s, v->be_path, "");

	if (err && err != -ENOENT)
		return err;
	snprintf(dir, sizeof(dir), "backend/vif/%u", v->peer.raw);
	err = store_list(s, dir, vif_hotplug_count, &left);
	if (err || left)
		return err;
	err = store_remove(s, dir, "");
	return err == -EACCES || err == -ENOENT ? 0 : err;
}

void vif_hotplug_clear(struct vif *v)
{
	struct store *s = v->daemon->store;
	uint32_t online;
	int err;

	if (!v->daemon->hotplug)
		return;
	if (store_read_u32(s, &online, v->be_path, "online") || online) {
		vif_hotplug_write(v, "hotplug-status", "");
		return;
	}
	/* In one transaction: the toolstack may attach another VIF to the guest at this moment. */
	err = store_transact(s, vif_hotplug_remove_dirs, v);
	if (err && !store_lost(s))
		log_warn_in(&v->settings.log, "cannot remove the backend directory vif=%s path=%s error=\"%s\"", v->name, v->be_path,
			    errtext(ERRTEXT_STORE, err));
}

void vif_hotplug_abandon(struct vif *v)
{
	if (v->hotplug.phase == VIF_HOTPLUG_ONLINE || v->hotplug.phase == VIF_HOTPLUG_OFFLINE)
		hotplug_stop(v->daemon->hotplug, v->peer.raw, v->devid);
	else if (v->daemon->hotplug && v->hotplug.phase == VIF_HOTPLUG_UP)
		log_debug("removed without its offline script vif=%s", v->name);
}

/* Puts into words why the script could not be run. */
static void vif_hotplug_cannot_run(struct reason *why, const struct hotplug_result *r)
{
	if (r->code == EXDEV) {
		reason_about(why, "%s leads out of the directory of --hotplug", r->script);
	} else if (r->code == EPERM) {
		reason_about(why, "%s may be written by others than root", r->script);
	} else {
		reason_about(why, "%s cannot be run", r->script);
		why->of = ERRTEXT_FILE;
		why->err = -(int)r->code;
	}
}

/* Returns true if the script did not do what it had to, with the reason in why. */
static bool vif_hotplug_is_failure(struct reason *why, const struct hotplug_result *r)
{
	const char *action = hotplug_action_name(r->action);

	*why = (struct reason){ .what = "" };
	switch (r->end) {
	case HOTPLUG_EXITED:
		reason_about(why, "%s %s ended with exit code %u", r->script, action, r->code);
		return r->code != 0;
	case HOTPLUG_KILLED:
		reason_about(why, "%s %s was killed by signal %u", r->script, action, r->code);
		return true;
	case HOTPLUG_TIMED_OUT:
		reason_about(why, "%s %s did not end within the time of --hotplug-seconds and was killed", r->script, action);
		return true;
	case HOTPLUG_STOPPED:
		reason_about(why, "%s %s was stopped, as the VIF is removed", r->script, action);
		return true;
	case HOTPLUG_FAILED:
		vif_hotplug_cannot_run(why, r);
		return true;
	case HOTPLUG_LOST:
		why->what = NO_RUNNER;
		return true;
	}
	return true;
}

/* online has done its work; where it did not say so, the frontend waits for ever. */
static void vif_hotplug_done(struct vif *v, const char *script)
{
	char status[STORE_VALUE_MAX];
	int err = store_read(v->daemon->store, status, sizeof(status), v->be_path, "hotplug-status");

	if (!err && !vif_hotplug_is_connected(err, status) && strcmp(status, "error") != 0)
		log_warn_in(&v->settings.log, "hotplug script said nothing, the VIF waits vif=%s script=%s todo=\"let the script "
			    "write hotplug-status=connected\"", v->name, script);
	if (!v->device_remade)
		return;
	log_info_in(&v->settings.log, "hotplug script has run for the new device vif=%s", v->name);
	v->device_remade = false;
	vif_life_save(v);
	vif_error_settle_or_log(v);
}

void vif_hotplug_ended(struct vif *v, const struct hotplug_result *r)
{
	bool online = r->action == HOTPLUG_ONLINE;
	char text[REASON_TEXT_MAX];
	struct reason why;
	bool failed = vif_hotplug_is_failure(&why, r);

	reason_print(text, sizeof(text), &why);
	v->dirty = true;
	if (v->hotplug.phase != (online ? VIF_HOTPLUG_ONLINE : VIF_HOTPLUG_OFFLINE))
		return;		/* of another VIF, which was here before */
	v->hotplug.phase = online ? VIF_HOTPLUG_UP : VIF_HOTPLUG_DOWN;
	if (!failed)
		log_info_in(&v->settings.log, "hotplug script ended vif=%s script=%s action=%s", v->name, r->script,
			    hotplug_action_name(r->action));
	else
		log_error_in(&v->settings.log, "hotplug script failed vif=%s reason=\"%s\"", v->name, text);
	if (!online || r->end == HOTPLUG_STOPPED)
		return;
	if (v->hotplug.fresh)		/* the device was deleted meanwhile */
		v->hotplug.phase = VIF_HOTPLUG_NEW;
	else if (failed)
		vif_hotplug_fail(v, &why);
	else
		vif_hotplug_done(v, r->script);
}

bool vif_hotplug_left(struct backend *d, const char *be_path)
{
	char status[STORE_VALUE_MAX];

	return d->hotplug && !store_read(d->store, status, sizeof(status), be_path, "hotplug-status") && *status;
}
