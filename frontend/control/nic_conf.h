/* SPDX-License-Identifier: MIT */
/* nic_conf.h - the keys of a NIC in xenstore */
#ifndef NETPAIR_FRONTEND_NIC_CONF_H
#define NETPAIR_FRONTEND_NIC_CONF_H

#include <stdint.h>

#include "common/base/util.h"

struct nic_conf;
struct nic_daemon;
struct nic_refs;
struct reason;
struct store;

/* Reads and checks what the backend offers; queues is the number wanted. Returns
 * 0, or -errno with the reason in why; one that store_is_unknown() says nothing of the backend. */
MUST_CHECK int nic_conf_read(struct nic_conf *conf, struct store *s, const char *be_path,
			     unsigned int queues, struct reason *why);

/* Leaves out of the offer what the command line does not want. device is what the device takes in an offload
 * header, as a mask. */
void nic_conf_restrict(struct nic_conf *conf, const struct nic_daemon *d, uint32_t device);

/* Writes the rings, channels, features and the state Connected in one
 * transaction. Returns 0 or -errno. */
MUST_CHECK int nic_conf_publish(struct store *s, const char *fe_path, const struct nic_conf *conf,
				const struct nic_refs *refs);

/* Removes what a driver that follows us must not find. */
void nic_conf_withdraw(struct store *s, const char *fe_path);

#endif
