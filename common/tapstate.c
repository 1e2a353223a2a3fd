/* SPDX-License-Identifier: MIT */
/* tapstate.c - TAPs and their state files */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "devstate.h"
#include "errtext.h"
#include "fdstore.h"
#include "netdev.h"
#include "tapstate.h"

/* Times that a device may be renamed while it is opened. */
#define TAPSTATE_TRIES 4

/* --- which device it is -------------------------------------------------- */

static void state_save(const struct tapstate *ts, const struct devstate *st)
{
	int err = devstate_write(st, ts->run_dir, ts->name);

	if (err)
		log_warn_in(ts->log, "cannot save the state of a device for a restart file=%s/%s error=\"%s\"", ts->run_dir,
			    ts->name, errtext(ERRTEXT_FILE, err));
}

/* Fills in where the device of fd is. Returns whether that is news. */
static bool state_place(const struct tapstate *ts, struct devstate *st, int fd)
{
	struct netdev dev;
	bool news;
	int err = netdev_open(&dev, fd);

	if (err) {
		if (err != -EBADFD)
			log_warn_in(ts->log, "cannot tell which device it is, a restart may not find it device=%s error=\"%s\"",
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

/* What is known of the open device; nothing but where it is if the file is lost. */
static void state_load(const struct tapstate *ts, struct devstate *st, int fd)
{
	if (devstate_read(st, ts->run_dir, ts->name) < 0)
		state_place(ts, st, fd);
}

void tapstate_moved(const struct tapstate *ts, int fd)
{
	struct devstate st;

	if (devstate_read(&st, ts->run_dir, ts->name) == 0 && state_place(ts, &st, fd)) {
		state_save(ts, &st);
		log_info_in(ts->log, "device was renamed or moved device=%s ifname=%s ifindex=%u netns=%llu", ts->name,
			    st.ifname, st.ifindex, (unsigned long long)st.netns);
	}
}

/* --- opening, removing --------------------------------------------------- */

/* A descriptor of the device that was stored over a restart; -ENOENT: none. */
static int stored_take(const char *name)
{
	char ifname[TAP_NAME_MAX];
	int fd;

	while ((fd = fdstore_take(name)) >= 0) {
		if (tap_name(fd, ifname) == 0)
			return fd;
		close(fd);	/* the device was removed meanwhile */
	}
	return -ENOENT;
}

/* Opens the device that a state file tells of. -ENODEV: it is gone; other -errno. */
static int saved_open(int *fd, const struct devstate *st, const char *name, enum tap_kind kind)
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

/* Opens what an earlier daemon left. -ENODEV: nothing; other -errno. */
static int earlier_open(const struct tapstate *ts, int *fd, enum tap_kind kind)
{
	struct devstate st;
	int err;

	*fd = stored_take(ts->name);
	if (*fd >= 0)
		return 0;
	err = devstate_read(&st, ts->run_dir, ts->name);
	/* One that made no sense is set aside; one that cannot be read may name a device. */
	if (err)
		return err == -ENOENT || err == -EPERM || err == -EINVAL ? -ENODEV : err;
	return saved_open(fd, &st, ts->name, kind);
}

int tapstate_open(const struct tapstate *ts, int *fd, const struct tap_birth *birth, bool *fresh)
{
	struct devstate st = { 0 };
	int err = earlier_open(ts, fd, birth->kind);

	*fresh = false;
	if (err == -ENODEV)
		err = tap_open(fd, birth->ifname, birth->kind, birth->mac, fresh);
	if (err) {
		*fd = -1;
		return err;
	}
	if (!*fresh && devstate_read(&st, ts->run_dir, ts->name) < 0)
		st = (struct devstate){ 0 };
	if (*fresh)
		snprintf(st.mac, sizeof(st.mac), "%s", birth->mac_key);
	/* Deleted at this moment it is none that could be found again. */
	if ((state_place(ts, &st, *fd) || *fresh) && st.ifindex)
		state_save(ts, &st);
	fdstore_keep(ts->name, *fd);
	return 0;
}

void tapstate_remove(const struct tapstate *ts)
{
	int fd = stored_take(ts->name), err;

	if (fd >= 0) {
		tap_unpersist(fd);
		close(fd);
	}
	/* What the service manager holds keeps the device, and keeps it busy. */
	fdstore_drop(ts->name);
	err = earlier_open(ts, &fd, TAP_SINGLE);
	if (!err) {
		tap_unpersist(fd);
		close(fd);
	} else if (err != -ENODEV) {
		log_warn_in(ts->log, "cannot remove the device, it stays device=%s error=\"%s\"", ts->name,
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

	state_load(ts, &st, fd);
	if (offloads && st.offloads == offloads)
		return 0;
	/* Between the two nobody could tell. */
	if (st.offloads) {
		st.offloads = 0;
		state_save(ts, &st);
	}
	err = tap_set_offloads(fd, offloads, &lost);
	if (!err && lost)
		log_warn_in(ts->log, "offloads that were switched off may be on again device=%s reason=\"%s\"", ts->name,
			    errtext(ERRTEXT_TAP, lost));
	if (err || !offloads)
		return err;
	st.offloads = offloads;
	state_save(ts, &st);
	return 0;
}

int tapstate_mac(const struct tapstate *ts, int fd, const uint8_t *mac, const char *key)
{
	struct devstate st;
	int err;

	state_load(ts, &st, fd);
	if (strcmp(st.mac, key) == 0)
		return 0;
	err = tap_set_mac(fd, mac);
	if (err)
		return err;
	snprintf(st.mac, sizeof(st.mac), "%s", key);
	state_save(ts, &st);
	return 0;
}

/* What the MTU is to be, of a device that has now: what xenstore newly says (0:
 * nothing), or what it was before it was lowered, or as it is; but no more than
 * most. *before: what it would be without that limit, 0 if the same. */
static unsigned int mtu_goal(const struct devstate *st, unsigned int now, unsigned int news, unsigned int most,
			     unsigned int *before)
{
	unsigned int goal = now;

	if (news)
		goal = news;
	/* At any other value somebody has set it since. */
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
	state_load(ts, &st, fd);
	if (mtu)
		snprintf(key, sizeof(key), "%u", mtu);
	goal = mtu_goal(&st, dev.mtu, mtu && strcmp(key, st.mtu) != 0 ? mtu : 0, most, &before);
	old = st.mtu_before;
	st.mtu_before = before;
	st.mtu_lowered = before ? goal : 0;
	/* Before it is lowered: a successor would not know. */
	if (before && before != old)
		state_save(ts, &st);
	err = goal == dev.mtu ? 0 : netdev_set_mtu(&dev, goal);
	netdev_close(&dev);
	if (err)
		return err;
	if ((mtu && strcmp(key, st.mtu) != 0) || (!before && old)) {
		if (mtu)
			memcpy(st.mtu, key, sizeof(st.mtu));
		state_save(ts, &st);
	}
	return 0;
}
