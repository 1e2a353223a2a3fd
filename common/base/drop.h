/* SPDX-License-Identifier: MIT */
/* drop.h - why a packet is dropped
 *
 * Theory of operation. Every function that decides on a packet returns enum drop:
 * DROP_NONE lets the packet go on, any other value is the reason why it ends here.
 * The packet carries that reason to the end of its path, and only there it is
 * counted (stats_gtx_drop(), stats_grx_drop()). So each packet is counted once.
 *
 * DROP_LIST is the one list of reasons. The enum, the counters' names, the log and
 * the table in docs/theory.md come from it (tools/check-docs).
 */
#ifndef NETPAIR_DROP_H
#define NETPAIR_DROP_H

/* X_(id, direction, name, help). The direction is gtx, grx or both. The counters are
 * gtx_drop_NAME and grx_drop_NAME. help is a sentence for people: what happened,
 * and what helps. */
#define DROP_LIST(X_) \
	X_(SHORT, both, "short", "The frame is shorter than an Ethernet header. Its sender is faulty.") \
	X_(LENGTH, gtx, "length", "The sizes of the slots exceed the size of the packet. The frontend is faulty.") \
	X_(BOUNDS, both, "bounds", \
	   "A slot leaves its page: the peer is faulty. Or a frame from the device has more than 65,535 bytes, or the kernel " \
	   "could not hand it over.") \
	X_(SLOTS, both, "slots", \
	   "The packet needs more slots than its receiver takes: 18, or 1 without feature-sg. A smaller mtu helps.") \
	X_(EXTRA, both, "extra", "The packet has an extra info that was not agreed. The peer is faulty.") \
	X_(GSO, both, "gso", \
	   "A large frame is not TCP or UDP as it says, or its segments are too small: less than 8 bytes of TCP, or less " \
	   "than 64 in a frame with an offload header. ethtool -K DEVICE tso off at its sender helps.") \
	X_(CSUM, both, "csum", \
	   "A partial checksum is outside of the frame, or in a frame without a TCP or UDP header. ethtool -K DEVICE tx off " \
	   "at its sender helps.") \
	X_(HEADER, both, "header", \
	   "The offload header before the frame has a value that was not agreed (docs/vnet-header.md). The peer is faulty; " \
	   "--without=header does without such headers.") \
	X_(GRANT, both, "grant", "A page of the guest could not be read or written. The frontend took its grant back, or is faulty.") \
	X_(PEER, grx, "peer", "The backend sent an error, or half a packet. Its log may tell why.") \
	X_(MCAST, both, "mcast", \
	   "From the guest: a change of the multicast list that is refused, such as the 65th address. To the guest: multicast " \
	   "that is not in its list. request-multicast-control = 0 ends both.") \
	X_(TIMEOUT, grx, "timeout", \
	   "The guest posted too few buffers for too long. --hold-ms says how long a frame waits for them.") \
	X_(TAP, both, "tap", "The device refused the frame: it is down, or its queue is full.") \
	X_(PORT, both, "port", \
	   "No switch is connected to the vhost-user port, or the switch takes no more frames. Its own log may tell why.")

#define DROP_ENUM_(id_, direction_, name_, help_) DROP_##id_,
enum drop {
	DROP_NONE,	/* the packet goes on */
	DROP_LIST(DROP_ENUM_)
	DROP_MAX
};
#undef DROP_ENUM_

/* Return a reason's name, as in the counters, and its sentence for people. The texts are
 * static, and empty for DROP_NONE. */
const char *drop_name(enum drop reason);
const char *drop_help(enum drop reason);

#endif
