/* SPDX-License-Identifier: MIT */
/* rss.c - makes the backend spread received frames over the queues, by a hash that netfrontd sets
 *
 * Theory of operation. The key is random, so that no sender can choose flows that all
 * hash to one queue. The table names the queues in turn. The types are set last: until
 * then the backend chooses the queue. If a backend refuses a request, the algorithm is set to
 * none, and the backend goes on choosing.
 *
 * From then on frames may carry their hash (netif.h: a frontend that enables hashing is
 * assumed to accept it). netfrontd sends none: it would take one more slot for each frame,
 * and netbackd does not use it.
 */
#include <errno.h>
#include <sys/random.h>

#include "common/base/errtext.h"
#include "common/wire/hash.h"
#include "common/base/log.h"
#include "conn_internal.h"
#include "ctrl.h"
#include "rss.h"

/* #syscalls-control getrandom */

#define TYPES (XEN_NETIF_CTRL_HASH_TYPE_IPV4 | XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP | \
	       XEN_NETIF_CTRL_HASH_TYPE_IPV6 | XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)

/* The largest table that Linux's backend and netbackd accept. */
#define TABLE_MAX HASH_MAPPING_MAX

static_assert(TABLE_MAX * sizeof(uint32_t) <= XEN_PAGE, "the table goes in one message");

/* Ends the subject, whatever the response. */
static void rss_on_given_up(struct nic_conn *conn, const struct xen_netif_ctrl_response *rsp)
{
	(void)conn;
	(void)rsp;
}

static void rss_give_up(struct nic_conn *conn, const struct xen_netif_ctrl_response *rsp, const char *message)
{
	conn->rss.types = 0;
	log_info_in(conn->log, "the backend does not hash nic=%s message=%s status=%u", conn->w.name, message, rsp->status);
	nic_ctrl_send(conn, rss_on_given_up, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_NONE, 0, 0);
}

/* Returns true if a response is SUCCESS; else switches the hash off. */
static bool rss_agreed(struct nic_conn *conn, const struct xen_netif_ctrl_response *rsp, const char *message)
{
	bool yes = rsp->status == XEN_NETIF_CTRL_STATUS_SUCCESS;

	if (!yes)
		rss_give_up(conn, rsp, message);
	return yes;
}

static void rss_on_flags(struct nic_conn *conn, const struct xen_netif_ctrl_response *rsp)
{
	if (rss_agreed(conn, rsp, "SET_HASH_FLAGS"))
		log_info_in(conn->log, "the backend hashes nic=%s types=%u table=%u", conn->w.name, conn->rss.types, conn->rss.size);
}

/* Accepts hashes before they are requested: the backend may send them before we see its response. */
static void rss_send_flags(struct nic_conn *conn)
{
	conn->rss.types = conn->rss.known;
	nic_ctrl_send(conn, rss_on_flags, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, conn->rss.types, 0, 0);
}

static void rss_on_mapping(struct nic_conn *conn, const struct xen_netif_ctrl_response *rsp)
{
	if (rss_agreed(conn, rsp, "SET_HASH_MAPPING"))
		rss_send_flags(conn);
}

static void rss_on_size(struct nic_conn *conn, const struct xen_netif_ctrl_response *rsp)
{
	uint32_t *table;

	if (!rss_agreed(conn, rsp, "SET_HASH_MAPPING_SIZE"))
		return;
	table = nic_ctrl_page(conn);
	for (uint32_t i = 0; i < conn->rss.size; i++)
		table[i] = i % conn->conf.queues;
	nic_ctrl_send(conn, rss_on_mapping, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, nic_ctrl_page_ref(conn), conn->rss.size, 0);
}

/* netif.h: a backend without room for a table uses the hash modulo the queues. */
static void rss_on_room(struct nic_conn *conn, const struct xen_netif_ctrl_response *rsp)
{
	if (!rss_agreed(conn, rsp, "GET_HASH_MAPPING_SIZE"))
		return;
	conn->rss.size = rsp->data < TABLE_MAX ? rsp->data : TABLE_MAX;
	if (conn->rss.size)
		nic_ctrl_send(conn, rss_on_size, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, conn->rss.size, 0, 0);
	else
		rss_send_flags(conn);
}

static void rss_on_key(struct nic_conn *conn, const struct xen_netif_ctrl_response *rsp)
{
	if (rss_agreed(conn, rsp, "SET_HASH_KEY"))
		nic_ctrl_send(conn, rss_on_room, XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE, 0, 0, 0);
}

static void rss_on_types(struct nic_conn *conn, const struct xen_netif_ctrl_response *rsp)
{
	if (!rss_agreed(conn, rsp, "GET_HASH_FLAGS"))
		return;
	conn->rss.known = rsp->data & TYPES;
	if (!conn->rss.known) {
		rss_give_up(conn, rsp, "GET_HASH_FLAGS");
		return;
	}
	/* The kernel always returns so few bytes at once, after it has booted. */
	if (getrandom(nic_ctrl_page(conn), HASH_KEY_MAX, 0) != HASH_KEY_MAX)
		log_warn_in(conn->log, "no random key: a peer can foresee the hashes nic=%s error=\"%s\"", conn->w.name,
			 errtext(ERRTEXT_FILE, -errno));
	nic_ctrl_send(conn, rss_on_key, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, nic_ctrl_page_ref(conn), HASH_KEY_MAX, 0);
}

static void rss_on_algorithm(struct nic_conn *conn, const struct xen_netif_ctrl_response *rsp)
{
	if (rss_agreed(conn, rsp, "SET_HASH_ALGORITHM"))
		nic_ctrl_send(conn, rss_on_types, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0);
}

void nic_rss_start(struct nic_conn *conn)
{
	if (conn->conf.rss)
		nic_ctrl_send(conn, rss_on_algorithm, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM,
			      XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0, 0);
}

enum drop nic_rss_check(struct nic_queue *q, const struct pkt *p)
{
	const struct nic_conn *conn = q->conn;
	uint32_t value = conn->rss.size ? p->hash_value % conn->rss.size : p->hash_value;

	if (p->hash_algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ || p->hash_type > 31 ||
	    !(conn->rss.types & 1u << p->hash_type))
		return DROP_EXTRA;
	stats_inc(&q->stats, value % conn->conf.queues == q->index ? STAT_GRX_HASHED : STAT_GRX_HASH_WRONG_QUEUE);
	return DROP_NONE;
}
