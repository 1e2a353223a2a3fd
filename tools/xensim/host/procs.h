/* SPDX-License-Identifier: MIT */
/* procs.h - the processes of a domain: all that have its directory in their environment */
#ifndef XENSIM_PROCS_H
#define XENSIM_PROCS_H

/* Sends sig to every process of the domain whose directory is dom_dir. Returns how many got it. */
int procs_signal(const char *dom_dir, int sig);

#endif
