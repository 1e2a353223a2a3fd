/* SPDX-License-Identifier: MIT */
/* serve_vif.h - one VIF of a data process: what control said of it, and its connection */
#ifndef NETPAIR_BACKEND_SERVE_VIF_H
#define NETPAIR_BACKEND_SERVE_VIF_H

#include <stdbool.h>

#include "conn.h"
#include "msg.h"

/* What all VIFs of the process share. */
struct serve_shared {
	struct domid peer;
	int wake_fd;			/* eventfd: a worker has a fault, or stalled */
	int switch_fd;			/* epoll instance with the sockets of the switches at vhost-user ports */
	struct vif_handles *handles;
	struct mapquota quota;
};

/* A VIF that control named. The zero value is none. What was set of it stays when it is disconnected,
 * so that a frontend that connects anew gets no new credit. */
struct serve_vif {
	struct vif_conn *conn;		/* NULL: it is not connected */
	struct msg_connect made;	/* what it was connected by, with the settings of now */
	struct vif_settings settings;
	struct vif_counters counters;
	int tap_fd;			/* the first worker's, if connected */
	bool fault_told, stalled_told;	/* what control knows */
};

/* Connects a VIF that is not connected, as a checked message says. Takes the message's descriptors.
 * Returns 0, or -errno with the reason in why. */
MUST_CHECK int serve_vif_connect(struct serve_vif *v, struct serve_shared *shared, const struct msg_connect *m,
				 const int *fds, struct reason *why);

/* Ends the connection, if there is one. */
void serve_vif_disconnect(struct serve_vif *v);

/* Lets all VIFs together keep so many pages mapped as static grants from now on. What is mapped stays so. */
void serve_vif_may_map(struct serve_shared *shared, unsigned int pages);

/* Begins or ends a capture of its frames, as a checked message says. Takes the message's descriptors. */
void serve_vif_capture(struct serve_vif *v, const struct msg_capture *m, const int *fds);

/* Sets what may change while it is connected. */
void serve_vif_set(struct serve_vif *v, const struct msg_values *values);

/* Gets a message about what control does not know of a connected VIF, CARRIER or FAULT, and notes
 * that it was told. Returns false if control knows all. */
MUST_CHECK bool serve_vif_news(struct serve_vif *v, uint32_t number, union msg *m);

/* The same after the message could not be sent: it is news again. */
void serve_vif_untold(struct serve_vif *v, const union msg *m);

#endif
