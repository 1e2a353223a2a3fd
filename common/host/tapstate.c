/* SPDX-License-Identifier: MIT */
/* tapstate.c - TAPs and their state files */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "devstate.h"
#include "common/base/errtext.h"
#include "fdstore.h"
#include "netdev.h"
#include "tapstate.h"

/* #syscalls-control close */

/* Times that a device may be renamed while it is opened. */
#define TAPSTATE_TRIES 4

/* --- which device it is -------------------------------------------------- */

static void tapstate_save(const struct tapstate *ts, const struct devstate *st)
{
	int err = devstate_write(st, ts->run_dir, ts->name);

	if (err)
		log_warn_in(ts->log, "cannot save the state of a device for a restart file=%s/%s error=\"%s\"", ts->run_dir,
			    ts->name, errtext(ERRTEXT_FILE, err));
}

/* Fills in the name and namespace of fd's device. Returns whether they changed. */
static bool tapstate_set_place(const struct tapstate *ts, struct devstate *st, int fd)
{
	struct netdev dev;
	bool news;
	int err = netdev_open(&dev, fd);

	if (err) {
		if (err != -EBADFD)
			log_warn_in(ts->log, "cannot read the number of the device, a restart may not find it device=%s error=\"%s\"",
				    ts->name, errtext(ERRTEXT_TAP, err));
		return false;
	}
	news = st->ifindex != dev.ifindex || st->netns != dev.netns || strcmp(st->ifname, dev.name) != 0;
	st->ifindex = dev.ifindex;
	st->netns = dev.netns;
	snprintf(st->ifname, sizeof(st->ifname), "%s", dev.name);
	netdev_close(&dev);
	return news;
}

/* Loads the state of the open device; without a state file, its name and namespace only. */
static void tapstate_load(const struct tapstate *ts, struct devstate *st, int fd)
{
	if (devstate_read(st, ts->run_dir, ts->name) < 0)
		tapstate_set_place(ts, st, fd);
}

void tapstate_save_place(const struct tapstate *ts, int fd)
{
	/* Not the VIF's bucket: a device that is renamed without end must not hold back its other lines. */
	static struct log_bucket moves;
	struct devstate st;

	if (devstate_read(&st, ts->run_dir, ts->name) == 0 && tapstate_set_place(ts, &st, fd)) {
		tapstate_save(ts, &st);
		log_info_in(&moves, "device was renamed or moved device=%s ifname=%s ifindex=%u netns=%llu", ts->name,
			    st.ifname, st.ifindex, (unsigned long long)st.netns);
	}
}

/* --- opening, removing --------------------------------------------------- */

/* Returns a descriptor of the device that was stored over a restart; -ENOENT: there is none. */
static int tapstate_get_stored(const char *name)
{
	char ifname[TAP_NAME_MAX];
	int fd;

	while ((fd = fdstore_get(name)) >= 0) {
		if (tap_name(fd, ifname) == 0)
			return fd;
		close(fd);	/* the device was removed meanwhile */
	}
	return -ENOENT;
}

/* Opens the device of a state file. Returns 0; -ENODEV: it is gone; other -errno. */
static int tapstate_saved_open(int *fd, const struct devstate *st, const char *name, enum tap_kind kind)
{
	int err = -EAGAIN;

	for (int i = 0; i < TAPSTATE_TRIES && (err == -EAGAIN || err == -EPERM); i++) {
		struct netdev dev;

		err = netdev_find(&dev, st->ifindex, st->netns, *st->ifname ? st->ifname : name);
		if (err)
			return err;
		err = tap_open_device(fd, &dev, kind);
		netdev_close(&dev);
	}
	return err;
}

/* Opens the device that an earlier daemon left. Returns 0; -ENODEV: there is none; other -errno. */
static int tapstate_earlier_open(const struct tapstate *ts, int *fd, enum tap_kind kind)
{
	struct devstate st;
	int err;

	*fd = tapstate_get_stored(ts->name);
	if (*fd >= 0)
		return 0;
	err = devstate_read(&st, ts->run_dir, ts->name);
	/* An invalid file was set aside; a file that cannot be read may name a device. */
	if (err)
		return err == -ENOENT || err == -EPERM || err == -EINVAL ? -ENODEV : err;
	return tapstate_saved_open(fd, &st, ts->name, kind);
}

void tapstate_offer(const struct tapstate *ts, int fd)
{
	struct netdev dev;
	struct devstate st;
	bool same = false;

	if (devstate_read(&st, ts->run_dir, ts->name) == 0 && netdev_open(&dev, fd) == 0) {
		same = st.ifindex == dev.ifindex && st.netns == dev.netns;
		netdev_close(&dev);
	}
	if (same)
		fdstore_put(ts->name, fd);
	else
		close(fd);
}

