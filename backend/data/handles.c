/* SPDX-License-Identifier: MIT */
/* handles.c - the sets of handles.h */
#include <errno.h>
#include <stdlib.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/burst.h"
#include "common/host/evtchn.h"
#include "common/host/grant.h"
#include "handles.h"

struct handles_set {
	struct grant_dev *grant;
	struct evt_dev *evt;
	struct burst_ring *ring;
};

struct vif_handles {
	unsigned int left;	/* sets that are not taken; they are the first ones */
	bool restricted;
	struct handles_set set[];
};

static void handles_close_set(struct handles_set *s)
{
	burst_ring_free(s->ring);
	evt_close(s->evt);
	grant_close(s->grant);
	*s = (struct handles_set){ NULL, NULL, NULL };
}

static int handles_open_evt(struct vif_handles *h, struct handles_set *s, struct domid peer)
{
	int err = evt_open(&s->evt);

	if (err || !h->restricted)
		return err;
	err = evt_restrict(s->evt, peer);
	if (err != -EOPNOTSUPP)
		return err;
	h->restricted = false;
	return 0;
}

/* Opens one set, with a ring if rings is 0. */
static int handles_open_set(struct vif_handles *h, struct handles_set *s, struct domid peer, int rings)
{
	int err = grant_open(&s->grant, peer);

	if (!err)
		err = handles_open_evt(h, s, peer);
	if (!err && !rings)
		rings = burst_ring_new(&s->ring);
	if (!err && rings)
		log_debug("no io_uring for a worker, frames are written one by one error=\"%s\"", errtext(ERRTEXT_FILE, rings));
	return err;
}

int vif_handles_open(struct vif_handles **out, struct domid peer, unsigned int n)
{
	struct vif_handles *h = calloc(1, sizeof(*h) + n * sizeof(h->set[0]));
	int rings, err = 0;

	if (!h)
		return -ENOMEM;
	h->restricted = true;
	rings = burst_ring_probe();
	for (unsigned int i = 0; i < n && !err; i++) {
		err = handles_open_set(h, &h->set[i], peer, rings);
		/* The set that failed has some of its handles. */
		h->left = i + 1;
	}
	if (err) {
		vif_handles_close(h);
		return err;
	}
	*out = h;
	return 0;
}

bool vif_handles_take(struct vif_handles *h, struct grant_dev **grant, struct evt_dev **evt, struct burst_ring **ring)
{
	struct handles_set *s;

	if (h->left == 0)
		return false;
	s = &h->set[--h->left];
	*grant = s->grant;
	*evt = s->evt;
	*ring = s->ring;
	*s = (struct handles_set){ NULL, NULL, NULL };
	return true;
}

unsigned int vif_handles_left(const struct vif_handles *h)
{
	return h->left;
}

bool vif_handles_are_restricted(const struct vif_handles *h)
{
	return h->restricted;
}

void vif_handles_close(struct vif_handles *h)
{
	if (!h)
		return;
	while (h->left)
		handles_close_set(&h->set[--h->left]);
	free(h);
}
