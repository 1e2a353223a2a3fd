/* SPDX-License-Identifier: MIT */
/* exec.h - the command exec */
#ifndef XENSIM_EXEC_H
#define XENSIM_EXEC_H

/* Runs a command as a process of a domain: exec DOMAIN -- COMMAND... Returns only by ending the process. */
int cmd_exec(int argc, char **argv);

#endif
