/* SPDX-License-Identifier: MIT */
/* util.h - idioms that C lacks, and scalar types that must not be mixed up
 *
 * libxengnttab and libxenevtchn take domain, grant and port as bare uint32_t
 * in a row. Here each is a struct of its own, so that a swapped argument does
 * not compile. Only code that calls a library or writes to a ring uses .raw
 * (tools/check-raw).
 */
#ifndef NETPAIR_UTIL_H
#define NETPAIR_UTIL_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* For every function whose result is an error, or tells of a step that the caller owes. */
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt_, args_) __attribute__((format(printf, fmt_, args_)))

/* For a large local buffer on a hot path that is written before it is read, as
 * -ftrivial-auto-var-init would clear it for every packet. */
#if defined(__has_attribute) && __has_attribute(uninitialized)
#define UNINITIALISED __attribute__((uninitialized))
#else
#define UNINITIALISED
#endif

#define ARRAY_SIZE(a_) (sizeof(a_) / sizeof((a_)[0]))

#define container_of(ptr_, type_, member_) \
	((type_ *)(void *)((char *)(ptr_) - offsetof(type_, member_)))

/* Bytes of a Xen page, and so the most bytes of one grant or one slot. */
#define XEN_PAGE 4096u

struct domid { uint16_t raw; };
struct gref { uint32_t raw; };
struct evport { uint32_t raw; };

static inline struct domid domid_of(uint16_t raw)
{
	return (struct domid){ raw };
}

static inline struct gref gref_of(uint32_t raw)
{
	return (struct gref){ raw };
}

static inline struct evport evport_of(uint32_t raw)
{
	return (struct evport){ raw };
}

static inline size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

#endif
