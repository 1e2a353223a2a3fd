/* SPDX-License-Identifier: MIT */
/* loop_control.h - the control thread */
#ifndef NETPAIR_LOOP_CONTROL_H
#define NETPAIR_LOOP_CONTROL_H

struct loop;

/* Makes the control thread's loop, with all but xenstored and the daemon's own sources.
 * Ends the program with a line on stderr if that fails. */
void loop_control_init(struct loop *l);

/* Is the control thread; arg is the struct loop. Signals done_fd at its end. Returns NULL. */
void *loop_control_main(void *arg);

#endif
