/* SPDX-License-Identifier: MIT */
/* vif_cmds.h - commands on VIFs
 *
 * Each returns the exit code, or ends the process with a line on stderr.
 */
#ifndef XENSIM_VIF_CMDS_H
#define XENSIM_VIF_CMDS_H

int cmd_attach(int argc, char **argv);
int cmd_detach(int argc, char **argv);

/* Destroys a domain, its VIFs first. */
int cmd_destroy(int argc, char **argv);

#endif
