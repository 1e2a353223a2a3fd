/* SPDX-License-Identifier: MIT */
/* ring-race.c - the two ends of a ring in two threads
 *
 * Usage: ring-race [PREFIX]. It prints one verdict for each case, "ok PREFIX.CASE".
 *
 * Cases with two correct ends:
 * - Every entry must arrive once, whole and in order.
 * - No wake-up may be lost. Each end waits on an eventfd, which the other one
 *   writes only when push() says so. Bursts are random and often 1, so that a
 *   lost wake-up soon leaves both ends asleep; an alarm ends the case then.
 *
 * Cases with a rewriter: one end is hostile. It writes every slot again and
 * again, before and after it is taken, each time with another variant of the
 * same value.
 * - Each word that take() returns must be a variant that was written to this slot.
 * - Each packet that pkt_from_gtx() passes must be within its bounds.
 *
 * Each word of a slot is its sequence number, shifted by two, and a variant.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/wire/pkt.h"
#include "common/wire/ring.h"
#include "common/base/shm.h"

#if defined(__SANITIZE_THREAD__)
#define SCALE 8u
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SCALE 8u
#endif
#endif
#ifndef SCALE
#define SCALE 1u
#endif

/* The number of entries that a case moves. */
#define TOTAL (400000u / SCALE)

/* In seconds: longer than any case takes on a slow and busy machine. */
#define CASE_SECONDS_MAX 100u

struct pair {
	uint32_t *page;
	int to_back, to_front, ready;	/* eventfds */
	atomic_bool done;		/* the consumer has all entries */
};

static const char *prefix = "race";
static const char *running = "none";

