/* SPDX-License-Identifier: MIT */
/* filter.c - the TAP's multicast filter, handed on to the backend
 *
 * Theory of operation. The backend is asked to filter once its list has all
 * that the TAP is to receive, and no longer when the TAP is to receive
 * everything, or more than the list takes. A backend that cannot be asked later
 * (not dynamic) is asked when we connect, for good.
 *
 * The kernel does not tell of every change, so the filter is read each second too.
 */
#include <string.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/maddr.h"
#include "common/host/netdev.h"
#include "common/host/tap.h"
#include "common/host/transaction.h"
#include "common/wire/mcast.h"
#include "filter.h"
#include "nic.h"

/* Lists the addresses that the TAP is to receive. Returns their number; more than
 * MCAST_MAX: no filter will do. */
static unsigned int filter_read(struct nic *n, uint8_t (*addr)[6])
{
	struct netdev dev;
	int got = netdev_open(&dev, n->tap_fd);

	if (got == 0) {
		got = maddr_list(addr, MCAST_MAX, &dev);
		netdev_close(&dev);
	}
	if (got < 0 && !n->filter_unseen)
		log_info("cannot read the multicast filter, all multicast is asked for nic=%s reason=\"%s\"", n->name, errtext(ERRTEXT_TAP, got));
	n->filter_unseen = got < 0;
	return got < 0 ? MCAST_MAX + 1 : (unsigned int)got;
}

void nic_filter_prepare(struct nic *n, struct nic_conf *conf)
{
	uint8_t addr[MCAST_MAX][6];

	conf->mcast_dynamic &= conf->mcast;
	conf->mcast &= n->daemon->multicast_control;
	if (conf->mcast && !conf->mcast_dynamic && filter_read(n, addr) > MCAST_MAX) {
		log_info_in(&n->log, "no multicast filter nic=%s reason=\"too many addresses\"", n->name);
		conf->mcast = false;
	}
	n->filtering = conf->mcast && !conf->mcast_dynamic;
	n->filter_short = false;
	conf->mcast_on = n->filtering;
}

static void filter_ask(struct nic *n, bool on)
{
	int err = store_write_live(n->daemon->store, n->fe_path, "request-multicast-control", on ? "1" : "0");

	if (err) {
		log_debug("cannot ask for the multicast filter nic=%s error=\"%s\"", n->name, errtext(ERRTEXT_STORE, err));
		return;
	}
	n->filtering = on;
	log_info_in(&n->log, "multicast filter nic=%s on=%d", n->name, on);
}

void nic_filter_look(struct nic *n)
{
	uint8_t addr[MCAST_MAX][6];
	enum nic_mcast_state state;
	unsigned int count;
	bool on;

	if (!n->attached || !nic_conn_conf(n->conn)->mcast)
		return;
	count = filter_read(n, addr);
	if (count <= MCAST_MAX)
		nic_conn_want_mcast(n->conn, addr, count);
	state = nic_conn_mcast_state(n->conn);
	/* A change that is on its way takes no longer than asking for everything meanwhile. */
	on = count <= MCAST_MAX && state != NIC_MCAST_REFUSED && (state == NIC_MCAST_DONE || n->filtering);
	if (nic_conn_conf(n->conn)->mcast_dynamic) {
		if (on != n->filtering)
			filter_ask(n, on);
		return;
	}
	if (!on && !n->filter_short)
		log_warn_in(&n->log, "the backend's multicast filter lacks addresses and cannot be turned off: start without --multicast-control nic=%s", n->name);
	n->filter_short = !on;
}
