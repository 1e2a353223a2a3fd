/* SPDX-License-Identifier: MIT */
/* request.c - reads the arguments of a request and writes its answer */
#include "request.h"

#include "perm.h"
#include "tools/xensim/base/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t request_domid(const struct request *req)
{
	return req->client->watcher.domid;
}

void request_reply(struct request *req, const void *data, size_t len)
{
	if (len > sizeof(req->reply))
		len = sizeof(req->reply);
	if (len)
		memcpy(req->reply, data, len);
	req->reply_len = (uint32_t)len;
}

void request_reply_string(struct request *req, const char *s)
{
	request_reply(req, s, strlen(s) + 1);
}

void request_ack(struct request *req)
{
	request_reply_string(req, "OK");
}

static bool request_path_valid(const char *path)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/_@";
	size_t len = strlen(path);
	unsigned int domid;
	int skip = 0;

	if (*path != '/' || (len > 1 && path[len - 1] == '/') || strstr(path, "//"))
		return false;
	if (len >= XENSTORE_ABS_PATH_MAX)
		return false;
	if (sscanf(path, "/local/domain/%5u/%n", &domid, &skip) != 1)
		skip = 0;
	if (len - (size_t)skip > XENSTORE_REL_PATH_MAX)
		return false;
	return strspn(path, allowed) == len;
}

char *request_path(const struct request *req, const char *s)
{
	char *path;

	if (*s == '/' || *s == '@')
		path = xprintf("%s", s);
	else
		path = xprintf("/local/domain/%u/%s", request_domid(req), s);
	if (request_path_valid(path))
		return path;
	free(path);
	errno = EINVAL;
	return NULL;
}

const struct node *request_node(const struct request *req, const char *s, uint32_t need, char **path)
{
	*path = request_path(req, s);
	return *path ? perm_read(req->tx, request_domid(req), *path, need) : NULL;
}

const char *request_one(const struct request *req)
{
	if (!req->len || strlen(req->data) + 1 != req->len)
		return NULL;
	return req->data;
}

uint32_t request_strings(const struct request *req, const char **vec, uint32_t max)
{
	uint32_t off = 0;
	uint32_t n = 0;

	while (off < req->len && n < max) {
		size_t len = strnlen(req->data + off, req->len - off);

		if (off + len == req->len)
			break; /* not terminated */
		vec[n++] = req->data + off;
		off += (uint32_t)len + 1;
	}
	return n;
}
