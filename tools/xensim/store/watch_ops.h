/* SPDX-License-Identifier: MIT */
/* watch_ops.h - requests on watches
 *
 * Each returns 0, with the answer in the request, or an errno.
 */
#ifndef XENSIM_WATCH_OPS_H
#define XENSIM_WATCH_OPS_H

#include "request.h"

int op_watch(struct request *req);
int op_unwatch(struct request *req);
int op_reset_watches(struct request *req);

#endif
