/* SPDX-License-Identifier: MIT */
/* unit.h - cmocka with what it wants before it, and a ring page seen from a liar's side
 *
 * A test includes the .c under test, so that its statics are reachable too.
 * Both ends of a ring live in one process on a heap page; raw_*() are the peer
 * that keeps no rule, writing the page without any ring end.
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

/* An assert() of the code under test can be expected: expect_assert_failure(). */
#undef assert
#define assert(cond_) mock_assert((int)(cond_), #cond_, __FILE__, __LINE__)

/* Leaves a test out, and says why. On the standard output, as cmocka's lines are. */
#define SKIP(why_) do { printf("# skipped: %s\n", why_); fflush(stdout); skip(); } while (0)

#define RUN_TESTS(tests_) cmocka_run_group_tests(tests_, NULL, NULL)

/* A zeroed page of its own, so that a sanitiser sees each step past it. */
static inline void *page_new(void)
{
	void *page = aligned_alloc(XEN_PAGE, XEN_PAGE);

	if (!page)
		abort();
	memset(page, 0, XEN_PAGE);
	return page;
}

/* The four index words, the same in both rings. */
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
