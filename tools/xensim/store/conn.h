/* SPDX-License-Identifier: MIT */
/* conn.h - the connections of the xenstore's clients */
#ifndef XENSIM_CONN_H
#define XENSIM_CONN_H

#include <stdint.h>

/* Serves a new client of domain domid.  Owns fd. */
void conn_accept(int fd, uint32_t domid);

/* Gives the clients of a domain its new id; their transactions are lost. */
void conn_rename(uint32_t from, uint32_t to);

/* Sets a domain's watches again once its nodes are made, as Linux does on resume; each fires once. */
void conn_renew_watches(uint32_t domid);

/* Ends the connections of a domain that no longer exists. */
void conn_end_domain(uint32_t domid);

/* Stops reading and answering until conn_resume_all(), as a xenstored with SIGSTOP does. */
void conn_pause_all(void);
void conn_resume_all(void);

/* Ends all connections, as when xenstored dies. The nodes stay. */
void conn_end_all(void);

/* Returns the number of connections that a domain has. */
uint32_t conn_count(uint32_t domid);

#endif
