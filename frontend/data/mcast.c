/* SPDX-License-Identifier: MIT */
/* mcast.c - requests one change after another, until the backend's list is the wanted one */
#include <string.h>

#include "common/base/log.h"
#include "conn_internal.h"
#include "mcast.h"

void nic_mcast_init(struct nic_conn *conn)
{
	conn->mcast.id = NIC_MCAST_NONE;
}

bool nic_mcast_busy(const struct nic_conn *conn)
{
	const struct nic_mcast *m = &conn->mcast;

	return conn->conf.mcast && (m->id != NIC_MCAST_NONE || atomic_load(&m->asked) != atomic_load(&m->settled));
}

/* Copies the first address of one list that is not in the other. Returns false if there is none. */
static bool mcast_first_missing(uint8_t *addr, const struct mcast *of, const struct mcast *in)
{
	uint8_t list[MCAST_MAX][6];
	unsigned int n = mcast_list(of, list);

	for (unsigned int i = 0; i < n; i++) {
		if (mcast_match(in, list[i]))
			continue;
		memcpy(addr, list[i], sizeof(list[i]));
		return true;
	}
	return false;
}

/* Decides on the next request. Deletions come first, as they make room. Returns false if there is none. */
static bool mcast_next_change(struct nic_mcast *m)
{
	if (mcast_first_missing(m->addr, &m->known, &m->wanted)) {
		m->type = XEN_NETIF_EXTRA_TYPE_MCAST_DEL;
		return true;
	}
	m->type = XEN_NETIF_EXTRA_TYPE_MCAST_ADD;
	return !atomic_load(&m->refused) && mcast_first_missing(m->addr, &m->wanted, &m->known);
}

void nic_mcast_post(struct nic_conn *conn)
{
	struct nic_mcast *m = &conn->mcast;
	unsigned int asked = atomic_load(&m->asked);
	uint16_t id;

	if (m->id != NIC_MCAST_NONE || asked == atomic_load(&m->settled))
		return;
	if (m->looked != asked) {
		m->looked = asked;
		atomic_store(&m->refused, false);
	}
	if (!mcast_next_change(m)) {
		atomic_store(&m->settled, asked);
		worker_wake_control(&conn->w);
		return;
	}
	if (gtx_front_free(&conn->queue[0].gtx) < 2 || free_pages_lowest(&conn->gtx_free_pages, &id, 1) == 0)
		return;
	free_pages_claim(&conn->gtx_free_pages, &id, 1);
	m->id = id;
	pkt_mcast_to_gtx(&conn->queue[0].gtx, id, conn->gtx_pool.gref[id], m->type, m->addr);
}

void nic_mcast_answered(struct nic_conn *conn, int16_t status)
{
	struct nic_mcast *m = &conn->mcast;
	bool add = m->type == XEN_NETIF_EXTRA_TYPE_MCAST_ADD, ok = status == NETIF_RSP_OKAY;

	m->id = NIC_MCAST_NONE;
	stats_inc(&conn->queue[0].stats, ok ? STAT_GTX_MCAST : STAT_GTX_DROP_MCAST);
	log_debug("multicast nic=%s %s=%02x:%02x:%02x:%02x:%02x:%02x status=%d", conn->w.name, add ? "add" : "del",
		  m->addr[0], m->addr[1], m->addr[2], m->addr[3], m->addr[4], m->addr[5], status);
	/* A backend refuses a deletion only if it does not have the address. */
	if (!add)
		ok = mcast_del(&m->known, m->addr) == 0;
	else if (ok)
		ok = mcast_add(&m->known, m->addr) == 0;
	if (!ok)
		atomic_store(&m->refused, true);
}

/* --- on the control thread ----------------------------------------------- */

static bool mcast_listed(uint8_t (*addr)[6], unsigned int n, const uint8_t *one)
{
	for (unsigned int i = 0; i < n; i++)
		if (memcmp(addr[i], one, sizeof(addr[i])) == 0)
			return true;
	return false;
}

void nic_mcast_want(struct nic_conn *conn, uint8_t (*addr)[6], unsigned int n)
{
	struct nic_mcast *m = &conn->mcast;
	uint8_t old[MCAST_MAX][6];
	unsigned int nold = mcast_list(&m->wanted, old);
	bool changed = false;

	for (unsigned int i = 0; i < nold; i++)
		if (!mcast_listed(addr, n, old[i]) && mcast_del(&m->wanted, old[i]) == 0)
			changed = true;
	for (unsigned int i = 0; i < n; i++)
		if (mcast_applies(addr[i]) && !mcast_match(&m->wanted, addr[i]) &&
		    mcast_add(&m->wanted, addr[i]) == 0)
			changed = true;
	if (!changed)
		return;
	atomic_fetch_add(&m->asked, 1);
	worker_kick(&conn->w);
}

enum nic_mcast_state nic_mcast_state(const struct nic_conn *conn)
{
	const struct nic_mcast *m = &conn->mcast;

	if (atomic_load(&m->settled) != atomic_load(&m->asked))
		return NIC_MCAST_WORKING;
	return atomic_load(&m->refused) ? NIC_MCAST_REFUSED : NIC_MCAST_DONE;
}
