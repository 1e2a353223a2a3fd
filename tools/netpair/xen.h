/* SPDX-License-Identifier: MIT */
/* xen.h - what only the hypervisor knows, asked by libxenctrl
 *
 * Only in dom0 the hypervisor answers. Elsewhere, and where there is no Xen, nothing is known.
 */
#ifndef NETPAIR_TOOL_XEN_H
#define NETPAIR_TOOL_XEN_H

#include <stdint.h>

#include <jansson.h>

#include "common/base/util.h"

/* Adds rows of `netpair check`: Xen's version, and the limits of grant tables and event channels. */
void xen_add_facts(json_t *rows);

/* Gets the processor time that a domain has used, in nanoseconds. Returns 0 or -errno. */
MUST_CHECK int xen_domain_time(uint32_t domid, uint64_t *ns);

#endif
