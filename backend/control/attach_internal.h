/* SPDX-License-Identifier: MIT */
/* attach_internal.h - what the files of attach.h share */
#ifndef NETPAIR_BACKEND_ATTACH_INTERNAL_H
#define NETPAIR_BACKEND_ATTACH_INTERNAL_H

#include "attach.h"

/* Puts an attachment on its process's list. */
void attach_join(struct attach *a, enum attach_state state);

#endif
