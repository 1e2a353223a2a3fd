/* SPDX-License-Identifier: MIT */
/* hooks.h - what the xenstore asks of the host around it */
#ifndef XENSIM_HOOKS_H
#define XENSIM_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store_hooks {
	/* Returns whether a domain with this id is alive. */
	bool (*domain_exists)(uint32_t domid);
	/* A client of domid reads a node that exists. Returns 0, or the errno that it shall get. */
	int (*on_read)(uint32_t domid, const char *path);
	/* A client of domid has written a node; its reply is not sent yet. */
	void (*on_write)(uint32_t domid, const char *path, const char *value, size_t len);
};

/* Registers the host's functions; hooks stays valid. Called before the first client connects. */
void store_hooks_set(const struct store_hooks *hooks);

/* Returns the registered functions. */
const struct store_hooks *store_hooks_get(void);

#endif
