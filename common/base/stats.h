/* SPDX-License-Identifier: MIT */
/* stats.h - counters: one verdict for each packet, and the calls that the work took
 *
 * Both daemons use one list, so that a counter has one name everywhere. A worker is
 * the only writer of its counters; every thread may read them.
 */
#ifndef NETPAIR_STATS_H
#define NETPAIR_STATS_H

#include <stdint.h>

/* The verdicts of packets, one for each packet; then the calls that the work took. */
#define STATS_LIST(X_) \
	X_(GTX_PACKETS, "gtx_packets")			/* delivered */ \
	X_(GTX_BYTES, "gtx_bytes") \
	X_(GTX_DROP_SHORT, "gtx_drop_short")		/* below an Ethernet header */ \
	X_(GTX_DROP_LENGTH, "gtx_drop_length")		/* slots exceed the total */ \
	X_(GTX_DROP_BOUNDS, "gtx_drop_bounds")		/* a slot leaves its page; a frame is too long for a ring */ \
	X_(GTX_DROP_SLOTS, "gtx_drop_slots")		/* 19 or 20 slots */ \
	X_(GTX_DROP_EXTRA, "gtx_drop_extra")		/* unknown extra info */ \
	X_(GTX_DROP_GSO, "gtx_drop_gso")		/* GSO that is not valid */ \
	X_(GTX_DROP_CSUM, "gtx_drop_csum")		/* blank checksum, no TCP or UDP */ \
	X_(GTX_DROP_GRANT, "gtx_drop_grant")		/* a grant could not be read */ \
	X_(GTX_REFUSED_SLOTS, "gtx_refused_slots")	/* no verdict: slots answered with an error */ \
	X_(GTX_MCAST, "gtx_mcast")			/* a change of the multicast list */ \
	X_(GTX_DROP_MCAST, "gtx_drop_mcast")		/* a change that is not valid */ \
	X_(GTX_DROP_TAP, "gtx_drop_tap")		/* the TAP refused the frame */ \
	X_(GRX_PACKETS, "grx_packets") \
	X_(GRX_BYTES, "grx_bytes") \
	X_(GRX_DROP_SHORT, "grx_drop_short") \
	X_(GRX_DROP_BOUNDS, "grx_drop_bounds") \
	X_(GRX_DROP_SLOTS, "grx_drop_slots")		/* more slots than the peer takes */ \
	X_(GRX_DROP_EXTRA, "grx_drop_extra") \
	X_(GRX_DROP_GSO, "grx_drop_gso") \
	X_(GRX_DROP_CSUM, "grx_drop_csum") \
	X_(GRX_DROP_GRANT, "grx_drop_grant")		/* a grant could not be written */ \
	X_(GRX_DROP_PEER, "grx_drop_peer")		/* the peer sent an error or an incomplete packet */ \
	X_(GRX_DROP_TIMEOUT, "grx_drop_timeout")	/* no slots in time */ \
	X_(GRX_DROP_TAP, "grx_drop_tap") \
	X_(GRX_STALLS, "grx_stalls")			/* no slots for so long that the carrier went down */ \
	X_(GRX_DROP_MCAST, "grx_drop_mcast")		/* multicast that the frontend does not want */ \
	X_(GRX_HASHED, "grx_hashed")			/* no verdict: packets with a hash */ \
	X_(GRX_HASH_WRONG_QUEUE, "grx_hash_wrong_queue")		/* no verdict: packets on another queue than their hash's */ \
	X_(PEER_FAULTS, "peer_faults")			/* the ring was lost */ \
	X_(MASK_UNKNOWN, "mask_unknown_bits")		/* unknown bits of the event mask */ \
	X_(NOTIFY_SENT, "notify_sent") \
	X_(NOTIFY_RECEIVED, "notify_received") \
	X_(GRANT_OPS, "grant_ops")			/* copy segments */ \
	X_(GRANT_CALLS, "grant_calls")			/* ioctls */ \
	X_(SLEEPS, "sleeps") \
	X_(STORM_NAPS, "storm_naps")

#define STATS_ENUM_(id_, name_) STAT_##id_,
enum stat { STATS_LIST(STATS_ENUM_) STAT_MAX };
#undef STATS_ENUM_

struct stats { uint64_t v[STAT_MAX]; };

/* Adds n to a counter; the caller is the counters' only writer. */
static inline void stats_add(struct stats *s, enum stat id, uint64_t n)
{
	__atomic_store_n(&s->v[id], s->v[id] + n, __ATOMIC_RELAXED);
}

/* Adds 1 to a counter; the caller is the counters' only writer. */
static inline void stats_inc(struct stats *s, enum stat id)
{
	stats_add(s, id, 1);
}

/* Returns the value of a counter. Safe from every thread. */
static inline uint64_t stats_get(const struct stats *s, enum stat id)
{
	return __atomic_load_n(&s->v[id], __ATOMIC_RELAXED);
}

/* Adds all counters of from to sum, which only the caller writes. Safe from every thread. */
void stats_sum(struct stats *sum, const struct stats *from);

/* Returns the counter's name, as in logs. The text is static. */
const char *stats_name(enum stat id);

/* Writes "name=value" for every counter that is not 0, separated by spaces,
 * to buf of len bytes. The text ends with a NUL and has no incomplete entry. */
void stats_print(const struct stats *s, char *buf, unsigned int len);

#endif
