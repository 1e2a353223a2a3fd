/* SPDX-License-Identifier: MIT */
/* vhost_port.c - reads and writes the frames of vhost_port.h */
#include <errno.h>
#include <linux/virtio_net.h>
#include <string.h>

#include "common/wire/offload.h"
#include "tap.h"
#include "vhost_port.h"
#include "wake.h"

/* Buffers that were taken before the switch is told that it has them again. */
#define PORT_TELL_AFTER 64u

/* Descriptors that are left when used ones are looked for. */
#define PORT_FEW (VIRTQ_SIZE / 2)

#define PORT_BUFFERS_MAX ((VNET_HDR_LEN + PKT_LEN_MAX + VIRTQ_PAGE - 1) / VIRTQ_PAGE)

/* Counts the sessions that the owner ended because of a lie. */
static void port_count_resets(struct vhost_end *e)
{
	unsigned int resets = atomic_load_explicit(e->resets, memory_order_relaxed);

	if (e->stats && e->counted != resets)
		stats_add(e->stats, STAT_PORT_RESETS, resets - e->counted);
	e->counted = resets;
}

/* Lets go of the session that was used, and takes the one that counts now. */
static struct vhost_session *port_change(struct vhost_end *e)
{
	struct vhost_session *s = atomic_load(e->now);

	atomic_store(&e->uses, s);
	/* It may have been taken away before the owner could see that we use it. */
	if (s && atomic_load(e->now) != s) {
		s = NULL;
		atomic_store(&e->uses, s);
	}
	e->ready = 0;
	wake_up(e->owner_fd);
	return s;
}

/* Returns the session, or NULL if there is none that can be used. */
static struct vhost_session *port_session(struct vhost_end *e)
{
	struct vhost_session *s = atomic_load_explicit(&e->uses, memory_order_relaxed);

	if (atomic_load_explicit(e->now, memory_order_relaxed) != s)
		s = port_change(e);
	return s && !atomic_load_explicit(&s->wrong, memory_order_relaxed) ? s : NULL;
}

/* Notes what the switch did wrong. */
static void port_lie(const struct vhost_end *e, struct vhost_session *s, const char *what)
{
	const char *none = NULL;

	if (atomic_compare_exchange_strong(&s->wrong, &none, what))
		wake_up(e->owner_fd);
}

/* --- frames of the switch ----------------------------------------------------------------- */

static void port_publish_in(struct vhost_pair *pair)
{
	if (virtq_publish(&pair->in))
		wake_up(pair->kick[0]);
}

/* Where the bytes of a frame go. */
struct port_cursor {
	const struct iovec *iov;
	unsigned int n;
	size_t at;		/* in the first one that is left */
};

static void port_copy_out(struct port_cursor *c, const uint8_t *from, size_t len)
{
	while (len && c->n) {
		size_t part = min_size(len, c->iov->iov_len - c->at);

		memcpy((uint8_t *)c->iov->iov_base + c->at, from, part);
		from += part;
		len -= part;
		c->at += part;
		if (c->at == c->iov->iov_len) {
			c->iov++;
			c->n--;
			c->at = 0;
		}
	}
}

/* Returns the number of used buffers that may be taken; -EPROTO. */
static int port_look(struct vhost_end *e, struct vhost_pair *pair)
{
	int ready;

	if (e->ready)
		return (int)e->ready;
	ready = virtq_begin(&pair->in);
	if (ready > 0)
		e->ready = (unsigned int)ready;
	return ready;
}

/* Takes one buffer. Returns its bytes, of which *len are the switch's; NULL: it lied. */
static const uint8_t *port_take(struct vhost_end *e, struct vhost_pair *pair, uint32_t *len)
{
	uint16_t id;

	if (virtq_take(&pair->in, &id, len))
		return NULL;
	e->ready--;
	return virtq_buffer(&pair->in, id);
}

/* Returns a buffer, the last one that was freed, to the switch. */
static void port_return(struct vhost_pair *pair)
{
	virtq_post(&pair->in);
	if ((uint16_t)(pair->in.avail - pair->in.published) >= PORT_TELL_AFTER)
		port_publish_in(pair);
}

