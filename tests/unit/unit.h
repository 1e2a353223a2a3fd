/* SPDX-License-Identifier: MIT */
/* unit.h - what every unit test includes: cmocka, and a ring page as a hostile peer sees it
 *
 * A test includes the .c file under test, so that it can call static functions.
 * Both ends of a ring are in one process, on a page of the heap. The raw_*()
 * functions are the hostile peer: they write the page without a ring end.
 */
#ifndef NETPAIR_UNIT_H
#define NETPAIR_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/abi.h"

/* A test can expect that an assert() of the code under test fails: expect_assert_failure(). */
#undef assert
#define assert(cond_) mock_assert((int)(cond_), #cond_, __FILE__, __LINE__)

/* Skips a test and prints why, on the standard output, where cmocka's lines are. */
#define SKIP(why_) do { printf("# skipped: %s\n", why_); fflush(stdout); skip(); } while (0)

#define RUN_TESTS(tests_) cmocka_run_group_tests(tests_, NULL, NULL)

/* Returns a zeroed page, allocated by itself, so that a sanitiser sees each access beyond it. */
static inline void *page_new(void)
{
	void *page = aligned_alloc(XEN_PAGE, XEN_PAGE);

	if (!page)
		abort();
	memset(page, 0, XEN_PAGE);
	return page;
}

/* The four index words, which both kinds of ring begin with. */
struct raw_ring {
	uint32_t req_prod, req_event, rsp_prod, rsp_event;
};

static inline struct raw_ring *raw_ring(void *page)
{
	return page;
}

static inline union netif_tx_sring_entry *raw_gtx(void *page, uint32_t idx)
{
	return (union netif_tx_sring_entry *)(void *)((char *)page + 64) + idx % 256;
}

static inline union netif_rx_sring_entry *raw_grx(void *page, uint32_t idx)
{
	return (union netif_rx_sring_entry *)(void *)((char *)page + 64) + idx % 256;
}

#endif
