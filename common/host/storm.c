/* SPDX-License-Identifier: MIT */
/* storm.c - the count of storm.h */
#include "storm.h"

unsigned int storm_nap_us(struct storm *s, unsigned int ports)
{
	unsigned int us;

	if (!s->fired)
		return 0;
	s->fired = false;
	if (s->empty < ports + STORM_FREE) {
		s->empty++;
		return 0;
	}
	us = STORM_NAP_MIN_US << (s->empty - ports - STORM_FREE);
	if (us >= STORM_NAP_MAX_US)
		return STORM_NAP_MAX_US;
	s->empty++;
	return us;
}