/* Reads a frame, of which e->ready buffers may be taken. Returns NULL and the frame's bytes in *got; or what is wrong. */
static const char *port_read_frame(struct vhost_end *e, struct vhost_pair *pair, struct port_cursor *to, size_t *got)
{
	struct virtio_net_hdr_mrg_rxbuf hdr;
	unsigned int buffers = 1;

	for (unsigned int i = 0; i < buffers; i++) {
		uint32_t len, skip = 0;
		const uint8_t *from = port_take(e, pair, &len);

		if (!from)
			return "a used buffer was not posted, or has more bytes than room";
		if (i == 0) {
			if (len < sizeof(hdr))
				return "a frame without a header";
			memcpy(&hdr, from, sizeof(hdr));
			buffers = hdr.num_buffers;
			if (buffers == 0 || buffers - 1 > e->ready)
				return "a frame of more buffers than were used";
			hdr.num_buffers = 0;
			port_copy_out(to, (const uint8_t *)&hdr, sizeof(hdr));
			skip = sizeof(hdr);
		}
		port_copy_out(to, from + skip, len - skip);
		*got += len;
		port_return(pair);
	}
	return NULL;
}

static ssize_t vhost_port_read(struct net_port *p, const struct iovec *iov, unsigned int n)
{
	struct vhost_end *e = p->end;
	struct vhost_session *s = port_session(e);
	struct port_cursor to = { iov, n, 0 };
	struct vhost_pair *pair;
	const char *wrong;
	size_t got = 0;
	int ready;

	if (!s)
		return -EAGAIN;
	pair = &s->pair[e->index];
	ready = port_look(e, pair);
	if (ready == 0) {
		port_publish_in(pair);
		return -EAGAIN;
	}
	wrong = ready < 0 ? "its used index is out of range" : port_read_frame(e, pair, &to, &got);
	if (wrong) {
		port_lie(e, s, wrong);
		return -EAGAIN;
	}
	return (ssize_t)min_size(got, TAP_READ_MAX);
}

static bool vhost_port_pending(struct net_port *p)
{
	struct vhost_session *s = port_session(p->end);

	return s && port_look(p->end, &s->pair[p->end->index]) != 0;
}

static bool vhost_port_rearm(struct net_port *p)
{
	struct vhost_session *s = port_session(p->end);
	struct vhost_pair *pair;

	port_count_resets(p->end);	/* the owner has kicked the worker */
	if (!s)
		return false;
	pair = &s->pair[p->end->index];
	port_publish_in(pair);
	if (p->announced)
		wake_taken(pair->call[0]);
	p->announced = false;
	return virtq_rearm(&pair->in) || p->end->ready;
}

/* --- frames for the switch ----------------------------------------------------------------- */

/* Frees the descriptors that the switch has used. Returns false if it lied. */
static bool port_reclaim(struct vhost_end *e, struct vhost_session *s, struct virtq *q)
{
	int n = virtq_begin(q);
	uint32_t len;
	uint16_t id;

	for (int i = 0; i < n; i++)
		if (virtq_take(q, &id, &len))
			n = -EPROTO;
	if (n < 0)
		port_lie(e, s, "it used what it was not given");
	return n >= 0;
}

/* Copies n runs into buffers of the queue, which len bytes fill. Returns len; -ENOBUFS: there is no room. */
static ssize_t port_put(struct virtq *q, const struct iovec *iov, unsigned int n, uint32_t len)
{
	unsigned int buffers = (len + VIRTQ_PAGE - 1) / VIRTQ_PAGE, at = 0, in = 0;
	uint16_t id[PORT_BUFFERS_MAX];

	if (buffers > ARRAY_SIZE(id) || buffers > q->nfree)
		return -ENOBUFS;
	virtq_reserve(q, id, buffers);
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *from = iov[i].iov_base;
		size_t left = iov[i].iov_len;

		while (left) {
			size_t part = min_size(left, VIRTQ_PAGE - in);

			memcpy(virtq_buffer(q, id[at]) + in, from, part);
			from += part;
			left -= part;
			in += (unsigned int)part;
			if (in == VIRTQ_PAGE) {
				at++;
				in = 0;
			}
		}
	}
	virtq_send(q, id, buffers, len);
	return (ssize_t)len;
}

/* Sends a large frame in segments, each in one buffer. Returns len, or -errno if not all of them went out. */
static ssize_t port_put_segments(struct vhost_end *e, struct virtq *q, const struct virtio_net_hdr *vh, const struct iovec *iov,
				 unsigned int n, uint32_t len)
{
	if (tso_begin(&e->tso, vh, iov, n, VIRTQ_PAGE - VNET_HDR_LEN) < 0)
		return -EINVAL;
	while (e->tso.left) {
		uint32_t part = tso_take(&e->tso, e->segment + VNET_HDR_LEN) + (uint32_t)VNET_HDR_LEN;
		const struct iovec run = { e->segment, part };

		if (port_put(q, &run, 1, part) < 0)
			return -ENOBUFS;
	}
	return (ssize_t)len;
}

