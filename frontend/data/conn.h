/* SPDX-License-Identifier: MIT */
/* conn.h - a connection to a backend, as the control thread sees it
 *
 * Control includes of data only this file and conf.h: functions and plain structs.
 * From nic_conn_start() to nic_conn_stop() the connection belongs to its worker;
 * then only nic_conn_stats(), nic_conn_queue_stats(), nic_conn_positions(),
 * nic_conn_faulted(), nic_conn_look(), nic_conn_try_stop(), nic_conn_conf(), and those of multicast and conn_capture.h may be called.
 */
#ifndef NETPAIR_FRONTEND_CONN_H
#define NETPAIR_FRONTEND_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/log.h"
#include "common/base/positions.h"
#include "common/base/reason.h"
#include "common/base/stats.h"
#include "common/base/stuck.h"
#include "common/base/util.h"
#include "common/host/announce.h"
#include "conf.h"
#include "conn_capture.h"

struct nic_conn;

/* What a connection needs besides its configuration. */
struct nic_place {
	struct domid peer;
	const char *name;		/* borrowed; for the log */
	struct log_bucket *log;		/* borrowed; for the lines that the backend can cause */
	int tap_fd;			/* borrowed */
	int control_fd;			/* borrowed; eventfd of the control thread */
};

/* The grant references and ports that are published for the backend in xenstore. */
struct nic_refs {
	struct gref mask_ref, ctrl_ref;		/* with conf.mask, with conf.ctrl */
	struct evport mask_port, ctrl_port;	/* the same; with a mask there is no ctrl_port */
	struct {
		struct gref gtx_ref, grx_ref;
		struct evport gtx_port, grx_port;	/* without a mask; equal unless conf.split */
	} queue[NIC_QUEUES_MAX];
};

/* Returns the number of pages that a connection of so many queues grants. */
unsigned int nic_conn_pages(unsigned int queues);

/* Makes a connection: grants the pages, formats the rings, stages every receive buffer and
 * offers the channels to the backend. Returns 0, or -errno with the reason in why. */
MUST_CHECK int nic_conn_new(struct nic_conn **out, const struct nic_place *place,
			    const struct nic_conf *conf, struct reason *why);

/* Fills in the grant references and ports to publish. */
void nic_conn_refs(const struct nic_conn *conn, struct nic_refs *refs);

/* Returns the configuration that the connection was made with. */
const struct nic_conf *nic_conn_conf(const struct nic_conn *conn);

/* Sets the addresses that are announced once the worker runs. Called before the start. */
void nic_conn_announce(struct nic_conn *conn, const struct announce *what);

/* Publishes the receive buffers and starts the worker. The backend must have attached the rings.
 * Returns 0 or -errno. */
MUST_CHECK int nic_conn_start(struct nic_conn *conn);

/* Stops the worker. The pages stay granted. */
void nic_conn_stop(struct nic_conn *conn);

/* Asks the worker to stop, and does not wait. Returns true once it has; nic_conn_stop() does not wait then. */
MUST_CHECK bool nic_conn_try_stop(struct nic_conn *conn);

/* Takes one look at the worker, for a watchdog; STUCK_NOT: it does not run. */
enum stuck_verdict nic_conn_look(const struct nic_conn *conn, struct stuck *s);

/* Returns true if the worker has stopped serving, with the reason in why. */
MUST_CHECK bool nic_conn_faulted(const struct nic_conn *conn, struct reason *why);

/* Sums the counters of the worker and of all queues. */
void nic_conn_stats(const struct nic_conn *conn, struct stats *sum);

/* Copies the counters of queue i, where there is more than one. Returns false if
 * there is no such queue. */
MUST_CHECK bool nic_conn_queue_stats(const struct nic_conn *conn, unsigned int i, struct stats *out);

/* Reads where queue i is, and the worker. Returns false if there is no such queue. */
MUST_CHECK bool nic_conn_positions(const struct nic_conn *conn, unsigned int i, struct positions *out);

/* Asks for exactly these multicast addresses; n is at most MCAST_MAX. */
void nic_conn_want_mcast(struct nic_conn *conn, uint8_t (*addr)[6], unsigned int n);
enum nic_mcast_state nic_conn_mcast_state(const struct nic_conn *conn);

/* Stops the worker, ends the grants and frees the connection. */
void nic_conn_free(struct nic_conn *conn);

/* Does the same after the guest was restored. Returns a descriptor that keeps the old event
 * channels open, and that must stay open for as long as the guest runs (evtchn_keeper.h).
 * Returns -errno if there is none: then this process keeps them open until it ends. */
MUST_CHECK int nic_conn_free_restored(struct nic_conn *conn);

#endif
