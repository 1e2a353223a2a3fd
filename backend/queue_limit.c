/* SPDX-License-Identifier: MIT */
/* queue_limit.c - what may wait for a guest in its device */
#include "../common/errtext.h"
#include "../common/log.h"
#include "link.h"
#include "queue.h"

/* Without a limit each queue is still one of so many frames. */
void vif_queue_limit(struct vif_link *l, const struct vif_place *place)
{
	int err;

	if (!place->queue_bytes) {
		taplimit_clear(place->tap_fd);
		return;
	}
	err = taplimit_init(&l->limit, place->tap_fd, place->queue_bytes, l->nworkers);
	if (err)
		log_warn_in(&place->live->log, "what waits for the guest is not limited in bytes vif=%s error=\"%s\"",
			    place->name, errtext(ERRTEXT_TAP, err));
	for (unsigned int i = 0; i < l->nworkers; i++)
		l->worker[i].reader = (struct taplimit_reader){ .limit = err ? NULL : &l->limit, .index = i };
}

void vif_queue_look(struct vif_worker *vw)
{
	for (unsigned int i = 0; i < vw->link->nworkers; i++)
		if (&vw->link->worker[i] != vw)
			worker_poke(&vw->link->worker[i].w);
}
