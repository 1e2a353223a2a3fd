/* SPDX-License-Identifier: MIT */
/* node_ops.h - requests on nodes
 *
 * Each returns 0, with the answer in the request, or an errno.
 */
#ifndef XENSIM_NODE_OPS_H
#define XENSIM_NODE_OPS_H

#include "request.h"

int op_directory(struct request *req);
int op_directory_part(struct request *req);
int op_read(struct request *req);
int op_write(struct request *req);
int op_mkdir(struct request *req);
int op_rm(struct request *req);
int op_get_perms(struct request *req);
int op_set_perms(struct request *req);

#endif
