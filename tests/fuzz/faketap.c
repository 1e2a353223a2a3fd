/* SPDX-License-Identifier: MIT */
/* faketap.c - the devices of faketap.h
 *
 * - A device has one holder at a time, as the real one has.
 * - The holder's descriptor is that of a memory file. The daemon closes it itself, so the file's inode
 *   shows whether it is still open.
 * - A device that is not persistent is removed once its holder closes it.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faketap.h"
#include "fuzz.h"
#include "common/host/devstate.h"
#include "common/host/fdstore.h"
#include "common/host/linkwatch.h"
#include "common/host/macvtap.h"
#include "common/host/netaddr.h"
#include "common/host/netdev.h"
#include "common/host/tapstate.h"

/* Coverage of the stand-in tells the fuzzer nothing about the daemon. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)
#endif

#define DEVICES_MAX 16u

static struct device {
	bool there, persistent, carrier;
	char name[24];
	int fd;			/* the holder's; -1: none */
	ino_t inode;		/* of the descriptor's file */
	unsigned int ifindex;	/* never used for another device */
} device[DEVICES_MAX];

static struct {
	bool there;
	char name[24];
	struct devstate st;
} file[DEVICES_MAX];

static unsigned int ifindex_last;

int (*faketap_fault)(void);

static int fault(void)
{
	return faketap_fault ? faketap_fault() : 0;
}

static bool is_held(struct device *d)
{
	struct stat st;

	if (d->fd >= 0 && (fstat(d->fd, &st) < 0 || st.st_ino != d->inode))
		d->fd = -1;
	return d->fd >= 0;
}

/* Removes the devices that are neither held nor persistent. */
static void remove_unheld(void)
{
	for (unsigned int i = 0; i < DEVICES_MAX; i++)
		if (!is_held(&device[i]) && !device[i].persistent)
			device[i].there = false;
}

static struct device *by_fd(int fd)
{
	remove_unheld();
	for (unsigned int i = 0; i < DEVICES_MAX; i++)
		if (fd >= 0 && device[i].there && device[i].fd == fd)
			return &device[i];
	return NULL;
}

static struct device *by_name(const char *name)
{
	remove_unheld();
	for (unsigned int i = 0; i < DEVICES_MAX; i++)
		if (device[i].there && strcmp(device[i].name, name) == 0)
			return &device[i];
	return NULL;
}

static struct device *by_ifindex(unsigned int ifindex)
{
	remove_unheld();
	for (unsigned int i = 0; i < DEVICES_MAX; i++)
		if (device[i].there && device[i].ifindex == ifindex)
			return &device[i];
	return NULL;
}

static int hold(int *fd, struct device *d)
{
	struct stat st;

	if (is_held(d))
		return -EBUSY;
	d->fd = memfd_create(d->name, MFD_CLOEXEC);
	PROMISE(d->fd >= 0 && fstat(d->fd, &st) == 0);
	d->inode = st.st_ino;
	d->persistent = true;
	*fd = d->fd;
	return 0;
}

static struct device *device_new(const char *name)
{
	for (unsigned int i = 0; i < DEVICES_MAX; i++) {
		if (device[i].there || is_held(&device[i]))
			continue;
		device[i] = (struct device){ .there = true, .fd = -1, .ifindex = ++ifindex_last };
		snprintf(device[i].name, sizeof(device[i].name), "%s", name);
		return &device[i];
	}
	abort();
}

void faketap_start(void)
{
	memset(device, 0, sizeof(device));
	memset(file, 0, sizeof(file));
	for (unsigned int i = 0; i < DEVICES_MAX; i++)
		device[i].fd = -1;
	faketap_fault = NULL;
}

unsigned int faketap_devices(void)
{
	unsigned int n = 0;

	remove_unheld();
	for (unsigned int i = 0; i < DEVICES_MAX; i++)
		n += device[i].there;
	return n;
}

unsigned int faketap_open(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < DEVICES_MAX; i++)
		n += is_held(&device[i]);
	return n;
}

