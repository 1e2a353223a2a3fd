/* SPDX-License-Identifier: MIT */
/* systemd.h - libsystemd, which is loaded by the first call of one of its functions
 *
 * A data process is the same program as control, and calls none of them. With libsystemd linked, the
 * relocations of it and of the six libraries that it needs would be 130 KiB of private memory for each
 * guest, and a part of the time that a data process takes to start.
 *
 * Files that call libsystemd include this instead of its headers.
 */
#ifndef NETPAIR_SYSTEMD_H
#define NETPAIR_SYSTEMD_H

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

/* The functions that we use. */
#define SYSTEMD_EACH(one) \
	one(sd_event_add_io) one(sd_event_add_signal) one(sd_event_add_time) one(sd_event_add_time_relative) \
	one(sd_event_dispatch) one(sd_event_exit) one(sd_event_loop) one(sd_event_new) one(sd_event_prepare) \
	one(sd_event_run) one(sd_event_source_disable_unref) one(sd_event_source_set_enabled) \
	one(sd_event_source_set_floating) one(sd_event_source_set_priority) one(sd_event_source_set_time) \
	one(sd_event_source_set_time_relative) one(sd_event_source_unref) one(sd_event_unref) one(sd_event_wait) \
	one(sd_listen_fds_with_names) one(sd_notify) one(sd_notify_barrier) one(sd_pid_notify_with_fds) \
	one(sd_watchdog_enabled)

#define SYSTEMD_POINTER(name) __typeof__(name) *name;
struct systemd { SYSTEMD_EACH(SYSTEMD_POINTER) };

/* Returns the functions. If the library cannot be loaded, logs why and ends the program. */
const struct systemd *systemd(void);

#ifndef SYSTEMD_LOADER	/* systemd.c needs the names as they are */
#define sd_event_add_io systemd()->sd_event_add_io
#define sd_event_add_signal systemd()->sd_event_add_signal
#define sd_event_add_time systemd()->sd_event_add_time
#define sd_event_add_time_relative systemd()->sd_event_add_time_relative
#define sd_event_dispatch systemd()->sd_event_dispatch
#define sd_event_exit systemd()->sd_event_exit
#define sd_event_loop systemd()->sd_event_loop
#define sd_event_new systemd()->sd_event_new
#define sd_event_prepare systemd()->sd_event_prepare
#define sd_event_run systemd()->sd_event_run
#define sd_event_source_disable_unref systemd()->sd_event_source_disable_unref
#define sd_event_source_set_enabled systemd()->sd_event_source_set_enabled
#define sd_event_source_set_floating systemd()->sd_event_source_set_floating
#define sd_event_source_set_priority systemd()->sd_event_source_set_priority
#define sd_event_source_set_time systemd()->sd_event_source_set_time
#define sd_event_source_set_time_relative systemd()->sd_event_source_set_time_relative
#define sd_event_source_unref systemd()->sd_event_source_unref
#define sd_event_unref systemd()->sd_event_unref
#define sd_event_wait systemd()->sd_event_wait
#define sd_listen_fds_with_names systemd()->sd_listen_fds_with_names
#define sd_notify systemd()->sd_notify
#define sd_notify_barrier systemd()->sd_notify_barrier
#define sd_pid_notify_with_fds systemd()->sd_pid_notify_with_fds
#define sd_watchdog_enabled systemd()->sd_watchdog_enabled
#endif

#endif
