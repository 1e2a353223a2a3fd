/* SPDX-License-Identifier: MIT */
/* agent.h - commands in a guest, over xenstore: the guest's end and dom0's
 *
 * dom0 writes a command to data/lab/cmd/SEQ of the guest's directory. The agent
 * takes it away, runs it, and writes data/lab/r/SEQ: "STATUS CHUNKS " and the first
 * AGENT_CHUNK bytes of its output; what is longer lies in data/lab/r/SEQ/1, /2, ...
 * before that. An agent that finds no data/lab/cmd, after boot or restore, says
 * data/lab/ready. So dom0 waits for nothing but events, and nothing depends on the
 * network under test.
 */
#ifndef LABTOOL_AGENT_H
#define LABTOOL_AGENT_H

/* xenstored's limit for a guest's node is 2048, with what it keeps beside the value. */
#define AGENT_CHUNK 1792

/* So many chunks are enough for any verdict; what is longer stays in the guest. */
#define AGENT_CHUNKS_MAX 16

/* The guest's first program at the end of its init: runs commands, for ever. */
int agent_main(void);

/* What dom0 asks for; each returns a program's status.
 * spawn: starts a command and prints its number. wait: prints what it printed, and
 * returns its status; 124: not within so many seconds; 125: the guest has gone.
 * ready: waits for the agent; 124 and 125 likewise. */
int agent_spawn(const char *domid, const char *command);
int agent_wait(const char *domid, const char *seq, unsigned int seconds);
int agent_run(const char *domid, const char *command, unsigned int seconds);
int agent_ready(const char *domid, unsigned int seconds);

/* Prints a node's value; status 1 where there is none. */
int agent_node(const char *path);

/* Waits until a node has this value, or with NULL until there is one. Prints its value, also if
 * that is another when the time is over: status 124. */
int agent_await_node(const char *path, const char *value, unsigned int seconds);

#endif
