/* SPDX-License-Identifier: MIT */
/* vif_vhost.c - listens for switches, and hands them over, for vif_vhost.h */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/vhost_listen.h"
#include "common/host/vhost_session.h"
#include "attach_switch.h"
#include "backend.h"
#include "vif_vhost.h"

void vif_vhost_init(struct vif_vhost *p)
{
	*p = (struct vif_vhost){ .listen_fd = -1, .switch_fd = -1, .may_accept = true };
}

/* Waits for a descriptor, or no more. The kernel keeps waiting for a socket that another process has, too, unless it is told. */
static void vif_vhost_watch(struct vif *v, int op, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = v };

	if (epoll_ctl(v->daemon->ports_fd, op, fd, &ev) < 0 && errno != ENOENT && errno != EEXIST)
		log_warn_in(&v->settings.log, "cannot wait for the switch vif=%s error=\"%s\"", v->name, errtext(ERRTEXT_FILE, -errno));
}

static void vif_vhost_set_switch(struct vif *v, int fd)
{
	struct vif_vhost *p = &v->port.vhost;

	if (p->switch_fd >= 0) {
		vif_vhost_watch(v, EPOLL_CTL_DEL, p->switch_fd, 0);
		close(p->switch_fd);
	}
	p->switch_fd = fd;
	if (fd >= 0)
		vif_vhost_watch(v, EPOLL_CTL_ADD, fd, EPOLLRDHUP);
}

static void vif_vhost_stop_listening(struct vif *v)
{
	struct vif_vhost *p = &v->port.vhost;

	if (p->listen_fd < 0)
		return;
	if (p->listens)
		vif_vhost_watch(v, EPOLL_CTL_DEL, p->listen_fd, 0);
	vhost_listen_end(p->listen_fd, p->path);
	p->listen_fd = -1;
	p->listens = false;
}

int vif_vhost_open(struct vif *v, const char *path, struct reason *why)
{
	struct vif_vhost *p = &v->port.vhost;
	int fd;

	if (p->listen_fd >= 0 && strcmp(p->path, path) == 0)
		return 0;
	vif_vhost_stop_listening(v);
	fd = vhost_listen(path, why);
	if (fd < 0)
		return fd;
	snprintf(p->path, sizeof(p->path), "%s", path);
	p->listen_fd = fd;
	return 0;
}

void vif_vhost_close(struct vif *v)
{
	vif_vhost_stop_listening(v);
	vif_vhost_set_switch(v, -1);
}

void vif_vhost_settle(struct vif *v)
{
	struct vif_vhost *p = &v->port.vhost;
	bool serves = v->serving && v->attach.state == ATTACH_UP && p->listen_fd >= 0, wanted;
	int found = attach_take_switch(&v->attach);

	/* An earlier control's data process had it. */
	if (found >= 0)
		vif_vhost_set_switch(v, found);
	if (!serves && p->switch_fd >= 0)
		vif_vhost_set_switch(v, -1);
	wanted = serves && p->switch_fd < 0 && p->may_accept;
	if (wanted != p->listens)
		vif_vhost_watch(v, wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, p->listen_fd, EPOLLIN);
	p->listens = wanted;
}

static void vif_vhost_accept(struct vif *v)
{
	struct vif_vhost *p = &v->port.vhost;
	int fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), err;

	if (fd < 0)
		return;		/* it has gone again */
	p->may_accept = false;
	err = attach_switch(&v->attach, fd, v->counters.workers);
	if (!err) {
		vif_vhost_set_switch(v, fd);
		return;
	}
	log_warn_in(&v->settings.log, "cannot serve the switch at the port, trying the next one vif=%s error=\"%s\"", v->name, errtext(ERRTEXT_FILE, err));
	close(fd);
}

void vif_vhost_events(struct vif *v)
{
	struct vif_vhost *p = &v->port.vhost;
	struct pollfd end = { .fd = p->switch_fd, .events = POLLRDHUP };

	if (p->switch_fd >= 0 && poll(&end, 1, 0) > 0)
		vif_vhost_set_switch(v, -1);
	vif_vhost_settle(v);
	if (p->listens)
		vif_vhost_accept(v);
	vif_vhost_settle(v);
}

void vif_vhost_tick(struct vif *v)
{
	v->port.vhost.may_accept = true;
	vif_vhost_settle(v);
}
