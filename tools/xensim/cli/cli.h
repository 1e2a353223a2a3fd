/* SPDX-License-Identifier: MIT */
/* Inside the xensim command. */
#ifndef XENSIM_CLI_H
#define XENSIM_CLI_H

#include <stdint.h>

/** Where the host's sockets are. */
extern const char *cli_dir;

/** A domain as the host describes it. */
struct cli_dom {
	uint32_t id;
	char name[64];
	char dir[256];
	char netns[128]; /* empty: none */
};

/** Ask the host; its text in *text (to be freed). Ends the process if the host says no or is not there. */
void cli_ask(char **words, int n, char **text);

/** Look a domain up by name or number; ends the process if it is unknown. */
void cli_lookup(const char *name, struct cli_dom *d);

int cmd_exec(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_destroy(int argc, char **argv);
int cmd_restore(int argc, char **argv);

#endif