static bool port_has(const struct vhost_session *s, unsigned int feature)
{
	return s->features & 1ull << feature;
}

static bool port_takes_large(const struct vnet_peer *peer, uint8_t gso_type)
{
	uint8_t type = gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;

	return (type == VIRTIO_NET_HDR_GSO_TCPV4 && peer->gso4) || (type == VIRTIO_NET_HDR_GSO_TCPV6 && peer->gso6);
}

/* Sends a frame with a checksum that the switch leaves to us. It is filled in in a copy, as the frame's bytes may be in pages of the guest
 * that we cannot write. Returns len or -errno. */
static ssize_t port_put_filled(struct vhost_end *e, struct virtq *q, const struct virtio_net_hdr *vh, const struct iovec *iov,
			       unsigned int n, uint32_t len)
{
	static const struct vnet_peer peer = { .sg = true };
	struct virtio_net_hdr_mrg_rxbuf hdr = { .hdr = *vh };
	struct iovec run[2] = { { &hdr, sizeof(hdr) }, { e->tso.frame, 0 } };

	for (unsigned int i = 0; i < n; i++) {
		if (iov[i].iov_len > PKT_LEN_MAX - run[1].iov_len)
			return -EINVAL;
		if (iov[i].iov_len)
			memcpy(e->tso.frame + run[1].iov_len, iov[i].iov_base, iov[i].iov_len);
		run[1].iov_len += iov[i].iov_len;
	}
	return vnet_prepare(&hdr.hdr, &peer, run + 1, 1) == VNET_SEND ? port_put(q, run, 2, len) : -EINVAL;
}

/* Sends a frame, its header first. Returns its bytes or -errno. */
static ssize_t port_send(struct vhost_end *e, struct vhost_session *s, struct virtq *q, struct iovec *iov, unsigned int n)
{
	const struct vnet_peer peer = { .gso4 = port_has(s, VIRTIO_NET_F_HOST_TSO4), .gso6 = port_has(s, VIRTIO_NET_F_HOST_TSO6) };
	const struct virtio_net_hdr *vh = iov->iov_base;	/* private */
	const struct iovec whole = iov[0];
	bool large = vh->gso_type != VIRTIO_NET_HDR_GSO_NONE;
	uint32_t len = 0;
	ssize_t put;

	for (unsigned int i = 0; i < n; i++)
		len += (uint32_t)iov[i].iov_len;
	if (large ? port_takes_large(&peer, vh->gso_type) :
		    !(vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || port_has(s, VIRTIO_NET_F_CSUM))
		return port_put(q, iov, n, len);
	iov[0] = (struct iovec){ (uint8_t *)whole.iov_base + VNET_HDR_LEN, whole.iov_len - VNET_HDR_LEN };
	put = large ? port_put_segments(e, q, vh, iov, n, len) : port_put_filled(e, q, vh, iov, n, len);
	iov[0] = whole;
	return put;
}

static void vhost_port_write(struct net_port *p)
{
	struct vhost_end *e = p->end;
	struct vhost_session *s = port_session(e);
	struct burst *b = &p->burst;
	struct virtq *q;

	if (!s || !port_reclaim(e, s, &s->pair[e->index].out)) {
		for (unsigned int i = 0; i < b->n; i++)
			*b->frame[i].put = -ENOTCONN;
		b->n = 0;
		return;
	}
	q = &s->pair[e->index].out;
	for (unsigned int i = 0; i < b->n; i++)
		*b->frame[i].put = port_send(e, s, q, b->frame[i].iov, b->frame[i].n);
	b->n = 0;
	if (virtq_publish(q))
		wake_up(s->pair[e->index].kick[1]);
}

static const struct port_ops vhost_port = {
	.read = vhost_port_read,
	.write = vhost_port_write,
	.pending = vhost_port_pending,
	.rearm = vhost_port_rearm,
};

void vhost_port_init(struct net_port *p, struct vhost_end *end, int fd)
{
	*p = (struct net_port){ .ops = &vhost_port, .fd = fd, .lost = DROP_PORT, .end = end };
	burst_init(&p->burst, -1);
	end->counted = atomic_load(end->resets);
	end->ready = 0;
	atomic_store(&end->uses, NULL);
}
