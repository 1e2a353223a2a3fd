/* SPDX-License-Identifier: MIT */
/* port.c - ports that are one descriptor, for port.h */
#include "port.h"
#include "tap.h"

static ssize_t port_tap_read(struct net_port *p, const struct iovec *iov, unsigned int n)
{
	return tap_read(p->fd, iov, n);
}

static void port_tap_write(struct net_port *p)
{
	burst_write(&p->burst);
}

static const struct port_ops port_tap = {
	.read = port_tap_read,
	.write = port_tap_write,
};

void port_init_tap(struct net_port *p, int fd)
{
	*p = (struct net_port){ .ops = &port_tap, .fd = fd, .lost = DROP_TAP };
	burst_init(&p->burst, fd);
}
