/* SPDX-License-Identifier: MIT */
/* restore.h - the command save-restore: saves and restores a guest in place */
#ifndef XENSIM_RESTORE_H
#define XENSIM_RESTORE_H

/* Saves and restores a domain with its VIFs: save-restore DOMAIN. Returns the exit code. */
int cmd_restore(int argc, char **argv);

#endif
