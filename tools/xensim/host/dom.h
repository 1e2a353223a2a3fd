/* SPDX-License-Identifier: MIT */
/* dom.h - domains, and what each of them owns
 *
 * dom.c makes the memory of a domain.  Ports are changed by events.c, pages and
 * references by grants.c, handles by handle.c, the sockets by sockets.c.
 */
#ifndef XENSIM_DOM_H
#define XENSIM_DOM_H

#include "tools/xensim/abi.h"
#include "tools/xensim/base/loop.h"

#include <stddef.h>

#define DOM_FIRST_REF 8u /* Xen reserves the references before it */

enum port_state { PORT_FREE, PORT_UNBOUND, PORT_BOUND };

struct handle;

/* One end of an event channel. */
struct port {
	enum port_state state;
	uint32_t remote_dom;
	uint32_t remote_port;
	struct handle *owner;
};

/* What holds one page: maps of it, and whether it is granted. */
struct page {
	uint16_t maps;
	uint8_t shared;
};

/* What unmapping or unsharing does in addition (XSIM_F_CLEAR_BYTE, XSIM_F_SEND_EVENT). */
struct ending {
	uint32_t flags;
	uint32_t offset;
	uint32_t port;
};

/* What one map or share call of a handle holds. */
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

/* One open device of a process of a domain, which is one connection. */
struct handle {
	struct source src;
	struct handle *next;
	struct dom *dom;
	uint32_t kind;
	uint32_t id;
	uint32_t next_id;
	int efd;
	int pid;
	uint32_t only; /* the one domain whose ports it may bind; 0: any */
	struct holding *held;
};

struct listener;

/* The xenstore's part of a fault rule: the end of a path and a value (NULL: any). */
struct fault_point {
	char *path;
	char *value;
	uint32_t seen;
};

/* A domain. */
struct dom {
	struct dom *next;
	uint32_t id;
	char *name;
	char *dir;
	char *netns;
	int driver;
	char uuid[40]; /* does not change when it is restored */
	struct listener *xen_listener;
	struct listener *store_listener;
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
	uint32_t max_pages; /* gntalloc's limit */
	uint32_t next_page;
	uint32_t next_ref;
	struct fault_point fault_point[XSIM_MAX_FAULTS];
	uint32_t nr_clears; /* of its fault rules; a change ends a storm */
	struct port port[XSIM_NR_PORTS];
};

struct dom_options {
	uint32_t max_pages;
	uint32_t max_refs;
	uint32_t domid; /* 0: the next id that was never used */
};

/* All living domains, in the order of their ids. */
extern struct dom *doms;

/* Makes a domain with its memory and its directory below state_dir. Returns NULL and errno on failure. */
struct dom *dom_create(const char *state_dir, uint32_t id, const char *name, const struct dom_options *opt);

/* Tells the processes that have the domain's memory mapped that it is dead. */
void dom_mark_dead(struct dom *d);

/* Removes a domain's directory and memory; its handles and sockets are closed already. Keeps errno. */
void dom_destroy(struct dom *d);

/* Gives a domain a new id. */
void dom_set_id(struct dom *d, uint32_t id);

/* Returns the domain with this id, or NULL. */
struct dom *dom_find(uint32_t id);

/* Returns the domain with this name or number, or NULL. */
struct dom *dom_named(const char *name);

#endif
