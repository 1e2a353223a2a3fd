/* SPDX-License-Identifier: MIT */
/* xen.h - what only the hypervisor knows, asked by libxenctrl
 *
 * Only in dom0 the hypervisor answers. Elsewhere, and where there is no Xen, nothing is known.
 */
#ifndef NETPAIR_TOOL_XEN_H
#define NETPAIR_TOOL_XEN_H

#include <stdint.h>

#include "common/base/util.h"

/* Bytes for a fact. */
#define XEN_FACT_MAX 80

/* Calls add(arg, what, fact) for each fact that `netpair check` shows: Xen's version, and the use of this domain's grant
 * table and event channels. A fact that is not known is "-". */
void xen_each_fact(void (*add)(void *arg, const char *what, const char *fact), void *arg);

/* Gets the processor time that a domain has used, in nanoseconds. Returns 0 or -errno. */
MUST_CHECK int xen_domain_time(uint32_t domid, uint64_t *ns);

#endif
