/* SPDX-License-Identifier: MIT */
/* dispatch.c - the table of requests */
#include "dispatch.h"

#include "domain_ops.h"
#include "node_ops.h"
#include "tx_ops.h"
#include "watch_ops.h"

#define OP_NO_TX 1u /* ignores the request's transaction */

static const struct op {
	int (*fn)(struct request *req);
	uint32_t flags;
} ops[XS_TYPE_COUNT] = {
	[XS_DIRECTORY] = { op_directory, 0 },
	[XS_READ] = { op_read, 0 },
	[XS_GET_PERMS] = { op_get_perms, 0 },
	[XS_WATCH] = { op_watch, OP_NO_TX },
	[XS_UNWATCH] = { op_unwatch, OP_NO_TX },
	[XS_TRANSACTION_START] = { op_transaction_start, OP_NO_TX },
	[XS_TRANSACTION_END] = { op_transaction_end, 0 },
	[XS_INTRODUCE] = { op_introduce, OP_NO_TX },
	[XS_RELEASE] = { op_release, OP_NO_TX },
	[XS_GET_DOMAIN_PATH] = { op_get_domain_path, OP_NO_TX },
	[XS_WRITE] = { op_write, 0 },
	[XS_MKDIR] = { op_mkdir, 0 },
	[XS_RM] = { op_rm, 0 },
	[XS_SET_PERMS] = { op_set_perms, 0 },
	[XS_IS_DOMAIN_INTRODUCED] = { op_is_introduced, OP_NO_TX },
	[XS_RESUME] = { op_resume, OP_NO_TX },
	[XS_SET_TARGET] = { op_set_target, OP_NO_TX },
	[XS_RESET_WATCHES] = { op_reset_watches, OP_NO_TX },
	[XS_DIRECTORY_PART] = { op_directory_part, 0 },
};

const char *dispatch_error(int err)
{
	size_t i;

	for (i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
		if (xsd_errors[i].errnum == err)
			return xsd_errors[i].errstring;
	return "EINVAL";
}

int dispatch(struct request *req)
{
	const struct op *op = req->type < XS_TYPE_COUNT ? &ops[req->type] : NULL;

	if (!op || !op->fn)
		return ENOSYS;
	if (req->tx_id && !(op->flags & OP_NO_TX)) {
		req->tx = tx_ops_find(req->client, req->tx_id);
		if (!req->tx)
			return ENOENT;
	}
	return op->fn(req);
}
