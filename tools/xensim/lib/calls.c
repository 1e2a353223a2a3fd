/* SPDX-License-Identifier: MIT */
/* calls.c - the system calls that the libraries make with open handles */
#include "calls.h"

#include <stddef.h>

const char *const xensim_calls_after_open[] = {
	/* client.c: a request and its reply; whether the host is gone. */
	"getpid", "sendto", "recvmsg", "poll",
	/* evwait.c: the count of an eventfd; its flags only where Linux AIO is not to be had. */
	"read", "write", "preadv2", "fcntl",
	/* A handle's end. */
	"io_destroy", "munmap", "close",
	/* fault.c, grantcopy.c: a rule that delays. */
	"nanosleep", "clock_nanosleep",
	NULL,
};
