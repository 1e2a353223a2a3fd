/* SPDX-License-Identifier: MIT */
/* shm.h - the only ways to touch memory that a peer can write
 *
 * Acquire: no access after the load in program order happens before it.
 * Release: no access before the store happens after it.
 * The fence orders everything on both sides of it, a store before a load too.
 *
 * The accesses to the ring's indices pair up as follows; each site names its letter.
 *
 *  A  front publishes requests (release req_prod)  <-> back loads req_prod (acquire)
 *  B  back publishes responses (release rsp_prod)  <-> front loads rsp_prod (acquire)
 *  C  back: store req_event; fence; load req_prod  <-> front: store req_prod; fence; load req_event
 *  D  front: store rsp_event; fence; load rsp_prod <-> back: store rsp_prod; fence; load rsp_event
 *
 * C and D need the full fence because each side stores one word and then loads
 * the other's: without it both could miss the other's store and sleep for ever.
 *
 *  E  of the event mask (evmask.h): sender: publish; fetch_or the word  <->  receiver: exchange the word; look
 *
 * E needs no fence of its own: both sides change one word, so one comes after
 * the other, and either the sender sees that the receiver sleeps or the
 * receiver sees the bit.
 *
 * The plain load and store are relaxed atomics: one access, never split and
 * never repeated by the compiler, which is what makes a slot read once (XSA-155).
 */
#ifndef NETPAIR_SHM_H
#define NETPAIR_SHM_H

#include <stdint.h>

/* Reads a word once, with no order. */
static inline uint32_t shm_load(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

/* Writes a word once, with no order. */
static inline void shm_store(uint32_t *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELAXED);
}

/* Reads an index; the slots that it covers are read after it. */
static inline uint32_t shm_load_acquire(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

/* Publishes an index; the slots that it covers are written before it. */
static inline void shm_store_release(uint32_t *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

/* The same for the 16-bit words of a vring (virtq.h). */
static inline uint16_t shm_load16(const uint16_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline void shm_store16(uint16_t *p, uint16_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELAXED);
}

static inline uint16_t shm_load16_acquire(const uint16_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline void shm_store16_release(uint16_t *p, uint16_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

/* Orders a store before a later load of the word that the peer writes in answer. */
static inline void shm_fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Sets bits of a word. Returns its old value. Orders all accesses, as a fence does. */
static inline uint64_t shm_fetch_or(uint64_t *p, uint64_t bits)
{
	return __atomic_fetch_or(p, bits, __ATOMIC_SEQ_CST);
}

/* Replaces the value of a word. Returns its old value. Orders all accesses, as a fence does. */
static inline uint64_t shm_exchange(uint64_t *p, uint64_t v)
{
	return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);
}

#endif
