/* SPDX-License-Identifier: MIT */
/* devstate.c - the state file of a device */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devstate.h"
#include "statefile.h"

/* #syscalls-control unlink */

/* A file of another version is not used: its keys may mean other things. */
#define DEVSTATE_VERSION 1u

static void devstate_path_of(char *path, size_t len, const char *run_dir, const char *name)
{
	snprintf(path, len, "%s/%s", run_dir, name);
}

/* Copies a number that must fit; an absent one is 0. Returns false if it makes no sense. */
static bool devstate_number_or_none(const char *text, const char *key, unsigned int *out)
{
	char probe[4];
	uint64_t v;

	*out = 0;
	if (!statefile_value(text, key, probe, sizeof(probe)))
		return true;
	if (!statefile_number(text, key, &v) || v > INT_MAX)
		return false;
	*out = (unsigned int)v;
	return true;
}

int devstate_read(struct devstate *st, const char *run_dir, const char *name)
{
	char path[256], *text;
	uint64_t version;
	bool ok;
	int err;

	*st = (struct devstate){ 0 };
	devstate_path_of(path, sizeof(path), run_dir, name);
	err = statefile_read(&text, path);
	if (err == -ENOENT)
		return err;
	if (err == -EPERM || err == -EINVAL)
		statefile_set_aside(path, err == -EPERM ? "not a file of ours" : "damaged");
	if (err)
		return err;
	statefile_number(text, "version", &version);
	ok = version == DEVSTATE_VERSION && devstate_number_or_none(text, "ifindex", &st->ifindex) && st->ifindex &&
	     devstate_number_or_none(text, "mtu-before", &st->mtu_before) &&
	     devstate_number_or_none(text, "mtu-lowered", &st->mtu_lowered) &&
	     devstate_number_or_none(text, "offloads", &st->offloads) &&
	     devstate_number_or_none(text, "remade", &st->remade);
	if (ok) {
		statefile_number(text, "netns", &st->netns);
		statefile_value(text, "ifname", st->ifname, sizeof(st->ifname));
		statefile_value(text, "domain", st->domain, sizeof(st->domain));
		statefile_value(text, "devid", st->devid, sizeof(st->devid));
		statefile_value(text, "mac", st->mac, sizeof(st->mac));
		statefile_value(text, "mtu", st->mtu, sizeof(st->mtu));
	}
	free(text);
	if (ok)
		return 0;
	*st = (struct devstate){ 0 };
	statefile_set_aside(path, version == DEVSTATE_VERSION ? "it names no device" : "of another version");
	return -EINVAL;
}

/* A text from xenstore that held a newline would be read as lines of its own. */
static bool devstate_is_one_line(const char *text)
{
	return !strchr(text, '\n');
}

int devstate_write(const struct devstate *st, const char *run_dir, const char *name)
{
	char path[256], text[512];
	int len = snprintf(text, sizeof(text),
			   "version=%u\nifindex=%u\nnetns=%llu\nifname=%s\ndomain=%s\ndevid=%s\nremade=%u\nmac=%s\nmtu=%s\n"
			   "mtu-before=%u\nmtu-lowered=%u\noffloads=%u\n",
			   DEVSTATE_VERSION, st->ifindex, (unsigned long long)st->netns, st->ifname, st->domain, st->devid, st->remade,
			   st->mac, st->mtu, st->mtu_before, st->mtu_lowered, st->offloads);

	if (len < 0 || (size_t)len >= sizeof(text))
		return -EOVERFLOW;
	if (!devstate_is_one_line(st->ifname) || !devstate_is_one_line(st->domain) || !devstate_is_one_line(st->devid) || !devstate_is_one_line(st->mac) ||
	    !devstate_is_one_line(st->mtu))
		return -EINVAL;
	devstate_path_of(path, sizeof(path), run_dir, name);
	return statefile_write(path, text, (size_t)len);
}

void devstate_remove(const char *run_dir, const char *name)
{
	char path[256];

	devstate_path_of(path, sizeof(path), run_dir, name);
	unlink(path);
}
