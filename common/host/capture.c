/* SPDX-License-Identifier: MIT */
/* capture.c - captures of capture.h */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "capture.h"

/* #syscalls munmap lseek close epoll_ctl */
/* #syscalls-some mmap fcntl */
/* #syscalls-control memfd_create ftruncate eventfd eventfd2 */

#define CAPTURE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

struct capture_set {
	void *block;
	size_t len;
	int doorbell_fd;
	struct capture_end end[CAPRING_WORKERS_MAX];
};

/* --- descriptors ------------------------------------------------------------------------ */

void capture_fds_close(struct capture_fds *fds)
{
	if (fds->block >= 0)
		close(fds->block);
	if (fds->doorbell >= 0)
		close(fds->doorbell);
	*fds = (struct capture_fds){ -1, -1 };
}

int capture_fds_new(struct capture_fds *fds, unsigned int workers)
{
	int err = 0;

	*fds = (struct capture_fds){ -1, -1 };
	fds->block = memfd_create("netpair-capture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fds->block < 0 || ftruncate(fds->block, (off_t)capring_block(workers)) < 0 ||
	    fcntl(fds->block, F_ADD_SEALS, CAPTURE_SEALS) < 0 || (fds->doorbell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
		err = -errno;
	if (err)
		capture_fds_close(fds);
	return err;
}

int capture_fds_dup(struct capture_fds *out, const struct capture_fds *fds)
{
	int err = 0;

	*out = (struct capture_fds){ -1, -1 };
	out->block = fcntl(fds->block, F_DUPFD_CLOEXEC, 0);
	if (out->block < 0 || (out->doorbell = fcntl(fds->doorbell, F_DUPFD_CLOEXEC, 0)) < 0)
		err = -errno;
	if (err)
		capture_fds_close(out);
	return err;
}

/* --- the owner's ------------------------------------------------------------------------- */

static void capture_free(struct capture_set *set)
{
	if (!set)
		return;
	if (set->block)
		munmap(set->block, set->len);
	if (set->doorbell_fd >= 0)
		close(set->doorbell_fd);
	free(set);
}

/* Maps a block. It does not use fstat(2), which is not among a data process's calls. Returns 0 or -errno. */
static int capture_map(struct capture_set *set, int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);
	void *map;

	if (seals < 0 || (seals & CAPTURE_SEALS) != CAPTURE_SEALS || lseek(fd, 0, SEEK_END) != (off_t)set->len)
		return -EINVAL;
	map = mmap(NULL, set->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	set->block = map;
	return 0;
}

static int capture_new(struct capture_set **out, unsigned int n, const struct capring_wish *wish, const struct capture_fds *fds)
{
	struct capture_set *set = calloc(1, sizeof(*set));
	int err;

	if (!set)
		return -ENOMEM;
	set->len = capring_block(n);
	set->doorbell_fd = -1;
	err = capture_map(set, fds->block);
	if (err) {
		capture_free(set);
		return err;
	}
	set->doorbell_fd = fds->doorbell;
	for (unsigned int i = 0; i < n; i++) {
		capring_write_at(&set->end[i].ring, set->block, n, i, wish);
		set->end[i].doorbell_fd = fds->doorbell;
	}
	*out = set;
	return 0;
}

int capture_begin(struct capture_owner *o, struct capture *const worker[], unsigned int n,
		  const struct capring_wish *wish, const struct capture_fds *fds)
{
	struct capture_fds mine = *fds;
	int err = 0;

	capture_reap(o, worker, n);
	if (o->set || o->old)
		err = -EBUSY;
	else if (n == 0 || n > CAPRING_WORKERS_MAX)
		err = -EINVAL;
	if (!err)
		err = capture_new(&o->set, n, wish, fds);
	if (!err)
		mine.doorbell = -1;
	capture_fds_close(&mine);
	for (unsigned int i = 0; !err && i < n; i++)
		atomic_store(&worker[i]->want, &o->set->end[i]);
	return err;
}

void capture_stop(struct capture_owner *o, struct capture *const worker[], unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		atomic_store(&worker[i]->want, NULL);
	if (!o->set)
		return;
	o->old = o->set;
	o->set = NULL;
	capture_reap(o, worker, n);
}

void capture_reap(struct capture_owner *o, struct capture *const worker[], unsigned int n)
{
	if (!o->old)
		return;
	for (unsigned int i = 0; i < n; i++)
		if (atomic_load(&worker[i]->seen))
			return;
	capture_free(o->old);
	o->old = NULL;
}

void capture_exit(struct capture_owner *o)
{
	capture_free(o->set);
	capture_free(o->old);
	*o = (struct capture_owner){ NULL, NULL };
}

/* --- the worker's ------------------------------------------------------------------------ */

/* Edge-triggered, as several workers wait for one doorbell and none reads it. */
static void capture_watch(int op, int epoll_fd, int doorbell_fd)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET, .data.fd = doorbell_fd };

	(void)epoll_ctl(epoll_fd, op, doorbell_fd, &ev);
}

/* Takes what the owner wants, so that the owner sees that: it stores `want`, then looks at `seen`; this stores `seen`, then
 * looks at `want` again. */
static struct capture_end *capture_claim(struct capture *c)
{
	struct capture_end *want;

	do {
		want = atomic_load(&c->want);
		atomic_store(&c->seen, want);
	} while (atomic_load(&c->want) != want);
	return want;
}

void capture_switch(struct capture *c, int epoll_fd, int other_epoll_fd)
{
	if (c->now) {
		capture_watch(EPOLL_CTL_DEL, epoll_fd, c->now->doorbell_fd);
		capture_watch(EPOLL_CTL_DEL, other_epoll_fd, c->now->doorbell_fd);
	}
	c->now = capture_claim(c);
	if (!c->now)
		return;
	capture_watch(EPOLL_CTL_ADD, epoll_fd, c->now->doorbell_fd);
	capture_watch(EPOLL_CTL_ADD, other_epoll_fd, c->now->doorbell_fd);
	capture_run(c->now);
	__atomic_store_n(&c->now->ring.shared->started, 1, __ATOMIC_RELEASE);
}

void capture_run(struct capture_end *e)
{
	e->time = now_ns();
}

void capture_put(struct capture_end *e, const struct capring_record *rec, const struct iovec *iov, unsigned int n, size_t skip)
{
	struct capring_record r = *rec;

	if (!capring_wants(&e->ring, rec))
		return;
	r.time = e->time;
	capring_put(&e->ring, &r, iov, n, skip);
}

bool capture_take_doorbell(struct capture *c, int fd)
{
	struct capring_record rec = { .kind = CAPRING_WAKE };

	if (!c->now || c->now->doorbell_fd != fd)
		return false;
	rec.time = now_ns();
	capring_put(&c->now->ring, &rec, NULL, 0, 0);
	return true;
}
