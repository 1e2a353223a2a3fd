/* SPDX-License-Identifier: MIT */
/* hostile.h - what a case of an ill-behaved peer is judged by, and the helpers of both programs
 *
 * A case does something and names the verdict that the daemon under test must
 * come to. The verdict is read from three places: what the peer itself sees
 * (responses, xenbus states, the error node), what it can see of memory that
 * must not be written, and, where the daemon's log is at hand (--log), the
 * counters of the very connection. A probe after each case shows that the
 * interface, or a fresh connection after a fault, still works.
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
	V_ANY,		/* whichever; but nothing breaks and a fresh start works */
};

const char *verdict_name(enum verdict v);

/* A key in place of what an honest peer writes; NULL: the key is left out.
 * A value "@name" stands for a grant or port that the program makes. */
struct key {
	const char *name;
	const char *value;
};

/* The first thing that went wrong in a case; "" while nothing did. */
struct trouble { char text[240]; };

void trouble(struct trouble *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

uint64_t now_us(void);

/* Lets n milliseconds pass, for what has no event to be awaited: a race that
 * is given its time, or proof that nothing happens. */
void pass_time(unsigned int ms);

/* A daemon's log that grows. Lines from the mark on are looked at. */
struct logfile {
	int fd;		/* -1: none */
	int notify;
	off_t mark;
};

bool log_open(struct logfile *l, const char *path);
void log_mark(struct logfile *l);

/* Waits for a line with all of a and b in it; copies it to line. */
bool log_wait(struct logfile *l, const char *a, const char *b, char *line, size_t len, unsigned int ms);

/* The value of a counter in a log line; 0 if it is not named. */
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
 * are set; the state, or -1 if time ran out. */
int store_wait_state(struct xs_handle *xs, const char *dir, unsigned int mask, unsigned int ms);

#define IS(state_) (1u << XenbusState##state_)
#define WAIT_MS 5000u

/* Runs $HOSTILE_HOOK with these words, if set: the host's side of a case
 * (faults, traffic). False: there is none. */
bool hook_there(void);
bool hook(const char *verb, const char *words);

/* A socket of another network namespace, where it stays; -1. */
int socket_in(const char *netns, int family, int type);

/* A thread that does fn(arg) again and again until stopped. */
struct again;
struct again *again_start(void (*fn)(void *arg), void *arg);
void again_stop(struct again *a);

/* A cheap random number; not for more than to surprise. */
uint32_t surprise(uint32_t *seed);

/* The table line, and the counts of it. */
struct score { unsigned int passed, failed, skipped; };

void report(struct score *s, const char *who, unsigned int group, const char *name, enum verdict v,
	    const char *want, const struct trouble *t);
void report_skip(struct score *s, const char *who, unsigned int group, const char *name, const char *why);

#endif
