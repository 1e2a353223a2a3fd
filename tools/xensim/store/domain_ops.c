/* SPDX-License-Identifier: MIT */
/* domain_ops.c - serves the requests on domains */
#include "domain_ops.h"

#include "hooks.h"
#include "perm.h"
#include "tools/xensim/base/util.h"

#include <stdlib.h>

#define NR_DOMS 65536u

static bool domain_introduced[NR_DOMS];

void domain_introduce(uint32_t domid)
{
	domain_introduced[domid % NR_DOMS] = true;
	watch_fire_special("@introduceDomain");
}

void domain_release(uint32_t domid)
{
	domain_introduced[domid % NR_DOMS] = false;
	watch_fire_special("@releaseDomain");
}

static int domain_arg(const char *s, uint32_t *domid)
{
	char *end;
	unsigned long id = s ? strtoul(s, &end, 10) : NR_DOMS;

	if (!s || !*s || *end || id >= NR_DOMS)
		return EINVAL;
	*domid = (uint32_t)id;
	return 0;
}

int op_get_domain_path(struct request *req)
{
	uint32_t domid;
	char *path;

	if (domain_arg(request_one(req), &domid))
		return EINVAL;
	path = xprintf("/local/domain/%u", domid);
	request_reply_string(req, path);
	free(path);
	return 0;
}

int op_is_introduced(struct request *req)
{
	uint32_t domid;

	if (domain_arg(request_one(req), &domid))
		return EINVAL;
	request_reply_string(req, domain_introduced[domid] ? "T" : "F");
	return 0;
}

int op_introduce(struct request *req)
{
	const char *vec[3];
	uint32_t domid;

	if (request_domid(req))
		return EACCES;
	if (request_strings(req, vec, 3) < 3 || domain_arg(vec[0], &domid))
		return EINVAL;
	if (!store_hooks_get()->domain_exists(domid))
		return EINVAL;
	domain_introduce(domid);
	request_ack(req);
	return 0;
}

/* Reads the only argument of dom0's requests on a domain that was introduced. */
static int domain_arg_introduced(const struct request *req, uint32_t *domid)
{
	if (request_domid(req))
		return EACCES;
	if (domain_arg(request_one(req), domid))
		return EINVAL;
	return domain_introduced[*domid] ? 0 : ENOENT;
}

int op_release(struct request *req)
{
	uint32_t domid;
	int err = domain_arg_introduced(req, &domid);

	if (err)
		return err;
	domain_release(domid);
	request_ack(req);
	return 0;
}

int op_resume(struct request *req)
{
	uint32_t domid;
	int err = domain_arg_introduced(req, &domid);

	if (!err)
		request_ack(req);
	return err;
}

int op_set_target(struct request *req)
{
	const char *vec[2];
	uint32_t domid;
	uint32_t target;

	if (request_domid(req))
		return EACCES;
	if (request_strings(req, vec, 2) < 2 || domain_arg(vec[0], &domid) || domain_arg(vec[1], &target))
		return EINVAL;
	if (!domain_introduced[domid] || !domain_introduced[target])
		return ENOENT;
	perm_set_target(domid, target);
	request_ack(req);
	return 0;
}
