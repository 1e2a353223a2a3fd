/* SPDX-License-Identifier: MIT */
/* A switch over one of our enums names every case, so that the compiler finds a new one. */
/* fails: not handled in switch|enumeration value */
#include "common/wire/pkt.h"

#pragma GCC diagnostic error "-Wswitch-enum"

int test(enum pkt_verdict v);

int test(enum pkt_verdict v)
{
	switch (v) {
	case PKT_NONE:
	case PKT_TAKEN:
#ifndef FAIL
	case PKT_FAULT:
#endif
		return 1;
	}
	return 0;
}
