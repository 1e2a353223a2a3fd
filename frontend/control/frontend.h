/* SPDX-License-Identifier: MIT */
/* frontend.h - the daemon's control side: all NICs, and the thread that owns them */
#ifndef NETPAIR_FRONTEND_FRONTEND_H
#define NETPAIR_FRONTEND_FRONTEND_H

#include <stdbool.h>

#include "nic.h"

/* Devices that may be named on the command line. */
#define FRONTEND_NAMED_MAX 64

struct frontend {
	struct nic_daemon shared;
	struct nic *nics;
	uint32_t named[FRONTEND_NAMED_MAX];	/* serve these only, if any */
	unsigned int nnamed;
	int retry_fd;			/* timer: some NIC waits for its next attempt */
	bool drain;			/* the control socket asked for the end */
	uint64_t retry_at;		/* when it fires, microseconds; 0: it is not set */
};

/* Watches device/vif and looks at what is there. Returns 0 or -errno. */
MUST_CHECK int frontend_start(struct frontend *d);

/* Removes the TAPs of devices that were removed while no netfrontd ran. */
void frontend_sweep(struct frontend *d);

/* Reads all watch events, then looks at each NIC that they touched. */
void frontend_events(struct frontend *d);

/* Logs how many lines were suppressed; for about once a second. */
void frontend_tick(struct frontend *d);

/* Looks at everything, as there is another connection to xenstored; how as of
 * store_reopen(). */
void frontend_reconnected(struct frontend *d, int how);

/* Looks at all NICs: after a fault, a retry, a stop. */
void frontend_look(struct frontend *d);

/* Reads what rtnetlink tells of devices, and looks at the NICs whose device it was. */
void frontend_links(struct frontend *d);

/* Closes every NIC in order; frontend_closed() returns true once all are. */
void frontend_close(struct frontend *d);
MUST_CHECK bool frontend_closed(const struct frontend *d);

/* Frees all; the TAPs stay for the next start. */
void frontend_stop(struct frontend *d);

/* Looks at all NICs, as the retry timer has fired. */
void frontend_retry(struct frontend *d);

/* Looks at the TAPs' multicast filters. */
void frontend_filters(struct frontend *d);

/* Logs the counters, a line for each NIC and queue. */
void frontend_log_stats(const struct frontend *d);

#endif
