/* SPDX-License-Identifier: MIT */
/* declared.c - the lists of declared.h, from a header that the build makes */
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "common/base/abi.h"
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>

#include "declared.h"
#include "syscalls.h"

const char *const declared_calls[] = { SYSCALLS_DECLARED };
const char *const declared_by_netfrontd[] = { SYSCALLS_OF_NETFRONTD };
const unsigned long declared_ioctls[] = { IOCTLS_DECLARED };

extern const char *const xensim_calls_after_open[] __attribute__((weak));

const char *const *declared_by_stand_in(void)
{
	return xensim_calls_after_open;
}
