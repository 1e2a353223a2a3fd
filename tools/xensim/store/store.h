/* SPDX-License-Identifier: MIT */
/* The xenstore server, as the rest of the host sees it. */
#ifndef XENSIM_STORE_H
#define XENSIM_STORE_H

#include <stdint.h>

/** Make the tree with its root. */
void store_init(void);

/** A client of domain @domid connected.  Owns @fd. */
void store_connect(int fd, uint32_t domid);

/** Set a node as dom0, with @owner as its owner and @reader (or -1) allowed to read. */
void store_put(const char *path, const char *value, uint32_t owner, int reader);

/** Remove a path and all below it. */
void store_wipe(const char *path);

/** The domain can be talked to: @introduceDomain. */
void store_introduce(uint32_t domid);

/** The domain is gone or going: @releaseDomain. */
void store_release(uint32_t domid);

/** A domain has a new id: its clients are that one's from now on, their transactions are lost. */
void store_rename(uint32_t from, uint32_t to);

/** Its nodes are made: watches are set again, as Linux does on resume, and fire once. */
void store_resume(uint32_t domid);

/** End the connections of a domain that no longer exists. */
void store_domain_gone(uint32_t domid);

/** Neither read nor answer until store_go_on(): as a xenstored with SIGSTOP. */
void store_hold(void);
void store_go_on(void);

/** End all connections: as when xenstored dies. What it knows stays. */
void store_hang_up(void);

/** Forget every node. */
void store_forget(void);

/** Nodes, watches and connections that a domain has now. */
void store_count(uint32_t domid, uint32_t *nodes, uint32_t *watches, uint32_t *conns);

#endif