unsigned int faketap_of(int fd)
{
	const struct device *d = by_fd(fd);

	return d ? d->ifindex : 0;
}

bool faketap_carrier(int fd)
{
	const struct device *d = by_fd(fd);

	return d && d->carrier;
}

void faketap_delete(unsigned int nth)
{
	device[nth % DEVICES_MAX].there = false;
}

/* --- devstate.h ------------------------------------------------------------------- */

static int file_find(const char *name)
{
	for (unsigned int i = 0; i < DEVICES_MAX; i++)
		if (file[i].there && strcmp(file[i].name, name) == 0)
			return (int)i;
	return -1;
}

int devstate_read(struct devstate *st, const char *run_dir, const char *name)
{
	int at = file_find(name);

	(void)run_dir;
	*st = at < 0 ? (struct devstate){ .ifindex = 0 } : file[at].st;
	return at < 0 ? -ENOENT : 0;
}

int devstate_write(const struct devstate *st, const char *run_dir, const char *name)
{
	int at = file_find(name);

	(void)run_dir;
	for (at = at < 0 ? 0 : at; file[at].there && strcmp(file[at].name, name) != 0; at++)
		PROMISE(at + 1 < (int)DEVICES_MAX);
	file[at].there = true;
	file[at].st = *st;
	snprintf(file[at].name, sizeof(file[at].name), "%s", name);
	return 0;
}

void devstate_remove(const char *run_dir, const char *name)
{
	int at = file_find(name);

	(void)run_dir;
	if (at >= 0)
		file[at].there = false;
}

/* --- tapstate.h --------------------------------------------------------------------- */

int tapstate_open(const struct tapstate *ts, int *fd, const struct tap_params *params, bool *fresh)
{
	char numbered[24];
	const char *name = params->ifname;
	struct devstate st;
	struct device *d = NULL;
	int err = fault();

	*fresh = false;
	if (err)
		return err;
	if (devstate_read(&st, ts->run_dir, ts->name) == 0)
		d = by_ifindex(st.ifindex);
	/* "eth%d" asks for the next free number. */
	for (unsigned int i = 0; !d && strchr(params->ifname, '%') && name == params->ifname; i++) {
		snprintf(numbered, sizeof(numbered), "eth%u", i);
		if (!by_name(numbered))
			name = numbered;
	}
	if (!d)
		d = by_name(name);
	*fresh = !d;
	if (!d)
		d = device_new(name);
	err = hold(fd, d);
	if (err)
		return err;
	if (st.ifindex != d->ifindex)
		st = (struct devstate){ .ifindex = d->ifindex };
	return devstate_write(&st, ts->run_dir, ts->name);
}

void tapstate_remove(const struct tapstate *ts)
{
	struct devstate st;
	struct device *d = devstate_read(&st, ts->run_dir, ts->name) == 0 ? by_ifindex(st.ifindex) : NULL;

	/* A device that is held must not be removed by name. */
	PROMISE(!d || !is_held(d));
	if (d)
		d->persistent = false;
	remove_unheld();
	devstate_remove(ts->run_dir, ts->name);
}

void tapstate_each(const char *run_dir, void (*fn)(void *arg, const char *name), void *arg)
{
	(void)run_dir;
	for (unsigned int i = 0; i < DEVICES_MAX; i++)
		if (file[i].there)
			fn(arg, file[i].name);
}

void tapstate_alias(const struct tapstate *ts, int fd, const char *text)
{
	(void)ts;
	(void)fd;
	(void)text;
}

void tapstate_offer(const struct tapstate *ts, int fd)
{
	(void)ts;
	close(fd);
}

void tapstate_save_place(const struct tapstate *ts, int fd)
{
	PROMISE(ts->run_dir && fd >= 0);
}

int tapstate_offloads(const struct tapstate *ts, int fd, unsigned int offloads)
{
	PROMISE(ts->run_dir);
	(void)offloads;
	return by_fd(fd) ? fault() : -EBADFD;
}

