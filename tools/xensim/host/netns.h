/* SPDX-License-Identifier: MIT */
/* netns.h - network namespaces of domains, made with iproute2 */
#ifndef XENSIM_NETNS_H
#define XENSIM_NETNS_H

/* Makes a network namespace whose lo is up. Returns 0, or -1 and EEXIST or EPERM. */
int netns_add(const char *name);

/* Removes a network namespace. */
void netns_remove(const char *name);

#endif
