/* SPDX-License-Identifier: MIT */
/* wake.c - writes and reads of wake.h */
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "common/base/log.h"
#include "wake.h"

/* #syscalls read write */

void wake_up(int eventfd)
{
	uint64_t one = 1;

	/* A full eventfd is readable already. */
	if (write(eventfd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_error("eventfd write failed errno=%d", errno);
}

void wake_taken(int eventfd)
{
	uint64_t count;

	if (read(eventfd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_error("eventfd read failed errno=%d", errno);
}
