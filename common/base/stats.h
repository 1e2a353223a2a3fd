/* SPDX-License-Identifier: MIT */
/* stats.h - counters: the fate of each packet, and the calls that the work took
 *
 * Both daemons use one list, so that a counter has one name everywhere. A worker is
 * the only writer of its counters; every thread may read them.
 *
 * Each packet is counted once: by STAT_GTX_PACKETS or STAT_GRX_PACKETS, or by the
 * counter of its drop reason (drop.h) in its direction.
 */
#ifndef NETPAIR_STATS_H
#define NETPAIR_STATS_H

#include <stdint.h>

#include "drop.h"

/* The counters in their order in the log. Those of the drop reasons follow the ones of
 * their direction. */
#define STATS_GTX_LIST(X_) \
	X_(GTX_PACKETS, "gtx_packets")			/* delivered */ \
	X_(GTX_BYTES, "gtx_bytes") \
	X_(GTX_MCAST, "gtx_mcast")			/* changes of the multicast list; they carry no frame */ \
	X_(GTX_REFUSED_SLOTS, "gtx_refused_slots")	/* slots that the backend answered with an error */
#define STATS_GRX_LIST(X_) \
	X_(GRX_PACKETS, "grx_packets") \
	X_(GRX_BYTES, "grx_bytes") \
	X_(GRX_STALLS, "grx_stalls")			/* slots lacked for so long that the carrier went down */ \
	X_(GRX_HASHED, "grx_hashed")			/* packets with a hash, on its queue */ \
	X_(GRX_HASH_WRONG_QUEUE, "grx_hash_wrong_queue")	/* packets with a hash, on another queue */
#define STATS_WORKER_LIST(X_) \
	X_(PEER_FAULTS, "peer_faults")			/* the ring was lost */ \
	X_(MASK_UNKNOWN, "mask_unknown_bits")		/* unknown bits of the event mask */ \
	X_(NOTIFY_SENT, "notify_sent") \
	X_(NOTIFY_RECEIVED, "notify_received") \
	X_(GRANT_OPS, "grant_ops")			/* copy segments */ \
	X_(GRANT_CALLS, "grant_calls")			/* ioctls */ \
	X_(SLEEPS, "sleeps") \
	X_(STORM_NAPS, "storm_naps") \
	X_(PORT_RESETS, "port_resets")			/* switches that broke the protocol */

#define STATS_ENUM_(id_, name_) STAT_##id_,
#define STATS_GTX_DROP_(id_, direction_, name_, help_) STAT_GTX_DROP_##id_,
#define STATS_GRX_DROP_(id_, direction_, name_, help_) STAT_GRX_DROP_##id_,
enum counter {
	STATS_GTX_LIST(STATS_ENUM_)
	DROP_LIST(STATS_GTX_DROP_)
	STATS_GRX_LIST(STATS_ENUM_)
	DROP_LIST(STATS_GRX_DROP_)
	STATS_WORKER_LIST(STATS_ENUM_)
	STAT_MAX
};
#undef STATS_ENUM_
#undef STATS_GTX_DROP_
#undef STATS_GRX_DROP_

struct stats { uint64_t v[STAT_MAX]; };

/* Adds n to a counter; the caller is the counters' only writer. */
static inline void stats_add(struct stats *s, enum counter id, uint64_t n)
{
	__atomic_store_n(&s->v[id], s->v[id] + n, __ATOMIC_RELAXED);
}

/* Adds 1 to a counter; the caller is the counters' only writer. */
static inline void stats_inc(struct stats *s, enum counter id)
{
	stats_add(s, id, 1);
}

/* Return the counter of a reason, which is not DROP_NONE, for each direction. Both have one
 * for each reason, in the order of DROP_LIST. */
static inline enum counter stats_gtx_drop(enum drop reason)
{
	return (enum counter)(STAT_GTX_DROP_SHORT + (int)reason - (int)DROP_SHORT);
}

static inline enum counter stats_grx_drop(enum drop reason)
{
	return (enum counter)(STAT_GRX_DROP_SHORT + (int)reason - (int)DROP_SHORT);
}

/* Returns the value of a counter. Safe from every thread. */
static inline uint64_t stats_get(const struct stats *s, enum counter id)
{
	return __atomic_load_n(&s->v[id], __ATOMIC_RELAXED);
}

/* Adds all counters of from to sum, which only the caller writes. Safe from every thread. */
void stats_sum(struct stats *sum, const struct stats *from);

/* Subtracts from each counter what it was before; one that was more begins at 0. Only the caller writes s. */
void stats_subtract(struct stats *s, const struct stats *before);

/* Returns the counter's name, as in logs. The text is static. */
const char *stats_name(enum counter id);

/* Bytes for stats_print() with all that a connection counts. */
#define STATS_TEXT_MAX 900

/* Writes "name=value" for every counter that is not 0, separated by spaces,
 * to buf of len bytes. The text ends with a NUL and has no incomplete entry. */
void stats_print(const struct stats *s, char *buf, unsigned int len);

/* Logs the counters of a VIF, named by what=name, and its state. Then logs a line for each
 * reason that has drops: their number from and to the guest, and what the reason means. s
 * is NULL while the VIF has no connection. */
void stats_log(const char *what, const char *name, const char *state, const struct stats *s);

/* Logs the counters of one queue. */
void stats_log_queue(const char *what, const char *name, unsigned int queue, const struct stats *s);

#endif