static _Noreturn void fail(const char *fmt, ...) PRINTF_LIKE(1, 2);
static _Noreturn void fail(const char *fmt, ...)
{
	va_list ap;

	printf("not ok %s.%s ", prefix, running);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

static void on_alarm(int sig)
{
	static const char text[] = " both ends sleep: a wake-up was lost\n";

	(void)sig;
	(void)!write(1, "not ok ", 7);
	(void)!write(1, prefix, strlen(prefix));
	(void)!write(1, ".", 1);
	(void)!write(1, running, strlen(running));
	(void)!write(1, text, sizeof(text) - 1);
	_exit(1);
}

static uint32_t rnd(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void kick(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		fail("eventfd write");
}

static void wait_for(int fd)
{
	uint64_t n;

	if (read(fd, &n, sizeof(n)) != sizeof(n))
		fail("eventfd read");
}

/* Returns a word of slot number seq. */
static uint32_t word_of(uint32_t seq, uint32_t variant)
{
	return seq << 2 | (variant & 3);
}

/* Returns true if a word is a variant of slot number seq. */
static bool word_is(uint32_t word, uint32_t seq)
{
	return word >> 2 == (seq & 0x3fffffff);
}

static uint32_t pair16(uint16_t low, uint16_t high)
{
	return low | (uint32_t)high << 16;
}

/* --- gtx, two correct ends ------------------------------------------------------- */

/* Posts a random burst, as far as there are free ids. ids has the n free ids. */
static void gtx_post_burst(struct gtx_front *f, uint16_t *ids, unsigned int *n, uint32_t *seq, uint32_t *rng)
{
	unsigned int burst = rnd(rng) & 1 ? 1 : rnd(rng) % 40;

	for (; burst && *n && *seq < TOTAL; burst--, ++*seq) {
		uint16_t id = ids[--*n];
		struct gtx_slot s = { .gref = gref_of(word_of(*seq, 0)), .offset = (uint16_t)*seq,
				      .flags = (uint16_t)(*seq >> 16), .id = id, .size = (uint16_t)~*seq };

		gtx_front_post(f, &s);
	}
}

static void *gtx_front_thread(void *arg)
{
	struct pair *p = arg;
	struct gtx_front f;
	uint16_t ids[RING_SLOTS], id;
	uint32_t seq = 0, rng = 1;
	unsigned int n = 0, answers = 0;
	int16_t status;

	for (uint16_t i = 0; i < RING_SLOTS; i++)
		ids[n++] = i;
	gtx_front_init(&f, p->page);
	kick(p->ready);		/* the backend may attach */
	while (answers < TOTAL) {
		gtx_post_burst(&f, ids, &n, &seq, &rng);
		if (gtx_front_push(&f))
			kick(p->to_back);
		if (gtx_front_begin(&f) < 0)
			fail("frontend lost the ring");
		while (gtx_front_take(&f, &id, &status) > 0) {
			if (status != NETIF_RSP_OKAY)
				fail("status %d", status);
			ids[n++] = id;
			answers++;
		}
		/* Ask for an event at the next answer, or at the last one. */
		if ((n == 0 || seq == TOTAL || rnd(&rng) % 4 == 0) && n < RING_SLOTS &&
		    !gtx_front_rearm(&f, rnd(&rng) & 1 ? 1 : RING_SLOTS - n))
			wait_for(p->to_front);
	}
	return NULL;
}

static void *gtx_back_thread(void *arg)
{
	struct pair *p = arg;
	struct gtx_back b;
	uint32_t seq = 0;

	wait_for(p->ready);
	if (gtx_back_attach(&b, p->page) < 0)
		fail("attach");
	while (seq < TOTAL) {
		struct gtx_slot s;

		if (gtx_back_begin(&b) < 0)
			fail("backend lost the ring");
		while (gtx_back_take(&b, &s)) {
			if (!word_is(s.gref.raw, seq) || pair16(s.offset, s.flags) != seq || s.size != (uint16_t)~seq)
				fail("slot %u came as gref=%u offset=%u flags=%u size=%u", seq, s.gref.raw,
				     s.offset, s.flags, s.size);
			gtx_back_reply(&b, 1, NETIF_RSP_OKAY);
			seq++;
		}
		if (gtx_back_push(&b))
			kick(p->to_front);
		if (!gtx_back_rearm(&b) && seq < TOTAL)
			wait_for(p->to_back);
	}
	return NULL;
}

/* --- grx, two correct ends ---------------------------------------------------------- */

static void *grx_front_thread(void *arg)
{
	struct pair *p = arg;
	struct grx_front f;
	uint32_t posted = 0, seq = 0, rng = 2;

	grx_front_init(&f, p->page);
	kick(p->ready);
	while (seq < TOTAL) {
		unsigned int burst = rnd(&rng) & 1 ? 1 : rnd(&rng) % 60;
		struct grx_slot s;

		for (; burst && grx_front_free(&f) && posted < TOTAL; burst--)
			grx_front_post(&f, gref_of(word_of(posted++, 0)));
		if (grx_front_push(&f))
			kick(p->to_back);
		if (grx_front_begin(&f) < 0)
			fail("frontend lost the ring");
		while (grx_front_take(&f, &s)) {
			if (s.index != seq % RING_SLOTS || s.id != s.index || pair16(s.offset, s.flags) != seq ||
			    s.status != (int16_t)~seq)
				fail("answer %u came as index=%u id=%u", seq, s.index, s.id);
			seq++;
		}
		if (posted != seq && (grx_front_free(&f) == 0 || posted == TOTAL || rnd(&rng) % 4 == 0) &&
		    !grx_front_rearm(&f, rnd(&rng) & 1 ? 1 : posted - seq))
			wait_for(p->to_front);
	}
	return NULL;
}

static void *grx_back_thread(void *arg)
{
	struct pair *p = arg;
	struct grx_back b;
	uint32_t seq = 0;

	wait_for(p->ready);
	if (grx_back_attach(&b, p->page) < 0)
		fail("attach");
	while (seq < TOTAL) {
		struct gref gref;

		if (grx_back_begin(&b) < 0)
			fail("backend lost the ring");
		while (grx_back_take(&b, &gref)) {
			if (!word_is(gref.raw, seq))
				fail("buffer %u came as %u", seq, gref.raw);
			grx_back_reply(&b, (uint16_t)seq, (uint16_t)(seq >> 16), (int16_t)~seq);
			seq++;
		}
		if (grx_back_push(&b))
			kick(p->to_front);
		if (!grx_back_rearm(&b, 1) && seq < TOTAL)
			wait_for(p->to_back);
	}
	return NULL;
}

/* --- a rewriting frontend -------------------------------------------------------------- */

enum { REQ_PROD, REQ_EVENT, RSP_PROD, RSP_EVENT, SLOTS = 16 };

static void write_words(uint32_t *slot, unsigned int words, uint32_t seq, uint32_t *rng)
{
	for (unsigned int w = 0; w < words; w++)
		shm_store(&slot[w], word_of(seq, rnd(rng)));
}

/* Writes slots without end, from before a slot is published until after its
 * answer. It never waits. */
static void rewrite_all(struct pair *p, unsigned int words, uint32_t prod_word, uint32_t cons_word, uint32_t depth)
{
	uint32_t seq = 0, rng = 3;

	while (!atomic_load(&p->done)) {
		uint32_t cons = shm_load_acquire(&p->page[cons_word]);
		uint32_t look;

		if (seq < TOTAL && seq - cons < depth) {
			write_words(&p->page[SLOTS + seq % RING_SLOTS * words], words, seq, &rng);
			seq++;
			if (rnd(&rng) % 4 == 0 || seq == TOTAL || seq - cons == depth)
				shm_store_release(&p->page[prod_word], seq);
		}
		if (seq == 0)
			continue;
		look = seq - 1 - rnd(&rng) % (seq < depth ? seq : depth);
		write_words(&p->page[SLOTS + look % RING_SLOTS * words], words, look, &rng);
		if (seq - cons == depth || seq == TOTAL)
			shm_store_release(&p->page[prod_word], seq);
	}
}

static void *rewriting_front(void *arg)
{
	rewrite_all(arg, 3, REQ_PROD, RSP_PROD, RING_SLOTS);
	return NULL;
}

static void *gtx_back_of_rewriter(void *arg)
{
	struct pair *p = arg;
	struct gtx_back b;
	uint32_t seq = 0;

	if (gtx_back_attach(&b, p->page) < 0)
		fail("attach");
	while (seq < TOTAL) {
		struct gtx_slot s;

		if (gtx_back_begin(&b) < 0)
			fail("backend lost the ring");
		while (gtx_back_take(&b, &s)) {
			if (!word_is(s.gref.raw, seq) || !word_is(pair16(s.offset, s.flags), seq) ||
			    !word_is(pair16(s.id, s.size), seq))
				fail("slot %u has words that were not written for it", seq);
			seq++;
			gtx_back_reply(&b, 1, NETIF_RSP_OKAY);
		}
		/* A rewriter sends no events to wait for. */
		if (!gtx_back_push(&b))
			sched_yield();
	}
	atomic_store(&p->done, true);
	return NULL;
}

/* --- a rewriting backend ------------------------------------------------------------------ */

static void *rewriting_back(void *arg)
{
	struct pair *p = arg;
	uint32_t seq = 0, rng = 4;

	while (!atomic_load(&p->done)) {
		uint32_t req = shm_load_acquire(&p->page[REQ_PROD]), look;

		if (seq != req) {
			write_words(&p->page[SLOTS + seq % RING_SLOTS * 2], 2, seq, &rng);
			seq++;
			shm_store_release(&p->page[RSP_PROD], seq);
		}
		if (seq == 0)
			continue;
		/* One of the newest answers, which may be taken or not. */
		look = seq - 1 - rnd(&rng) % (seq < 8 ? seq : 8);
		write_words(&p->page[SLOTS + look % RING_SLOTS * 2], 2, look, &rng);
	}
	return NULL;
}

static void *grx_front_of_rewriter(void *arg)
{
	struct pair *p = arg;
	struct grx_front f;
	uint32_t posted = 0, seq = 0;

	grx_front_init(&f, p->page);
	while (seq < TOTAL) {
		struct grx_slot s;

		/* At most half a ring is posted: a slot whose last answer may still be
		 * rewritten is not posted again, because its words would be mixed. */
		while (posted - seq < RING_SLOTS / 2 && posted < TOTAL) {
			grx_front_post(&f, gref_of(0));
			posted++;
		}
		(void)!grx_front_push(&f);
		if (grx_front_begin(&f) < 0)
			fail("frontend lost the ring");
		while (grx_front_take(&f, &s)) {
			if (!word_is(pair16(s.id, s.offset), seq) || !word_is(pair16(s.flags, (uint16_t)s.status), seq))
				fail("answer %u has words that were not written for it", seq);
			seq++;
		}
		if (seq == posted)
			sched_yield();
	}
	atomic_store(&p->done, true);
	return NULL;
}

/* --- packets from a rewriter that writes random words ----------------------------------------- */

/* Returns a random word, which is often a valid part of a packet. */
static uint32_t likely_word(unsigned int w, uint32_t *rng)
{
	uint32_t r = rnd(rng);

	if (w == 0)
		return r;
	if (w == 1)	/* offset, flags */
		return pair16(r & 1 ? 0 : (uint16_t)(r >> 8) % 4200, r & 6 ? 0 : (r >> 4) & 15);
	return pair16((uint16_t)r, (uint16_t)(r >> 16) % (r & 1 ? 1600 : 70000));
}

static void *random_front(void *arg)
{
	struct pair *p = arg;
	uint32_t rng = 5;

	while (!atomic_load(&p->done)) {
		uint32_t rsp = shm_load_acquire(&p->page[RSP_PROD]);
		uint32_t at = rnd(&rng) % (RING_SLOTS * 3);

		shm_store(&p->page[SLOTS + at], likely_word(at % 3, &rng));
		if (rnd(&rng) % 64 == 0)
			shm_store_release(&p->page[REQ_PROD], rsp + RING_SLOTS);
	}
	return NULL;
}

static void check_packet(const struct pkt *p)
{
	uint32_t sum = 0;

	if (p->pieces == 0 || p->pieces > PKT_SLOTS_MAX || p->slots < p->pieces)
		fail("%u pieces in %u slots", p->pieces, p->slots);
	for (unsigned int i = 0; i < p->pieces; i++) {
		if (p->piece[i].len == 0 || (uint32_t)p->piece[i].offset + p->piece[i].len > XEN_PAGE)
			fail("piece %u offset=%u len=%u", i, p->piece[i].offset, p->piece[i].len);
		sum += p->piece[i].len;
	}
	if (sum != p->len || p->len < PKT_LEN_MIN || p->len > PKT_LEN_MAX)
		fail("length %u of pieces that sum to %u", p->len, sum);
	if (p->gso_type > XEN_NETIF_GSO_TYPE_TCPV6 || (p->gso_type && !p->gso_size))
		fail("gso type %u size %u", p->gso_type, p->gso_size);
}

static void *pkt_back_of_random(void *arg)
{
	struct pair *p = arg;
	unsigned int good = 0, bad = 0, faults = 0;
	struct gtx_back b;

	if (gtx_back_attach(&b, p->page) < 0)
		fail("attach");
	for (uint32_t slots = 0; slots < TOTAL;) {
		enum pkt_verdict v = PKT_TAKEN;
		struct pkt pkt;
		uint32_t owed;

		if (gtx_back_begin(&b) < 0)
			fail("backend lost the ring");
		while (v != PKT_NONE && v != PKT_FAULT) {
			v = pkt_from_gtx(&b, PKT_PLAIN, &pkt);
			if (v == PKT_TAKEN && pkt_has_frame(&pkt)) {
				check_packet(&pkt);
				good++;
			}
			bad += v == PKT_TAKEN && pkt.drop != DROP_NONE;
			faults += v == PKT_FAULT;
		}
		/* A fault ends a VIF. This case answers every slot and goes on. */
		owed = b.r.req_cons - b.r.rsp_pvt;
		gtx_back_reply(&b, owed, NETIF_RSP_ERROR);
		(void)!gtx_back_push(&b);
		slots += owed;
	}
	atomic_store(&p->done, true);
	if (!good || !bad || !faults)
		fail("the words are no test: %u good packets, %u bad ones, %u faults", good, bad, faults);
	return NULL;
}

/* --- running ------------------------------------------------------------------------------------ */

static void run(const char *name, void *(*front)(void *), void *(*back)(void *))
{
	struct pair p = { .to_back = eventfd(0, 0), .to_front = eventfd(0, 0), .ready = eventfd(0, 0) };
	pthread_t thread;

	running = name;
	p.page = aligned_alloc(XEN_PAGE, XEN_PAGE);
	if (!p.page || p.to_back < 0 || p.to_front < 0 || p.ready < 0)
		fail("no memory or no eventfd");
	memset(p.page, 0, XEN_PAGE);
	alarm(CASE_SECONDS_MAX);
	if (pthread_create(&thread, NULL, front, &p))
		fail("no thread");
	back(&p);
	pthread_join(thread, NULL);
	alarm(0);
	free(p.page);
	close(p.to_back);
	close(p.to_front);
	close(p.ready);
	printf("ok %s.%s\n", prefix, name);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		prefix = argv[1];
	signal(SIGALRM, on_alarm);
	run("gtx-honest", gtx_front_thread, gtx_back_thread);
	run("grx-honest", grx_front_thread, grx_back_thread);
	run("gtx-rewriter", rewriting_front, gtx_back_of_rewriter);
	run("grx-rewriter", grx_front_of_rewriter, rewriting_back);
	run("pkt-rewriter", random_front, pkt_back_of_random);
	return 0;
}
