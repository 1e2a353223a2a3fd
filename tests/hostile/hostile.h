/* SPDX-License-Identifier: MIT */
/* hostile.h - the verdicts on cases of a hostile peer, and the helpers of both programs
 *
 * A case does something and names the verdict that the daemon under test must
 * reach. The verdict is read from three places:
 * - what the peer sees: responses, xenbus states, the error node;
 * - memory of the peer that the daemon must not write;
 * - the counters of the connection, if the daemon's log is readable (--log).
 * A probe after each case shows that the interface, or a fresh connection after
 * a fault, still works.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <xenstore.h>
#include <xen/io/xenbus.h>

#define PAGE 4096u
#define SLOTS 256u

enum verdict {
	V_PASS,		/* taken as it is; nothing but .want is counted as dropped */
	V_DROP,		/* dropped, counted as .want says; the rest goes on */
	V_FAULT,	/* the interface is closed, .want is the reason (its start) */
	V_REFUSE,	/* the connection is turned down, .want is the reason (its start) */
	V_ANY,		/* any of these, but nothing breaks and a fresh start works */
};

const char *verdict_name(enum verdict v);

/* A key in place of what a correct peer writes; NULL: the key is left out.
 * A value "@name" stands for a grant or port that the program makes. */
struct key {
	const char *name;
	const char *value;
};

/* The first thing that went wrong in a case; "" while nothing did. */
struct trouble { char text[240]; };

void trouble(struct trouble *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

uint64_t now_us(void);

/* Waits n milliseconds where no event can be awaited: a race that needs time to
 * occur, or proof that nothing happens. */
void pass_time(unsigned int ms);

/* A daemon's log that grows. Only lines after the mark are read. */
struct logfile {
	int fd;		/* -1: none */
	int notify;
	off_t mark;
};

bool log_open(struct logfile *l, const char *path);
void log_mark(struct logfile *l);

/* Waits for a line with all of a and b in it; copies it to line. */
bool log_wait(struct logfile *l, const char *a, const char *b, char *line, size_t len, unsigned int ms);

/* Returns the value of a counter in a log line; 0 if it is not named. */
uint64_t counter(const char *line, const char *name);

/* Compares a line's drop and fault counters with "name=n name=n"; others must
 * not be there. */
void check_counters(struct trouble *t, const char *line, const char *want);

char *store_get(struct xs_handle *xs, const char *dir, const char *key);
void store_put(struct xs_handle *xs, xs_transaction_t tx, const char *dir, const char *key, const char *value);
void store_put_u32(struct xs_handle *xs, xs_transaction_t tx, const char *dir, const char *key, uint32_t value);
void store_rm(struct xs_handle *xs, xs_transaction_t tx, const char *dir, const char *key);
unsigned int store_state(struct xs_handle *xs, const char *dir);

/* Waits until dir/state (which is watched) is one of the states whose bits
 * are set. Returns the state; -1: the time is over. */
int store_wait_state(struct xs_handle *xs, const char *dir, unsigned int mask, unsigned int ms);

#define IS(state_) (1u << XenbusState##state_)
#define WAIT_MS 5000u

/* Runs $HOSTILE_HOOK with these words, if set: the host's side of a case
 * (faults, traffic). Returns false if there is none. */
bool hook_there(void);
bool hook(const char *verb, const char *words);

/* Returns a socket in another network namespace; -1: an error. */
int socket_in(const char *netns, int family, int type);

/* A thread that calls fn(arg) repeatedly until it is stopped. */
struct again;
struct again *again_start(void (*fn)(void *arg), void *arg);
void again_stop(struct again *a);

/* Returns a cheap random number, not for cryptography. */
uint32_t surprise(uint32_t *seed);

/* Prints a case's line of the table, and counts it. */
struct score { unsigned int passed, failed, skipped; };

void report(struct score *s, const char *who, unsigned int group, const char *name, enum verdict v,
	    const char *want, const struct trouble *t);
void report_skip(struct score *s, const char *who, unsigned int group, const char *name, const char *why);

#endif
