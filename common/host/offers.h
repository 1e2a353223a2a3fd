/* SPDX-License-Identifier: MIT */
/* offers.h - the features that --without leaves out, a bit each, and their words
 *
 * The bits are the same in both daemons; each knows some of them.
 */
#ifndef NETPAIR_OFFERS_H
#define NETPAIR_OFFERS_H

#include <stdint.h>

#define OFFER_SG 1u
#define OFFER_GSO4 2u
#define OFFER_GSO6 4u
#define OFFER_CSUM4 8u
#define OFFER_CSUM6 16u
#define OFFER_SPLIT 32u
#define OFFER_CTRL 64u
#define OFFER_MASK 128u
#define OFFER_XDP 256u
#define OFFER_RX_NOTIFY 512u
#define OFFER_HEADER 1024u
#define OFFER_USO 2048u

/* The rows of a table of struct option_word that both daemons have. */
#define OFFER_WORDS \
	{ "sg", OFFER_SG }, { "gso", OFFER_GSO4 | OFFER_GSO6 | OFFER_USO }, { "gso4", OFFER_GSO4 }, { "gso6", OFFER_GSO6 }, \
	{ "csum", OFFER_CSUM4 | OFFER_CSUM6 }, { "csum4", OFFER_CSUM4 }, { "csum6", OFFER_CSUM6 }, \
	{ "uso", OFFER_USO }, { "header", OFFER_HEADER }

/* Returns the mask of an offload header (docs/vnet-header.md) that is offered where the device takes the frames
 * of device, another mask, without what is left out; 0: no header. */
uint32_t offers_header(uint32_t without, uint32_t device);

#endif
