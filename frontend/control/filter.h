/* SPDX-License-Identifier: MIT */
/* filter.h - the TAP's multicast filter, handed on to the backend */
#ifndef NETPAIR_FRONTEND_FILTER_H
#define NETPAIR_FRONTEND_FILTER_H

struct nic;
struct nic_conf;

/* Decides what becomes of the backend's offer to filter multicast, before we connect. */
void nic_filter_prepare(struct nic *n, struct nic_conf *conf);

/* Reads the TAP's filter and hands changes on, while connected. */
void nic_filter_look(struct nic *n);

#endif