int tapstate_open(const struct tapstate *ts, int *fd, const struct tap_params *params, bool *fresh)
{
	struct devstate st = { 0 };
	int err = tapstate_earlier_open(ts, fd, params->kind);

	*fresh = false;
	if (err == -ENODEV)
		err = tap_open(fd, params->ifname, params->kind, params->mac, fresh);
	if (err) {
		*fd = -1;
		return err;
	}
	if (!*fresh && devstate_read(&st, ts->run_dir, ts->name) < 0)
		st = (struct devstate){ 0 };
	if (*fresh)
		snprintf(st.mac, sizeof(st.mac), "%s", params->mac_key);
	/* If it was deleted at this moment there is no state to save. */
	if ((tapstate_set_place(ts, &st, *fd) || *fresh) && st.ifindex)
		tapstate_save(ts, &st);
	fdstore_store(ts->name, *fd);
	return 0;
}

void tapstate_remove(const struct tapstate *ts)
{
	int fd = tapstate_get_stored(ts->name), err;

	if (fd >= 0) {
		tap_unpersist(fd);
		close(fd);
	}
	/* A stored descriptor would keep the device, and keep it busy. */
	fdstore_remove(ts->name);
	err = tapstate_earlier_open(ts, &fd, TAP_SINGLE);
	if (!err) {
		tap_unpersist(fd);
		close(fd);
	} else if (err != -ENODEV) {
		log_warn_in(ts->log, "cannot remove the device, remove it by ip link del device=%s error=\"%s\"", ts->name,
			    errtext(ERRTEXT_TAP, err));
	}
	devstate_remove(ts->run_dir, ts->name);
}

void tapstate_each(const char *run_dir, void (*fn)(void *arg, const char *name), void *arg)
{
	DIR *dir = opendir(run_dir);
	const struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir)) != NULL)
		fn(arg, e->d_name);
	closedir(dir);
}

/* --- what is applied ----------------------------------------------------- */

int tapstate_offloads(const struct tapstate *ts, int fd, unsigned int offloads)
{
	struct devstate st;
	int err, lost;

	tapstate_load(ts, &st, fd);
	if (offloads && st.offloads == offloads)
		return 0;
	/* A crash between the two would leave it unknown. */
	if (st.offloads) {
		st.offloads = 0;
		tapstate_save(ts, &st);
	}
	err = tap_set_offloads(fd, offloads, &lost);
	if (!err && lost)
		log_warn_in(ts->log, "offloads that were switched off may be on again device=%s reason=\"%s\"", ts->name,
			    errtext(ERRTEXT_TAP, lost));
	if (err || !offloads)
		return err;
	st.offloads = offloads;
	tapstate_save(ts, &st);
	return 0;
}

void tapstate_alias(const struct tapstate *ts, int fd, const char *text)
{
	struct netdev dev;
	int err = netdev_open(&dev, fd);

	if (!err) {
		err = netdev_set_alias(&dev, text);
		netdev_close(&dev);
	}
	if (err)
		log_debug("the device has no alias device=%s error=\"%s\"", ts->name, errtext(ERRTEXT_TAP, err));
}

int tapstate_mac(const struct tapstate *ts, int fd, const uint8_t *mac, const char *key)
{
	struct devstate st;
	int err;

	tapstate_load(ts, &st, fd);
	if (strcmp(st.mac, key) == 0)
		return 0;
	err = tap_set_mac(fd, mac);
	if (err)
		return err;
	snprintf(st.mac, sizeof(st.mac), "%s", key);
	tapstate_save(ts, &st);
	return 0;
}

/* Returns the MTU to set on a device whose MTU is now: the new value in xenstore, news
 * (0: none), or the MTU before it was lowered, or now; but at most most. *before gets
 * the MTU without that limit, 0 if it is the same. */
static unsigned int tapstate_mtu_goal(const struct devstate *st, unsigned int now, unsigned int news, unsigned int most,
				      unsigned int *before)
{
	unsigned int goal = now;

	if (news)
		goal = news;
	/* Any other value was set by another program since. */
	else if (st->mtu_before && now == st->mtu_lowered)
		goal = st->mtu_before;
	*before = most && goal > most ? goal : 0;
	return *before ? most : goal;
}

int tapstate_mtu(const struct tapstate *ts, int fd, unsigned int mtu, unsigned int most)
{
	unsigned int goal, before, old;
	struct netdev dev;
	struct devstate st;
	char key[16] = "";
	int err = netdev_open(&dev, fd);

	if (err)
		return err;
	tapstate_load(ts, &st, fd);
	if (mtu)
		snprintf(key, sizeof(key), "%u", mtu);
	goal = tapstate_mtu_goal(&st, dev.mtu, mtu && strcmp(key, st.mtu) != 0 ? mtu : 0, most, &before);
	old = st.mtu_before;
	st.mtu_before = before;
	st.mtu_lowered = before ? goal : 0;
	/* Save this before lowering it, or the next daemon would not know. */
	if (before && before != old)
		tapstate_save(ts, &st);
	err = goal == dev.mtu ? 0 : netdev_set_mtu(&dev, goal);
	netdev_close(&dev);
	if (err)
		return err;
	if ((mtu && strcmp(key, st.mtu) != 0) || (!before && old)) {
		if (mtu)
			memcpy(st.mtu, key, sizeof(st.mtu));
		tapstate_save(ts, &st);
	}
	return 0;
}
