/* SPDX-License-Identifier: MIT */
/* answers.c - questions and answers of answers.h */
#include <string.h>

#include "answers.h"

enum { ANSWERS_ICMP = 1, ANSWERS_TCP = 6, ANSWERS_ICMP6 = 58 };
enum { ANSWERS_FIN = 1, ANSWERS_SYN = 2, ANSWERS_ACK = 16 };

/* A packet of one of these protocols. */
struct answers_packet {
	unsigned int protocol;
	const uint8_t *l4;
	uint32_t there, length;		/* bytes of l4 that were captured, and that the packet has */
	const uint8_t *from, *to;	/* addresses, of address bytes */
	unsigned int address;
};

static uint16_t answers_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t answers_be32(const uint8_t *p)
{
	return (uint32_t)answers_be16(p) << 16 | answers_be16(p + 2);
}

static bool answers_parse4(struct answers_packet *p, const uint8_t *ip, uint32_t len)
{
	uint32_t header = len >= 20 ? 4u * (ip[0] & 15) : 0, total;

	if (header < 20 || header > len || (answers_be16(ip + 6) & 0x3fff))
		return false;	/* none, or a fragment */
	total = answers_be16(ip + 2);
	*p = (struct answers_packet){ ip[9], ip + header, len - header, total > header ? total - header : 0, ip + 12, ip + 16, 4 };
	return true;
}

static bool answers_parse6(struct answers_packet *p, const uint8_t *ip, uint32_t len)
{
	if (len < 40)
		return false;
	*p = (struct answers_packet){ ip[6], ip + 40, len - 40, answers_be16(ip + 4), ip + 8, ip + 24, 16 };
	return true;
}

static bool answers_parse(struct answers_packet *p, const uint8_t *frame, uint32_t caplen)
{
	uint16_t type = caplen >= 14 ? answers_be16(frame + 12) : 0;

	if (type == 0x0800)
		return answers_parse4(p, frame + 14, caplen - 14);
	return type == 0x86dd && answers_parse6(p, frame + 14, caplen - 14);
}

static uint64_t answers_mix(uint64_t hash, const uint8_t *bytes, size_t len)
{
	while (len--)
		hash = (hash ^ *bytes++) * UINT64_C(0x100000001b3);
	return hash;
}

/* Returns a number, not 0, that a question and its answer have in common; as the question sees the two ends, and the
 * four bytes at what. */
static uint64_t answers_key(const struct answers_packet *p, bool answer, int to_guest, const uint8_t *what)
{
	const uint8_t kind[] = { (uint8_t)p->protocol, (uint8_t)(answer ? !to_guest : to_guest) };
	uint64_t hash = answers_mix(UINT64_C(0xcbf29ce484222325), kind, sizeof(kind));

	hash = answers_mix(hash, answer ? p->to : p->from, p->address);
	hash = answers_mix(hash, answer ? p->from : p->to, p->address);
	return answers_mix(hash, what, 4) | 1;
}

static struct answers_place *answers_at(struct answers *a, uint64_t key)
{
	/* Keys of neighbours differ in few bits. */
	return &a->place[(key * UINT64_C(0x9e3779b97f4a7c15) >> 40) % ANSWERS_PLACES];
}

static bool answers_echo(struct answers *a, const struct answers_packet *p, int to_guest, uint64_t time, uint64_t *took)
{
	bool four = p->protocol == ANSWERS_ICMP, question = p->l4[0] == (four ? 8 : 128), answer = p->l4[0] == (four ? 0 : 129);
	uint64_t key = answers_key(p, answer, to_guest, p->l4 + 4);
	struct answers_place *at = answers_at(a, key);

	if (question)
		*at = (struct answers_place){ key, time, 0 };
	if (!answer || at->key != key)
		return false;
	at->key = 0;
	*took = time - at->time;
	return true;
}

static bool answers_tcp(struct answers *a, const struct answers_packet *p, int to_guest, uint64_t time, uint64_t *took)
{
	const uint8_t back[] = { p->l4[2], p->l4[3], p->l4[0], p->l4[1] };
	uint32_t header = 4u * (p->l4[12] >> 4), seq = answers_be32(p->l4 + 4), ack = answers_be32(p->l4 + 8), data;
	uint64_t key = answers_key(p, true, to_guest, back);
	struct answers_place *at = answers_at(a, key);
	bool answer = (p->l4[13] & ANSWERS_ACK) && at->key == key && (int32_t)(ack - at->ack) >= 0;

	if (answer) {
		*took = time - at->time;
		at->key = 0;
	}
	/* It may be a question, too. A large segment of more than 65,535 bytes has no length. */
	data = (p->length > header ? p->length - header : 0) + (p->l4[13] & ANSWERS_SYN ? 1 : 0) + (p->l4[13] & ANSWERS_FIN ? 1 : 0);
	key = answers_key(p, false, to_guest, p->l4);
	at = answers_at(a, key);
	if (data && at->key != key)
		*at = (struct answers_place){ key, time, seq + data };
	return answer;
}

bool answers_see(struct answers *a, const uint8_t *frame, uint32_t caplen, int to_guest, uint64_t time, uint64_t *took)
{
	struct answers_packet p;

	if (!answers_parse(&p, frame, caplen))
		return false;
	if ((p.protocol == ANSWERS_ICMP || p.protocol == ANSWERS_ICMP6) && p.there >= 8)
		return answers_echo(a, &p, to_guest, time, took);
	return p.protocol == ANSWERS_TCP && p.there >= 20 && answers_tcp(a, &p, to_guest, time, took);
}
