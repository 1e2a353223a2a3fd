/* SPDX-License-Identifier: MIT */
/* wraps.h - the functions that the linker puts between the daemons' objects and the libraries for model.c:
 * __wrap_F is called instead of F, and __real_F is F */
#ifndef NETPAIR_BENCH_WRAPS_H
#define NETPAIR_BENCH_WRAPS_H

#include <liburing.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <xenevtchn.h>
#include <xengnttab.h>

/* The calls that are counted. */
#define CALL_LIST(X_) \
	X_(EPOLL_WAIT, "epoll_wait") X_(NANOSLEEP, "nanosleep") X_(SCHED_YIELD, "sched_yield") \
	X_(READ, "read") X_(READV, "readv") X_(WRITE, "write") X_(WRITEV, "writev") \
	X_(IO_URING_SUBMIT, "io_uring") X_(IO_URING_SUBMIT_AND_WAIT, "io_uring-cancel") X_(EVTCHN_READ, "evtchn-read") \
	X_(EVTCHN_UNMASK, "evtchn-unmask") X_(EVTCHN_NOTIFY, "evtchn-notify") X_(GRANT_COPY, "grant-copy")
#define CALL_ENUM(id_, name_) CALL_##id_,
#define CALL_NAME(id_, name_) name_,

enum call { CALL_LIST(CALL_ENUM) CALLS };

/* WRAP(TYPE, F, ARGUMENTS): declares both. */
#define WRAP(type_, f_, ...) \
	type_ __wrap_##f_(__VA_ARGS__); \
	type_ __real_##f_(__VA_ARGS__);

WRAP(int, pthread_create, pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *arg), void *arg)
WRAP(int, pthread_join, pthread_t thread, void **result)
WRAP(int, pthread_tryjoin_np, pthread_t thread, void **result)
WRAP(bool, boost_is_wanted, void)
WRAP(int, clock_gettime, clockid_t clock, struct timespec *ts)
WRAP(int, epoll_wait, int fd, struct epoll_event *ev, int max, int timeout_ms)
WRAP(int, nanosleep, const struct timespec *ts, struct timespec *left)
WRAP(int, sched_yield, void)
WRAP(ssize_t, read, int fd, void *buf, size_t len)
WRAP(ssize_t, readv, int fd, const struct iovec *iov, int n)
WRAP(ssize_t, write, int fd, const void *buf, size_t len)
WRAP(ssize_t, writev, int fd, const struct iovec *iov, int n)
WRAP(int, io_uring_submit, struct io_uring *ring)
WRAP(int, io_uring_submit_and_wait, struct io_uring *ring, unsigned int wait)
WRAP(xenevtchn_port_or_error_t, xenevtchn_pending, xenevtchn_handle *e)
WRAP(int, xenevtchn_unmask, xenevtchn_handle *e, evtchn_port_t port)
WRAP(int, xenevtchn_notify, xenevtchn_handle *e, evtchn_port_t port)
WRAP(int, xengnttab_grant_copy, xengnttab_handle *g, uint32_t n, xengnttab_grant_copy_segment_t *seg)

#endif
