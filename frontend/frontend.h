/* SPDX-License-Identifier: MIT */
/* frontend.h - the daemon's control side: all NICs, and the thread that owns them */
#ifndef NETPAIR_FRONTEND_H
#define NETPAIR_FRONTEND_H

#include <stdbool.h>

#include "nic.h"

/* Devices that may be named on the command line. */
#define FRONTEND_NAMED_MAX 64

struct frontend {
	struct store *store;
	struct nic *nics;
	const char *run_dir;
	const char *ifname;		/* of a new TAP, may hold %d */
	uint32_t named[FRONTEND_NAMED_MAX];	/* serve these only, if any */
	unsigned int nnamed;
	int wake_fd;			/* eventfd: some worker has a fault to tell */
	int retry_fd;			/* timer: some NIC waits for its next attempt */
	uint64_t retry_at;		/* when it fires, microseconds; 0: it is not set */
	unsigned int queues;		/* wanted of each NIC */
	int link_fd;			/* linkwatch.h; -1: nobody tells of devices */
	bool take_over;
	bool one_channel;		/* do not split even if the backend could */
	bool no_event_mask;		/* a channel each, as every backend knows them */
	bool no_static_grants;
	bool rss;			/* have backends spread what we receive by a hash of ours */
	bool multicast_control;		/* have backends filter multicast as the TAPs do */
	uint32_t without;		/* OFFER_* that no backend is to know of */
	bool stopping;			/* every NIC is to be closed */
};

/* Watches device/vif and looks at what is there. -errno. */
MUST_CHECK int frontend_start(struct frontend *d);

/* Whether a device is one that the command line lets us serve. */
MUST_CHECK bool frontend_serves(const struct frontend *d, uint32_t devid);

/* Removes what devices left that went while no netfrontd was there. */
void frontend_sweep(struct frontend *d);

/* Drains the watch events, then looks at each NIC that they touched. */
void frontend_events(struct frontend *d);

/* A second or so has gone by. */
void frontend_tick(struct frontend *d);

/* There is another connection to xenstored: looks at everything. how as of
 * store_reopen(). */
void frontend_reconnected(struct frontend *d, int how);

/* Looks at all NICs: after a fault, a retry, a stop. */
void frontend_look(struct frontend *d);

/* Takes what is told of devices, and looks at the NICs whose device it was. */
void frontend_links(struct frontend *d);

/* Closes every NIC in order; frontend_closed() tells when all are. */
void frontend_close(struct frontend *d);
MUST_CHECK bool frontend_closed(const struct frontend *d);

/* Frees all, with the TAPs left for the next start. */
void frontend_stop(struct frontend *d);

/* Asks for frontend_look() at a time in microseconds, or earlier. */
void frontend_retry_at(struct frontend *d, uint64_t when);

/* The timer has fired. */
void frontend_retry(struct frontend *d);

/* Looks at the TAPs' multicast filters. */
void frontend_filters(struct frontend *d);

/* One log line of counters a NIC. */
void frontend_log_stats(const struct frontend *d);

#endif
