/* SPDX-License-Identifier: MIT */
#ifndef XENSIM_RESTORE_H
#define XENSIM_RESTORE_H

/** Saves and restores a domain with its VIFs: save-restore DOMAIN. Returns the exit code. */
int cmd_restore(int argc, char **argv);

#endif
