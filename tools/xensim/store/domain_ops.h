/* SPDX-License-Identifier: MIT */
/* domain_ops.h - requests on domains
 *
 * Each op_ returns 0, with the answer in the request, or an errno.
 */
#ifndef XENSIM_DOMAIN_OPS_H
#define XENSIM_DOMAIN_OPS_H

#include "request.h"

int op_get_domain_path(struct request *req);
int op_is_introduced(struct request *req);
int op_introduce(struct request *req);
int op_release(struct request *req);
int op_resume(struct request *req);
int op_set_target(struct request *req);

/* Marks a domain as one that can be talked to; fires introduceDomain. */
void domain_introduce(uint32_t domid);

/* Marks a domain as gone or going; fires releaseDomain. */
void domain_release(uint32_t domid);

#endif
