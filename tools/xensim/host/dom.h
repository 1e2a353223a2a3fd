/* SPDX-License-Identifier: MIT */
/* Domains: what each of them owns. */
#ifndef XENSIM_DOM_H
#define XENSIM_DOM_H

#include "../abi.h"
#include "loop.h"

#include <stddef.h>

#define DOM_FIRST_REF 8u /* Xen keeps the first ones for itself */

enum port_state { PORT_FREE, PORT_UNBOUND, PORT_BOUND };

struct handle;

/** One end of an event channel. */
struct port {
	enum port_state state;
	uint32_t remote_dom;
	uint32_t remote_port;
	struct handle *owner;
};

/** Who holds one granted page. */
struct page {
	uint16_t maps;
	uint8_t shared;
};

/** What unmapping or unsharing does besides. */
struct ending {
	uint32_t flags;
	uint32_t offset;
	uint32_t port;
};

/** One map or share call of a handle. */
struct holding {
	struct holding *next;
	uint32_t id;
	uint32_t count;
	struct ending end;
	struct held {
		uint32_t domid;
		uint32_t ref;
		uint32_t page;
	} item[];
};

/** One open device of a process of a domain: one connection. */
struct handle {
	struct source src;
	struct handle *next;
	struct dom *dom;
	uint32_t kind;
	uint32_t id;
	uint32_t next_id;
	int efd;
	int pid;
	struct holding *held;
};

struct dom_listener;

/** The xenstore's part of a fault rule: a path's end and (or NULL) a value. */
struct point {
	char *path;
	char *value;
	uint32_t seen;
};

/** A domain. */
struct dom {
	struct dom *next;
	uint32_t id;
	char *name;
	char *dir;
	char *netns;
	int driver;
	char uuid[40]; /* stays when it is restored */
	struct dom_listener *xen;
	struct dom_listener *store;
	struct handle *handles;
	struct xsim_gnt *gnt;
	struct xsim_evt *evt;
	uint8_t *pages_map;
	int gnt_fd;
	int evt_fd;
	int pages_fd;
	struct page *pages;
	uint32_t nr_pages; /* in use */
	uint32_t nr_refs;
	uint32_t nr_ports;
	uint32_t max_pages; /* as gntalloc's limit */
	uint32_t next_page;
	uint32_t next_ref;
	struct point point[XSIM_MAX_FAULTS];
	uint32_t nr_clears; /* "fault clear" so far: ends a storm */
	struct port port[XSIM_NR_PORTS];
};

/** A domain's listening socket. */
struct dom_listener {
	struct source src;
	struct dom *dom;
};

struct dom_options {
	uint32_t max_pages;
	uint32_t max_refs;
	uint32_t domid; /* 0: the next that was never used */
};

/** All living domains, in the order of their ids. */
extern struct dom *doms;

/** Make a domain with its sockets below @state_dir.  NULL and errno. */
struct dom *dom_create(const char *state_dir, uint32_t id, const char *name, const struct dom_options *opt);

/** Listen for clients of the xenstore; -1 and errno. */
int dom_store_open(struct dom *d);

/** No longer. */
void dom_store_close(struct dom *d);

/** Do not take new clients for now, or do again. */
void dom_store_pause(struct dom *d);
void dom_store_go_on(struct dom *d);

/** End a domain: its handles, grants, channels, sockets and directory. */
void dom_destroy(struct dom *d);

/** Give a domain a new id, as when it is restored: its ports and grants end, its handles stay. */
void dom_rename(struct dom *d, uint32_t id);

/** The domain with this id; NULL if none lives. */
struct dom *dom_find(uint32_t id);

/** The domain with this name or number; NULL if none lives. */
struct dom *dom_named(const char *name);

/** Connection @fd of a process of @d: a new handle.  Owns @fd. */
void handle_new(struct dom *d, int fd);

/** End a handle and what it holds. */
void handle_end(struct handle *h);

/* grants.c: each fills @rep and returns 0 or an errno. */
int grants_share(struct handle *h, const struct xsim_req *req, struct xsim_rep *rep);
int grants_map(struct handle *h, const struct xsim_req *req, struct xsim_rep *rep);
int grants_release(struct handle *h, uint32_t id);
void grants_release_all(struct handle *h);
/** The domain of @h was saved: what it granted is memory only, what it mapped is gone. */
void grants_forget(struct handle *h);
/** Maps of @from's pages are @to's from now on: they keep the pages from being reused. */
void grants_follow(uint32_t from, uint32_t to);
/** Whether @granter grants @to anything now. */
int grants_any(const struct dom *granter, uint32_t to);

/* events.c: as above. */
int events_unbound(struct handle *h, const struct xsim_req *req, struct xsim_rep *rep);
int events_bind(struct handle *h, const struct xsim_req *req, struct xsim_rep *rep);
int events_close(struct handle *h, uint32_t port);
int events_peer(struct handle *h, uint32_t port, struct xsim_rep *rep, int fds[2]);
int events_later(struct handle *h, const struct xsim_req *req);
void events_close_all(struct handle *h);
/** Notify the other end of @d's @port. */
void events_notify(struct dom *d, uint32_t port);
/** Make @d's own @port pending, as if its peer had notified it. */
void events_raise(struct dom *d, uint32_t port);

#endif
