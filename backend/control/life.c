/* SPDX-License-Identifier: MIT */
/* life.c - whose device it is that an earlier daemon left
 *
 * Theory of operation. A device, the stored descriptor and the saved tables go
 * by the name vifD.H. A later VIF may have the same one: the VIF was detached
 * and attached while no daemon was there, the domain's id was used again, or
 * two VIFs of a guest have one handle. So the state file says whose they are
 * (devstate.h): the number of the VIF and the UUID of the guest. A device of
 * another VIF or guest is removed before this one gets its own. Where either is
 * not known, as a driver domain may not read a guest's UUID, it counts as equal.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/devstate.h"
#include "common/wire/handshake.h"
#include "backend.h"
#include "life.h"

static void life_devid_text(char *text, size_t len, const struct vif *v)
{
	snprintf(text, len, "%u", v->devid);
}

/* Reads whose device it was; all of it is "" if that is not known. */
static void life_load(struct devstate *st, const struct vif *v)
{
	int err = devstate_read(st, v->daemon->run_dir, v->name);

	/* One that was set aside has been logged. */
	if (err && err != -ENOENT && err != -EPERM && err != -EINVAL)
		log_warn("cannot read the saved state of a device file=%s/%s error=\"%s\"", v->daemon->run_dir, v->name,
			 errtext(ERRTEXT_FILE, err));
}

static bool life_differs(const char *saved, const char *now)
{
	return *saved && *now && strcmp(saved, now) != 0;
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
		/* Neither has it yet, as after a restart: it belongs to the one that had it. */
		if (!loaded)
			life_load(&st, v);
		loaded = true;
		life_devid_text(devid, sizeof(devid), w);
		if (strcmp(st.devid, devid) == 0)
			return w;
	}
	return NULL;
}

bool vif_life_begin(struct vif *v)
{
	struct devstate st;
	char devid[12];

	if (v->begun)
		return false;
	/* Later, if another VIF has the device now. */
	if (vif_rival(v))
		return false;
	v->begun = true;
	v->new_life = v->state == XenbusStateInitialising;
	if (v->new_life) {
		v->device_remade = false;
		return true;
	}
	life_load(&st, v);
	life_devid_text(devid, sizeof(devid), v);
	v->new_life = life_differs(st.domain, v->domain) || life_differs(st.devid, devid);
	v->device_remade = st.remade && !v->new_life;
	if (!v->new_life)
		return false;
	log_warn("the device is not used again, a new one is made vif=%s reason=\"the saved state is of another guest or VIF\" saved=%s/%s now=%s/%s",
		 v->name, st.domain, st.devid, v->domain, devid);
	v->tables_lost = hs_back_is_up(v->state);
	return true;
}

void vif_life_save(const struct vif *v)
{
	struct devstate st;
	char devid[12];
	int err;

	life_load(&st, v);
	/* The device is not known: it may have been deleted at this moment. */
	if (!st.ifindex)
		return;
	life_devid_text(devid, sizeof(devid), v);
	if (strcmp(st.devid, devid) == 0 && strcmp(st.domain, v->domain) == 0 && st.remade == v->device_remade)
		return;
	snprintf(st.devid, sizeof(st.devid), "%s", devid);
	/* A UUID that could be read before stays right. */
	if (*v->domain)
		snprintf(st.domain, sizeof(st.domain), "%s", v->domain);
	st.remade = v->device_remade;
	err = devstate_write(&st, v->daemon->run_dir, v->name);
	if (err)
		log_warn("cannot save to which guest a device belongs file=%s/%s error=\"%s\"", v->daemon->run_dir, v->name,
			 errtext(ERRTEXT_FILE, err));
}
