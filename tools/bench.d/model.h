/* SPDX-License-Identifier: MIT */
/* model.h - runs the workers of both daemons on a machine whose time is counted, not measured
 *
 * Theory of operation. The workers' own code runs, with its loop, its polling and its sleeps, in this
 * process and on one thread. Each worker has a clock. A call that it makes of the kernel or of Xen's
 * libraries is made, is counted, and moves its clock by a fixed cost; then the worker whose clock is behind
 * goes on. So two workers move as if each had a processor, and a run gives the same counts however
 * loaded or fast this machine is.
 *
 * The linker puts the functions of model.c between the daemons' objects and the libraries (--wrap in the
 * Makefile). A TAP is a socket pair, whose far end is the caller's. What a worker writes to its TAP is
 * handed to the caller before the write returns, as Linux runs a network stack in that write.
 *
 * Under callgrind only the instructions of the workers between model_measure() calls are collected.
 */
#ifndef NETPAIR_BENCH_MODEL_H
#define NETPAIR_BENCH_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_US 1000ull
#define MODEL_MS 1000000ull

/* The most bytes of a frame with its virtio_net_hdr. */
#define MODEL_FRAME_MAX 66000u

struct taplimit_sums;

struct model_tap {
	int fd;				/* the worker's end */
	int far;
	unsigned int queued;		/* frames that the worker has not read */
	struct taplimit_sums *sums;	/* in which the frames are added up, as taplimit.h's filter does; NULL: none */
	void (*on_frame)(struct model_tap *t, size_t len);	/* the worker wrote a frame of len bytes with its header */
	void (*on_read)(struct model_tap *t);	/* the worker took a frame off the queue */
};

/* Makes each domain's only processor that of its worker, if on; called before the workers start. */
void model_uniprocessor(bool on);

/* Makes the socket pair of a TAP. */
void model_tap_open(struct model_tap *t);

/* Puts a frame in the queue that the worker reads. */
void model_tap_send(struct model_tap *t, const void *frame, size_t len);

/* Returns the present time in nanoseconds, from 0. */
uint64_t model_now(void);

/* Calls tick at that time, once. */
void model_at(uint64_t ns, void (*tick)(void));

/* Runs the workers until done returns true. Ends the program if nothing happens any more. */
void model_run(bool (*done)(void));

/* Begins, or ends, to count calls and instructions. */
void model_measure(bool on);

/* Returns the calls of worker i, in the order in which they were started, that were measured. */
uint64_t model_calls(unsigned int i);

/* Prints which calls of worker i were measured, and how many of each for a unit. */
void model_print_calls(unsigned int i, double units);

#endif
