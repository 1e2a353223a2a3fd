/* SPDX-License-Identifier: MIT */
/* evtchn.c - libxenevtchn */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <xenevtchn.h>

#include "evtchn.h"
#include "xenlog.h"

/* libxenevtchn: binds and signals are requests of ioctl(2), pending ports are read, and a
 * write unmasks one.
 *
 * #syscalls read write
 * #syscalls-some ioctl
 * #syscalls-before fcntl
 * #ioctls IOCTL_EVTCHN_BIND_INTERDOMAIN IOCTL_EVTCHN_UNBIND IOCTL_EVTCHN_NOTIFY
 */
struct evt_dev {
	xenevtchn_handle *handle;
};

int evt_open(struct evt_dev **out)
{
	struct evt_dev *e = calloc(1, sizeof(*e));
	int err, flags;

	if (!e)
		return -ENOMEM;
	e->handle = xenevtchn_open(xenlog(), 0);
	if (!e->handle) {
		err = errno ? -errno : -ENODEV;
		free(e);
		return err;
	}
	flags = fcntl(evt_fd(e), F_GETFL);
	if (flags < 0 || fcntl(evt_fd(e), F_SETFL, flags | O_NONBLOCK) < 0) {
		err = -errno;
		evt_close(e);
		return err;
	}
	*out = e;
	return 0;
}

int evt_restrict(struct evt_dev *e, struct domid peer)
{
	/* Linux takes 0 for "not given". */
	if (peer.raw == 0)
		return -EOPNOTSUPP;
	if (xenevtchn_restrict(e->handle, peer.raw) == 0)
		return 0;
	/* The answer of a kernel that does not know the request. */
	return errno == ENOTTY || errno == ENOSYS || errno == EOPNOTSUPP ? -EOPNOTSUPP : errno ? -errno : -EIO;
}

void evt_close(struct evt_dev *e)
{
	if (!e)
		return;
	xenevtchn_close(e->handle);
	free(e);
}

int evt_fd(struct evt_dev *e)
{
	return xenevtchn_fd(e->handle);
}

int evt_fd_dup(struct evt_dev *e)
{
	int fd = fcntl(xenevtchn_fd(e->handle), F_DUPFD_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static int evtchn_port_or_errno(xenevtchn_port_or_error_t port, struct evport *local)
{
	if (port < 0)
		return errno ? -errno : -EIO;
	*local = evport_of((uint32_t)port);
	return 0;
}

int evt_bind_peer(struct evt_dev *e, struct domid peer, struct evport remote, struct evport *local)
{
	return evtchn_port_or_errno(xenevtchn_bind_interdomain(e->handle, peer.raw, remote.raw), local);
}

int evt_offer(struct evt_dev *e, struct domid peer, struct evport *local)
{
	return evtchn_port_or_errno(xenevtchn_bind_unbound_port(e->handle, peer.raw), local);
}

void evt_unbind(struct evt_dev *e, struct evport local)
{
	xenevtchn_unbind(e->handle, local.raw);
}

int evt_next(struct evt_dev *e, struct evport *local)
{
	xenevtchn_port_or_error_t port = xenevtchn_pending(e->handle);

	if (port >= 0) {
		*local = evport_of((uint32_t)port);
		return 1;
	}
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

void evt_unmask(struct evt_dev *e, struct evport local)
{
	xenevtchn_unmask(e->handle, local.raw);
}

void evt_notify(struct evt_dev *e, struct evport local)
{
	xenevtchn_notify(e->handle, local.raw);
}
