/* SPDX-License-Identifier: MIT */
/* life.c - whose device it is that an earlier daemon left
 *
 * Theory of operation. A device, the stored descriptor and the saved tables go
 * by the name vifD.H. A later VIF may have the same one: the VIF was detached
 * and attached while no daemon was there, the domain's id was used again, or
 * two VIFs of a guest have one handle. So the state file says whose they are
 * (devstate.h): the number of the VIF and the UUID of the guest. What is of
 * another one is removed before the VIF gets a device. What is not known, as
 * a driver domain may not read a guest's UUID, equals everything.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../common/devstate.h"
#include "../common/errtext.h"
#include "../common/handshake.h"
#include "../common/log.h"
#include "backend.h"

static void devid_text(char *text, size_t len, const struct vif *v)
{
	snprintf(text, len, "%u", v->devid);
}

/* Reads whose device it was; all of it is "" if that is not known. */
static void life_load(struct devstate *st, const struct vif *v)
{
	int err = devstate_read(st, v->daemon->run_dir, v->name);

	if (err && err != -ENOENT)
		log_warn("cannot read the state of a device file=%s/%s error=\"%s\"", v->daemon->run_dir, v->name,
			 errtext(ERRTEXT_FILE, err));
}

static bool life_differs(const char *saved, const char *now)
{
	return *saved && *now && strcmp(saved, now) != 0;
}

static void life_anew(struct vif *v)
{
	v->new_life = true;
	v->device_remade = false;
	vif_device_remove(v);
}

const struct vif *vif_rival(const struct vif *v)
{
	struct devstate st;
	char devid[12];
	bool loaded = false;

	if (v->tap_fd >= 0)
		return NULL;
	for (const struct vif *w = v->daemon->vifs; w; w = w->next) {
		if (w == v || w->gone || strcmp(w->name, v->name) != 0)
			continue;
		if (w->tap_fd >= 0)
			return w;
		/* Neither has it yet, as after a restart: the one which had it has it. */
		if (!loaded)
			life_load(&st, v);
		loaded = true;
		devid_text(devid, sizeof(devid), w);
		if (strcmp(st.devid, devid) == 0)
			return w;
	}
	return NULL;
}

void vif_life_begin(struct vif *v)
{
	struct devstate st;
	char devid[12];

	if (v->begun)
		return;
	/* Later, if another VIF has the device now. */
	if (vif_rival(v))
		return;
	v->begun = true;
	if (v->state == XenbusStateInitialising) {
		life_anew(v);
		return;
	}
	life_load(&st, v);
	v->device_remade = st.remade;
	devid_text(devid, sizeof(devid), v);
	if (!life_differs(st.domain, v->domain) && !life_differs(st.devid, devid))
		return;
	log_warn("not taken over, a new device is made vif=%s reason=\"what is saved is of another guest or VIF\" saved=%s/%s now=%s/%s",
		 v->name, st.domain, st.devid, v->domain, devid);
	v->strange = hs_back_is_up(v->state);
	life_anew(v);
}

void vif_life_save(const struct vif *v)
{
	struct devstate st;
	char devid[12];
	int err;

	life_load(&st, v);
	/* Nobody could tell which device it is; it may have been deleted at this moment. */
	if (!st.ifindex)
		return;
	devid_text(devid, sizeof(devid), v);
	if (strcmp(st.devid, devid) == 0 && strcmp(st.domain, v->domain) == 0 && st.remade == v->device_remade)
		return;
	snprintf(st.devid, sizeof(st.devid), "%s", devid);
	/* One that could be read once is still right. */
	if (*v->domain)
		snprintf(st.domain, sizeof(st.domain), "%s", v->domain);
	st.remade = v->device_remade;
	err = devstate_write(&st, v->daemon->run_dir, v->name);
	if (err)
		log_warn("cannot save whose device it is file=%s/%s error=\"%s\"", v->daemon->run_dir, v->name,
			 errtext(ERRTEXT_FILE, err));
}
