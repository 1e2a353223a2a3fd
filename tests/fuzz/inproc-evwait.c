/* SPDX-License-Identifier: MIT */
/* inproc-evwait.c - stands for xensim's evwait.c: the host is in this process and cannot end, so only
 * the eventfd is waited for */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "tools/xensim/lib/evwait.h"

int evwait_open(struct xenevtchn_handle *h, unsigned int flags)
{
	(void)flags;
	h->pollfd = h->efd;
	return 0;
}

void evwait_close(struct xenevtchn_handle *h)
{
	close(h->efd);
}

void evwait_kick(int efd)
{
	static const uint64_t one = 1;

	while (write(efd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static int take(struct xenevtchn_handle *h)
{
	struct pollfd p = { .fd = h->efd, .events = POLLIN };
	uint64_t count;

	/* There is one thread, so the event stays between poll and read. */
	if (poll(&p, 1, 0) <= 0) {
		errno = EAGAIN;
		return -1;
	}
	return read(h->efd, &count, sizeof(count)) == (ssize_t)sizeof(count) ? 0 : -1;
}

void evwait_uncount(struct xenevtchn_handle *h)
{
	int err = errno;

	if (take(h) < 0)
		errno = err;
}

int evwait_count(struct xenevtchn_handle *h)
{
	return take(h);
}
