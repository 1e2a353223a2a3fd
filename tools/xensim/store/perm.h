/* SPDX-License-Identifier: MIT */
/* perm.h - permissions of nodes
 *
 * The first entry names the owner, which may do everything, and what a domain
 * without an entry may do; dom0 may do everything.
 */
#ifndef XENSIM_PERM_H
#define XENSIM_PERM_H

#include "tree.h"

#include <stddef.h>

/* Returns what domid may do with a node of these permissions: a set of PERM_*. */
uint32_t perm_bits(uint32_t domid, const struct perm *perm, uint32_t nr);

/* Returns the node at path as tx sees it, if domid has all of need; else
 * NULL and ENOENT or EACCES.  ENOENT is said only if the nearest existing
 * parent grants some of need. */
const struct node *perm_read(struct tx *tx, uint32_t domid, const char *path, uint32_t need);

/* Lets domid act for target, too. */
void perm_set_target(uint32_t domid, uint32_t target);

/* Forgets the target of a domain, and the domain as a target. */
void perm_forget(uint32_t domid);

/* Reads permissions from NUL-terminated strings. Returns their number, or 0 if one is malformed. */
uint32_t perm_parse(const char *s, size_t len, struct perm *perm, uint32_t max);

/* Returns the letter that xenstore's protocol has for bits. */
char perm_letter(uint32_t bits);

#endif
