/* SPDX-License-Identifier: MIT */
/* live.c - keys that are watched while connected: rate, request-multicast-control */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../common/log.h"
#include "../common/worker.h"
#include "backend.h"

#define REQUEST "request-multicast-control"

/* A worker that waits for credit sleeps a little longer than it must, so that
 * it wakes for some frames and not for one, and looks at the time often enough
 * to see a rate that changes. The bucket holds at least 10 ms of its rate. */
#define CREDIT_NAP_MS 4u
#define CREDIT_NAP_MAX_MS 200u

bool vif_live_open(struct vif_live *live, uint32_t direction)
{
	return !(live->limited & direction) || !credit_limited(&live->credit) ||
	       credit_open(&live->credit, now_us());
}

void vif_live_take(struct vif_live *live, uint32_t direction, uint32_t bytes)
{
	if (live->limited & direction)
		credit_take(&live->credit, bytes);
}

int vif_live_wait_ms(struct vif_live *live)
{
	uint64_t now = now_us();

	if (!credit_limited(&live->credit) || credit_open(&live->credit, now))
		return 0;
	return (int)min_size(credit_wait(&live->credit, 1, now) / 1000u + CREDIT_NAP_MS, CREDIT_NAP_MAX_MS);
}

bool vif_live_unwanted(const struct vif_live *live, const uint8_t *addr)
{
	return mcast_applies(addr) && atomic_load_explicit(&live->filter, memory_order_relaxed) &&
	       !mcast_match(live->mcast, addr) &&
	       !atomic_load_explicit(&live->all_multicast, memory_order_relaxed);
}

/* netif.md 2.4: what is not "bytes,usecs" is no limit, as with Linux, but not in silence. */
static void read_rate(struct vif *v)
{
	char text[STORE_VALUE_MAX] = "";
	struct credit_rate rate = { 0, 0 };
	int err = store_read(v->daemon->store, text, sizeof(text), v->be_path, "rate");

	if (err == -ENOENT)
		text[0] = '\0';
	else if (err == -EINVAL)
		snprintf(text, sizeof(text), "no text");
	else if (err)
		return;		/* xenstored is lost, not the key */
	if (strcmp(text, v->rate) == 0)
		return;
	snprintf(v->rate, sizeof(v->rate), "%s", text);
	if (err != -ENOENT && credit_parse(&rate, text))
		log_error_in(&v->live.log, "backend key rate is not bytes,usecs: no limit vif=%s rate=\"%s\"", v->name, text);
	else
		log_info_in(&v->live.log, "rate vif=%s bytes=%llu usecs=%llu", v->name, (unsigned long long)rate.bytes,
			 (unsigned long long)rate.usecs);
	credit_set(&v->live.credit, &rate, now_us());
}

void vif_live_read(struct vif *v)
{
	uint32_t on;
	bool was;

	read_rate(v);
	/* What is no number is not a wish to lose frames. */
	if (store_read_u32_or(v->daemon->store, &on, v->fe_path, REQUEST, 0))
		on = 0;
	was = atomic_exchange(&v->live.filter, on != 0);
	if (was != (on != 0))
		log_debug("multicast filter vif=%s on=%d", v->name, on != 0);
}

int vif_live_watch(struct vif *v)
{
	char path[STORE_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/" REQUEST, v->fe_path);
	return store_watch(v->daemon->store, path, v->token);
}

void vif_live_unwatch(struct vif *v)
{
	char path[STORE_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/" REQUEST, v->fe_path);
	store_unwatch(v->daemon->store, path, v->token);
}
