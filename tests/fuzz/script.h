/* SPDX-License-Identifier: MIT */
/* script.h - what surrounds a daemon's control side in fuzz-vif and fuzz-nic: a clock, a log that is
 * silent, and a xenstore and devices that fail or change when the input says so
 *
 * Defines log_line(), log_bucket_line(), log_bucket_tell(), now_us() and kernel_take_over() in place of the
 * real ones. FUZZ_LOG=1 in the environment prints what the daemon logs.
 */
#ifndef NETPAIR_FUZZ_SCRIPT_H
#define NETPAIR_FUZZ_SCRIPT_H

#include <stdint.h>

/* So many more requests to the store, and calls of a TAP, are changed as the input says. */
extern unsigned int script_store_faults, script_tap_faults;

/* The daemon's connection to xenstored; NULL: none. What a daemon could not read or write only because
 * it is lost must not be logged above info: that it is lost is logged once. */
struct store;
extern const struct store *script_store;

/* In microseconds. Each reading of the clock moves it on. */
extern uint64_t script_clock;

/* Starts the faults of store and TAPs, with none pending. Most values of keys are taken from this list. */
void script_start(const char *const *words, unsigned int n);

/* Ends the faults: from now on nothing fails. */
void script_calm(void);

/* Is defined by the target: does what toolstack and peers do, also between two reads of the daemon. */
void script_others(uint8_t what);

/* Writes a number as text. */
void script_put(const char *dir, const char *key, unsigned int value);

/* Writes or removes a key of a list. The input chooses the key and its value. */
void script_write_key(const char *dir, const char *const *keys, unsigned int n);

#endif