int tapstate_mac(const struct tapstate *ts, int fd, const uint8_t *mac, const char *key)
{
	PROMISE(ts->run_dir && !(mac[0] & 1) && strlen(key) < 24);
	return by_fd(fd) ? fault() : -EBADFD;
}

int tapstate_mtu(const struct tapstate *ts, int fd, unsigned int mtu, unsigned int most)
{
	PROMISE(ts->run_dir && (mtu == 0 || (mtu >= 68 && mtu <= 65521)) && (most == 0 || most >= 68));
	return by_fd(fd) ? fault() : -EBADFD;
}

/* --- tap.h ------------------------------------------------------------------------------ */

void tap_unpersist(int fd)
{
	struct device *d = by_fd(fd);

	if (d)
		d->persistent = false;
}

/* There is no macvtap here. */
int macvtap_look(struct macvtap *m, const char *ifname)
{
	int err = fault();

	(void)ifname;
	*m = (struct macvtap){ .ifindex = 0 };
	return err ? err : -ENODEV;
}

int macvtap_open(int *fd, const struct macvtap *m)
{
	(void)m;
	*fd = -1;
	return -ENODEV;
}

int macvtap_take_multicast(const struct macvtap *m)
{
	(void)m;
	return -ENODEV;
}

int tap_offload_ioctl(int fd, unsigned int offloads)
{
	(void)fd;
	(void)offloads;
	return -ENODEV;
}

bool macvtap_is(int fd, const struct macvtap *m)
{
	(void)fd;
	(void)m;
	return false;
}

bool macvtap_is_queue(int fd)
{
	(void)fd;
	return false;
}

bool macvtap_is_lost(int fd)
{
	(void)fd;
	return false;
}

int tap_open_another(int *fd, int of)
{
	PROMISE(faketap_of(of));
	*fd = dup(of);
	return *fd < 0 ? -errno : 0;
}

bool tap_is_lost(int fd)
{
	return !by_fd(fd);
}

int tap_name(int fd, char *name)
{
	const struct device *d = by_fd(fd);

	if (!d)
		return -EBADFD;
	snprintf(name, TAP_NAME_MAX, "%.15s", d->name);
	return 0;
}

enum tap_kind tap_kind_of(int fd)
{
	return by_fd(fd) ? TAP_MULTI : TAP_SINGLE;
}

uint32_t tap_takes(int fd)
{
	return by_fd(fd) && !fault() ? 0x67 : 0x07;
}

void tap_set_carrier(int fd, bool up)
{
	struct device *d = by_fd(fd);

	if (d)
		d->carrier = up;
}

unsigned int tap_flush(int fd)
{
	PROMISE(fd >= 0);
	return 0;
}

/* --- netdev.h, netaddr.h, linkwatch.h, fdstore.h --------------------------------------------------- */

int netdev_open(struct netdev *dev, int tun_fd)
{
	const struct device *d = by_fd(tun_fd);

	if (!d)
		return -EBADFD;
	*dev = (struct netdev){ .netns_fd = -1, .netns = 1, .ifindex = d->ifindex, .mtu = 1500, .is_tun = true };
	snprintf(dev->name, sizeof(dev->name), "%.15s", d->name);
	return fault();
}

void netdev_close(struct netdev *dev)
{
	PROMISE(dev->netns_fd < 0);
}

int netaddr_list(struct announce *a, const struct netdev *d)
{
	PROMISE(d->ifindex);
	memset(a, 0, sizeof(*a));
	return fault();
}

void linkwatch_ask(int fd, unsigned int ifindex)
{
	(void)fd;
	(void)ifindex;
}

/* Reports that events were lost, after which the daemon looks at every device. */
void linkwatch_take(int fd, void (*fn)(void *arg, const struct link_event *ev), void *arg)
{
	static const struct link_event lost = { .ifindex = 0 };

	(void)fd;
	fn(arg, &lost);
}

void fdstore_remove(const char *name)
{
	PROMISE(*name);
}

#ifdef __clang__
#pragma clang attribute pop
#endif
