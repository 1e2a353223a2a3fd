/* SPDX-License-Identifier: MIT */
/* The host process and the command's way to it. */
#ifndef XENSIM_HOST_H
#define XENSIM_HOST_H

#include "dom.h"

/** How a host is started. */
struct host_options {
	const char *dir;
	int foreground;
	int netns; /* dom0 gets a network namespace of its own */
	struct dom_options dom;
};

/** Be the host until stopped; returns the exit code. With !foreground returns once it runs. */
int host_start(const struct host_options *opt);

/* state.c */

/** Take @dir for a new host, cleared of what a dead one left; ends the process if it cannot be had. */
void state_take(const char *dir);

/** Write the host's process id into its lock; -1 and errno. */
int state_sign(void);

/** Remove all that a host has made below @dir, and @dir if nothing else is there. */
void state_remove(const char *dir);

/** The same for a host that is dead or @dying: -1 and errno if it is not (EWOULDBLOCK) or there was none. */
int state_clear(const char *dir, int dying);

/** Remove a network namespace. */
void state_netns_remove(const char *name);

/** The directory of the running host. */
const char *host_dir(void);

/** Make a domain with its nodes, and a namespace if wanted; NULL, and one line in *why. */
struct dom *host_domain(const char *name, int netns, int driver, const struct dom_options *opt, char **why);

/** Save and restore a domain: it has a new id and new nodes, and nothing of what it shared. */
void host_restore(struct dom *d);

/** Make dom0's nodes, in a xenstore that knows nothing. */
void host_dom0_nodes(void);

/* outage.c: the xenstore apart from the rest. */

/** Stop, continue, kill or start it (start --empty: with nothing in it); 0, or -1 and one line in *why. */
int outage(char **words, int n, char **why);

/** Whether it serves. */
int outage_none(void);

/** End a domain and all that is its. */
void host_destroy(struct dom *d);

/** Start to answer commands at DIR/ctl.sock; -1 and errno. */
int ctl_init(const char *dir, const struct dom_options *defaults);

/** Send @sig to every process of the domain whose directory is @dom_dir; how many got it. */
int procs_signal(const char *dom_dir, int sig);

/* faults.c: both fill one line for the user and return 0 or -1. */

/** Add a rule: words as in "fault DOM copy fail last status=-3". */
int fault_add(struct dom *d, char **words, int n, char **why);

/** Drop all rules of a domain. */
void fault_clear(struct dom *d);

/** A process of @domid has written to the xenstore: strike, if a rule says so. */
void fault_store(uint32_t domid, const char *path, const char *value, size_t len);

/** A process of @domid reads a node that is there: the errno that a rule wants it to get, or 0. */
int fault_read(uint32_t domid, const char *path);

/** Command lines' "key=value" or "--key=value": the value, or NULL. */
const char *option(const char *arg, const char *key);

#endif
