/* SPDX-License-Identifier: MIT */
/* vhost_hub.c - the owner's half of vhost_hub.h */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "vhost_hub.h"
#include "worker.h"

/* #syscalls epoll_create1 epoll_ctl close munmap */
/* #syscalls-some mmap */

static int hub_watch(int epoll_fd, int fd, void *what)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = what };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

int vhost_hub_new(struct vhost_hub **out, const struct vhost_hub_params *p)
{
	struct vhost_hub *h = calloc(1, sizeof(*h) + p->ends * sizeof(h->end[0]));
	bool failed = false;

	if (!h)
		return -ENOMEM;
	h->p = *p;
	for (unsigned int i = 0; i < p->ends; i++) {
		struct vhost_hub_end *e = &h->end[i];
		void *frame = mmap(NULL, PKT_LEN_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		e->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		e->end = (struct vhost_end){ .now = &h->now, .resets = &h->resets, .index = i, .owner_fd = p->owner_fd,
					     .tso = { .frame = frame == MAP_FAILED ? NULL : frame } };
		failed = failed || e->epoll_fd < 0 || frame == MAP_FAILED;
	}
	if (failed) {
		vhost_hub_free(h);
		return -ENOMEM;
	}
	*out = h;
	return 0;
}

void vhost_hub_free(struct vhost_hub *h)
{
	if (!h)
		return;
	/* Control's descriptor of the socket would keep it among those that are waited for. */
	if (h->session)
		epoll_ctl(h->p.epoll_fd, EPOLL_CTL_DEL, h->session->sock, NULL);
	vhost_session_free(h->session);
	vhost_session_free(h->old);
	for (unsigned int i = 0; i < h->p.ends; i++) {
		if (h->end[i].epoll_fd >= 0)
			close(h->end[i].epoll_fd);
		if (h->end[i].end.tso.frame)
			munmap(h->end[i].end.tso.frame, PKT_LEN_MAX);
	}
	free(h);
}

void vhost_hub_port(struct vhost_hub *h, unsigned int i, struct net_port *net, struct worker *w, struct stats *stats)
{
	h->end[i].worker = w;
	h->end[i].end.stats = stats;
	vhost_port_init(net, &h->end[i].end, h->end[i].epoll_fd);
}

static void hub_kick_workers(struct vhost_hub *h)
{
	for (unsigned int i = 0; i < h->p.ends; i++)
		worker_kick(h->end[i].worker);
}

/* Frees the session that ended, once no worker uses it. Returns false if one still may. */
static bool hub_settle(struct vhost_hub *h)
{
	for (unsigned int i = 0; h->old && i < h->p.ends; i++)
		if (atomic_load(&h->end[i].end.uses) == h->old)
			return false;
	vhost_session_free(h->old);
	h->old = NULL;
	return true;
}

/* Closes what the switch shares with us but the memory and the queues, which the workers may still use. */
static void hub_end_session(struct vhost_hub *h)
{
	struct vhost_session *s = h->session;

	for (unsigned int i = 0; i < h->p.ends; i++)
		epoll_ctl(h->end[i].epoll_fd, EPOLL_CTL_DEL, s->pair[i].call[0], NULL);
	epoll_ctl(h->p.epoll_fd, EPOLL_CTL_DEL, s->sock, NULL);
	vhost_session_hang_up(s);
	atomic_store(&h->now, NULL);
	h->session = NULL;
	h->old = s;
	hub_kick_workers(h);
	(void)hub_settle(h);
}

void vhost_hub_switch(struct vhost_hub *h, int sock, int memory_fd)
{
	int err;

	/* The one before may have gone just now. */
	(void)vhost_hub_run(h);
	err = h->session || !hub_settle(h) ? -EBUSY : 0;

	if (err) {
		close(sock);
		close(memory_fd);
		return;
	}
	err = vhost_session_new(&h->session, sock, memory_fd, h->p.ends, vhost_front_wants(h->p.offloads));
	for (unsigned int i = 0; i < h->p.ends && !err; i++)
		err = hub_watch(h->end[i].epoll_fd, h->session->pair[i].call[0], h);
	if (!err)
		err = hub_watch(h->p.epoll_fd, sock, h);
	if (!err)
		return;
	log_warn_in(h->p.log, "cannot serve the switch at the port vif=%s error=\"%s\"", h->p.name, errtext(ERRTEXT_FILE, err));
	vhost_session_free(h->session);
	h->session = NULL;
}

/* Takes a session that ended off. */
static void hub_note_end(struct vhost_hub *h, int err, const char *why)
{
	if (err == -EPROTO) {
		atomic_fetch_add(&h->resets, 1);
		log_warn_in(h->p.log, "the switch broke the protocol, the port is reset vif=%s reason=\"%s\"", h->p.name, why);
	} else {
		log_info_in(h->p.log, "the switch has gone, the port waits for one vif=%s", h->p.name);
	}
	hub_end_session(h);
}

bool vhost_hub_run(struct vhost_hub *h)
{
	struct vhost_session *s = h->session;
	bool was = s && s->front.ready;
	const char *why = NULL;
	int err = s ? vhost_session_run(s, &why) : 0;

	if (err) {
		hub_note_end(h, err, why);
		return false;
	}
	(void)hub_settle(h);
	if (s && s->front.ready && !was) {
		log_info_in(h->p.log, "a switch is connected vif=%s queues=%u csum=%d tso=%d", h->p.name, s->pairs,
			    (s->features & 1ull << VIRTIO_NET_F_CSUM) != 0, (s->features & 1ull << VIRTIO_NET_F_HOST_TSO4) != 0);
		atomic_store(&h->now, s);
		hub_kick_workers(h);
	}
	return s && !s->front.ready;
}

int vhost_hub_socket(const struct vhost_hub *h)
{
	return h->session ? h->session->sock : -1;
}
