/* SPDX-License-Identifier: MIT */
/* dispatch.h - which operation serves which request */
#ifndef XENSIM_DISPATCH_H
#define XENSIM_DISPATCH_H

#include "request.h"

/* Serves a request. Returns 0, with the answer in it, or the errno that is the answer. */
int dispatch(struct request *req);

/* Returns the name that xenstore's protocol has for an errno. */
const char *dispatch_error(int err);

#endif
