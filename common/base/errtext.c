/* SPDX-License-Identifier: MIT */
/* errtext.c - the table of meanings, for errtext.h */
#include <errno.h>
#include <string.h>

#include "errtext.h"
#include "util.h"

struct meaning {
	enum errtext_of of;
	int err;
	const char *text;
};

static const struct meaning meanings[] = {
	{ ERRTEXT_STORE, ENOSPC, "this domain's quota in xenstore is used up (nodes, node size or transactions)" },
	{ ERRTEXT_STORE, EDQUOT, "this domain's quota in xenstore is used up (memory)" },
	{ ERRTEXT_STORE, E2BIG, "this domain's quota of xenstore watches is used up, or a request was too long" },
	{ ERRTEXT_STORE, EBUSY, "this domain's quota of xenstore transactions is used up" },
	{ ERRTEXT_STORE, EAGAIN, "others changed the same xenstore nodes each time" },
	{ ERRTEXT_STORE, EACCES, "this domain has no right to that xenstore node" },
	{ ERRTEXT_STORE, EPERM, "this domain has no right to that xenstore node" },
	{ ERRTEXT_STORE, ENOENT, "the xenstore node is not there" },
	{ ERRTEXT_STORE, EINVAL, "the value in xenstore is not what it must be" },
	{ ERRTEXT_STORE, EIO, "xenstored gave no answer" },
	{ ERRTEXT_STORE, EPIPE, "the connection to xenstored is lost" },
	{ ERRTEXT_STORE, EBADF, "the connection to xenstored is lost" },
	{ ERRTEXT_STORE, ENOTCONN, "the connection to xenstored is lost" },
	{ ERRTEXT_STORE, ECONNRESET, "the connection to xenstored is lost" },
	{ ERRTEXT_STORE, ECONNREFUSED, "xenstored does not run here and there is no /dev/xen/xenbus" },

	{ ERRTEXT_XEN, EINVAL, "the other domain has not granted or offered it, or took it back" },
	{ ERRTEXT_XEN, ENOSPC, "the limit of grants or event channels is reached" },
	{ ERRTEXT_XEN, EDQUOT, "as many pages of the guest, or of all guests, are mapped as may be (--max-mappings)" },
	{ ERRTEXT_XEN, ENOENT, "the module is not loaded, or this is not a Xen domain" },
	{ ERRTEXT_XEN, ENODEV, "the module is not loaded, or this is not a Xen domain" },
	{ ERRTEXT_XEN, ENXIO, "the module is not loaded, or this is not a Xen domain" },
	{ ERRTEXT_XEN, EACCES, "only root may" },
	{ ERRTEXT_XEN, EPERM, "only root may" },
	{ ERRTEXT_XEN, EPROTO, "it holds what no driver puts there" },

	{ ERRTEXT_TAP, EBADFD, "the device was deleted" },
	{ ERRTEXT_TAP, EBUSY, "a device of that name is in use by another program" },
	{ ERRTEXT_TAP, EEXIST, "a device of that name is there already" },
	{ ERRTEXT_TAP, EINVAL, "a device of that name is there and is of another kind, or the value is not one it takes" },
	{ ERRTEXT_TAP, ENOENT, "the module tun is not loaded" },
	{ ERRTEXT_TAP, ENODEV, "the device is not there, or the module tun is not loaded" },
	{ ERRTEXT_TAP, ENXIO, "the device is not there, or the module tun is not loaded" },
	{ ERRTEXT_TAP, EACCES, "root or CAP_NET_ADMIN is needed" },
	{ ERRTEXT_TAP, EPERM, "root or CAP_NET_ADMIN is needed" },
	{ ERRTEXT_TAP, EXDEV, "the device is in another network namespace, which needs CAP_SYS_ADMIN to enter" },
	{ ERRTEXT_TAP, ENAMETOOLONG, "a device's name has at most 15 bytes" },
	{ ERRTEXT_TAP, ENOTSUP, "the kernel's tun driver is too old" },

	{ ERRTEXT_FILE, ENOSPC, "the file system is full" },
	{ ERRTEXT_FILE, EAGAIN, "no more threads or locks are allowed" },
};

/* Returns the message of an errno that means the same for every request. */
static const char *errtext_anywhere(int err)
{
	const char *text;

	if (err == EMFILE)
		return "too many open files in this process (LimitNOFILE)";
	if (err == ENFILE)
		return "too many open files on this machine (fs.file-max)";
	if (err == ENOMEM)
		return "out of memory";
	text = strerrordesc_np(err);
	return text ? text : "unknown error";
}

const char *errtext(enum errtext_of of, int err)
{
	if (err < 0)
		err = -err;
	for (unsigned int i = 0; i < ARRAY_SIZE(meanings); i++)
		if (meanings[i].of == of && meanings[i].err == err)
			return meanings[i].text;
	return errtext_anywhere(err);
}
