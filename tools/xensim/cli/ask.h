/* SPDX-License-Identifier: MIT */
/* ask.h - how the command asks the host: requests and answers at DIR/ctl.sock */
#ifndef XENSIM_ASK_H
#define XENSIM_ASK_H

#include <stdint.h>

/* A domain as the host describes it. */
struct ask_dom {
	uint32_t id;
	char name[64];
	char dir[256];
	char netns[128]; /* empty: none */
};

/* Sets the host's directory: dir, below the current one if it is relative; ends the process if it is too long. */
void ask_set_dir(const char *dir);

/* Returns the host's directory. */
const char *ask_dir(void);

/* Asks the host. Returns its text, to be freed; ends the process if the host refuses or does not run. */
char *ask_host(char **words, int n);

/* Asks the host to do word to a domain; ends the process as ask_host() does. */
void ask_on_domain(const char *word, const char *domain);

/* Finds a domain by name or number; ends the process if there is none. */
void ask_lookup(const char *name, struct ask_dom *d);

/* Asks the host to stop and waits until it is gone. Returns 0, or -1 if no host runs; ends the process if it hangs. */
int ask_stop(void);

#endif
