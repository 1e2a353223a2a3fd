/* SPDX-License-Identifier: MIT */
/* port.h - what is on the other side of a worker: where it reads and writes frames
 *
 * Theory of operation. A port has two halves. Its owner, the control side, opens and closes it and
 * sets what a device has: offloads, carrier, queue (struct vif_port_ops in backend/control/vif_port.h).
 * This is the other half, what a worker does with it: it waits for fd, reads frames one by one and
 * writes them in bursts. A frame is a virtio_net_hdr_mrg_rxbuf (VNET_HDR_LEN bytes) and its bytes.
 *
 * What must hold:
 * - read and write never wait, allocate nothing, and are called by the worker alone.
 * - After rearm a level-triggered wait for fd returns while a read would give a frame. So a worker may leave a read out.
 * - write has taken each frame's bytes when it returns, or never will: the caller uses them again.
 *
 * A call through the table costs one indirect call a read and one a burst. What a TAP does not need is NULL in it.
 */
#ifndef NETPAIR_PORT_H
#define NETPAIR_PORT_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "burst.h"
#include "common/base/drop.h"
#include "common/base/util.h"

struct net_port;
struct vhost_end;

struct port_ops {
	/* Reads one frame into n runs of together TAP_READ_MAX bytes, its header first. Returns the number of bytes with
	 * the header; -EAGAIN: there is no frame; other -errno. tap_outcome() says what that means. */
	ssize_t (*read)(struct net_port *p, const struct iovec *iov, unsigned int n);
	/* Writes the frames of p->burst, as burst_write() does: each *put gets the number of bytes, or -errno. */
	void (*write)(struct net_port *p);
	/* Returns whether a read would give a frame, without a system call. NULL: only the descriptor tells. */
	bool (*pending)(struct net_port *p);
	/* Before a sleep: has the descriptor become readable with the next frame. Returns whether there is one already. NULL: it
	 * always does. */
	bool (*rearm)(struct net_port *p);
};

struct net_port {
	const struct port_ops *ops;
	int fd;			/* readable while there is a frame; borrowed */
	bool announced;		/* it was, since the last rearm */
	enum drop lost;		/* the fate of a frame that could not be written */
	struct vhost_end *end;	/* of a vhost-user port; borrowed */
	struct burst burst;	/* frames to be written */
};

/* Sets up the port of a descriptor that reads and writes frames by readv(2) and writev(2), as a TAP's and a
 * macvtap's do. */
void port_init_tap(struct net_port *p, int fd);

/* Reads one frame, as struct port_ops says. */
MUST_CHECK static inline ssize_t port_read(struct net_port *p, const struct iovec *iov, unsigned int n)
{
	return p->ops->read(p, iov, n);
}

/* Do what struct port_ops says. */
MUST_CHECK static inline bool port_pending(struct net_port *p)
{
	return p->ops->pending && p->ops->pending(p);
}

MUST_CHECK static inline bool port_rearm(struct net_port *p)
{
	return p->ops->rearm && p->ops->rearm(p);
}

/* Writes the frames that burst_add() added. */
static inline void port_write(struct net_port *p)
{
	p->ops->write(p);
}

#endif
