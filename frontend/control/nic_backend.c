/* SPDX-License-Identifier: MIT */
/* nic_backend.c - which backend a NIC has, and the watches on that */
#include <stdio.h>
#include <string.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/store.h"
#include "nic.h"
#include "nic_backend.h"

/* The backend's keys that are nic_backend_keys. */
static const char *const nic_backend_keys[] = { "state", "carrier" };

void nic_backend_unwatch(struct nic *n)
{
	char path[STORE_PATH_MAX + 16];

	for (unsigned int i = 0; i < ARRAY_SIZE(nic_backend_keys) && *n->be_path; i++) {
		snprintf(path, sizeof(path), "%s/%s", n->be_path, nic_backend_keys[i]);
		store_unwatch(n->daemon->store, path, n->token);
	}
}

/* Sets all watches. Returns 0, or -errno with none set: the next look finds the backend anew. */
static int nic_backend_watch(struct nic *n)
{
	char path[STORE_PATH_MAX + 16];
	int err = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(nic_backend_keys) && !err; i++) {
		snprintf(path, sizeof(path), "%s/%s", n->be_path, nic_backend_keys[i]);
		err = store_watch(n->daemon->store, path, n->token);
	}
	if (err) {
		if (!store_lost(n->daemon->store))
			log_error_in(&n->log, "cannot watch the backend nic=%s path=%s error=\"%s\"", n->name, path, errtext(ERRTEXT_STORE, err));
		nic_backend_unwatch(n);
		n->be_path[0] = '\0';
	}
	return err;
}

int nic_backend_find(struct nic *n)
{
	char path[STORE_PATH_MAX];
	uint32_t id;
	int err = store_read(n->daemon->store, path, sizeof(path), n->fe_path, "backend");

	if (!err)
		err = store_read_u32(n->daemon->store, &id, n->fe_path, "backend-id");
	if (store_is_unknown(err))
		return err;
	if (err || path[0] != '/' || id >= DOMID_FIRST_RESERVED)
		path[0] = '\0', id = 0;
	if (strcmp(path, n->be_path) == 0 && id == n->peer.raw)
		return 0;
	nic_backend_unwatch(n);
	snprintf(n->be_path, sizeof(n->be_path), "%s", path);
	n->peer = domid_of((uint16_t)id);
	err = *path ? nic_backend_watch(n) : 0;
	return store_is_unknown(err) ? err : 0;
}
