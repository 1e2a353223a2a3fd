/* SPDX-License-Identifier: MIT */
/* watch_ops.c - serves the requests on watches */
#include "watch_ops.h"

#include "tools/xensim/base/util.h"
#include "tx_ops.h"

#include <stdlib.h>
#include <string.h>

/* Returns the path to be watched, or NULL; *skip is the number of bytes that its events leave out. */
static char *watch_ops_path(const struct request *req, const char *s, uint32_t *skip)
{
	char *path;
	char *own;

	*skip = 0;
	if (*s == '@')
		return strlen(s) < XENSTORE_REL_PATH_MAX ? xprintf("%s", s) : NULL;
	path = request_path(req, s);
	if (!path || *s == '/')
		return path;
	own = xprintf("/local/domain/%u", request_domid(req));
	*skip = (uint32_t)strlen(own);
	free(own);
	return path;
}

/* Reads the arguments of both requests. Returns the path, to be freed, or NULL. */
static char *watch_ops_args(const struct request *req, const char **token, uint32_t *skip)
{
	const char *vec[2];

	if (request_strings(req, vec, 2) != 2)
		return NULL;
	*token = vec[1];
	return watch_ops_path(req, vec[0], skip);
}

static void watch_ops_added(struct request *req)
{
	watch_fire_new(&req->client->watcher);
}

int op_watch(struct request *req)
{
	const char *token;
	uint32_t skip;
	char *path = watch_ops_args(req, &token, &skip);
	int err;

	if (!path)
		return EINVAL;
	err = watch_add(&req->client->watcher, path, token, skip);
	free(path);
	if (err)
		return err;
	request_ack(req);
	req->after = watch_ops_added;
	return 0;
}

int op_unwatch(struct request *req)
{
	const char *token;
	uint32_t skip;
	char *path = watch_ops_args(req, &token, &skip);
	int err;

	if (!path)
		return EINVAL;
	err = watch_remove(&req->client->watcher, path, token);
	free(path);
	if (!err)
		request_ack(req);
	return err;
}

int op_reset_watches(struct request *req)
{
	watch_remove_all(&req->client->watcher);
	tx_ops_end_all(req->client);
	request_ack(req);
	return 0;
}
