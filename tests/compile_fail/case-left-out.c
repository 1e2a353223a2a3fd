/* SPDX-License-Identifier: MIT */
/* a switch over our enums names every case: a new one is found by the compiler */
/* fails: not handled in switch|enumeration value */
#include "common/wire/pkt.h"

#pragma GCC diagnostic error "-Wswitch-enum"

int test(enum pkt_verdict v);

int test(enum pkt_verdict v)
{
	switch (v) {
	case PKT_NONE:
	case PKT_OK:
	case PKT_DROP:
	case PKT_MCAST:
#ifndef FAIL
	case PKT_FAULT:
#endif
		return 1;
	}
	return 0;
}
