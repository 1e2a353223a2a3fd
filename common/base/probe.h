/* SPDX-License-Identifier: MIT */
/* probe.h - static probes for bpftrace, perf and gdb (sys/sdt.h)
 *
 * A probe that nobody looks at is one instruction that does nothing. Its arguments are what a
 * tracer sees as arg0, arg1, ...: name is the VIF's (vif1.0, nic0), texts are C strings.
 * tools/bpftrace/ has scripts. Where sys/sdt.h is missing at build time there are no probes.
 */
#ifndef NETPAIR_PROBE_H
#define NETPAIR_PROBE_H

#if HAVE_SDT
#include <sys/sdt.h>
#define PROBE1_(id_, a_) STAP_PROBE1(netpair, id_, a_)
#define PROBE2_(id_, a_, b_) STAP_PROBE2(netpair, id_, a_, b_)
#define PROBE3_(id_, a_, b_, c_) STAP_PROBE3(netpair, id_, a_, b_, c_)
#define PROBE4_(id_, a_, b_, c_, d_) STAP_PROBE4(netpair, id_, a_, b_, c_, d_)
#else
#define PROBE1_(id_, a_) ((void)0)
#define PROBE2_(id_, a_, b_) ((void)0)
#define PROBE3_(id_, a_, b_, c_) ((void)0)
#define PROBE4_(id_, a_, b_, c_, d_) ((void)0)
#endif

/* A packet of len bytes is dropped: direction is "from-guest" or "to-guest", reason as in drop.h. */
#define probe_drop(name_, direction_, reason_, len_) PROBE4_(drop, name_, direction_, reason_, len_)

/* A VIF is connected, over so many queues; adopted is 1 if an earlier daemon or process served it. */
#define probe_connect(name_, queues_, adopted_) PROBE3_(connect, name_, queues_, adopted_)

/* A VIF is not connected any more. */
#define probe_disconnect(name_) PROBE1_(disconnect, name_)

/* A ring cannot be followed any more; why is a text. */
#define probe_fault(name_, why_) PROBE2_(fault, name_, why_)

/* A queue has lacked buffers for so long that the carrier goes down. */
#define probe_stall(name_, queue_) PROBE2_(stall, name_, queue_)

#endif
