/* SPDX-License-Identifier: MIT */
/* netfeat.c - the features part of ethtool's netlink (Documentation/networking/ethtool-netlink.rst) */
#include <errno.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <string.h>

#include "netfeat.h"
#include "netlink.h"

struct netfeat_ask {
	unsigned int ifindex;
	struct netfeat *f;		/* to be filled in */
	const struct netfeat *want;	/* or to be set */
};

/* --- parsing ------------------------------------------------------------- */

static int netfeat_family_parse(const struct nlmsghdr *msg, void *arg)
{
	struct nlattr *a;

	mnl_attr_for_each(a, msg, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(a) == CTRL_ATTR_FAMILY_ID && mnl_attr_validate(a, MNL_TYPE_U16) >= 0)
			*(uint16_t *)arg = mnl_attr_get_u16(a);
	return MNL_CB_OK;
}

/* Returns whether the bitset was valid. */
static bool netfeat_bitset_parse(const struct nlattr *nest, unsigned int *bits, uint32_t *words)
{
	struct nlattr *a;
	const struct nlattr *value = NULL;

	*bits = 0;
	if (mnl_attr_validate(nest, MNL_TYPE_NESTED) < 0)
		return false;
	mnl_attr_for_each_nested(a, nest) {
		if (mnl_attr_get_type(a) == ETHTOOL_A_BITSET_SIZE && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			*bits = mnl_attr_get_u32(a);
		else if (mnl_attr_get_type(a) == ETHTOOL_A_BITSET_VALUE)
			value = a;
	}
	if (!value || *bits == 0 || *bits > 32 * NETFEAT_WORDS ||
	    mnl_attr_get_payload_len(value) != (*bits + 31) / 32 * 4)
		return false;
	memset(words, 0, NETFEAT_WORDS * sizeof(*words));
	memcpy(words, mnl_attr_get_payload(value), mnl_attr_get_payload_len(value));
	return true;
}

/* Reads the bitsets. Sets f->bits only at the end, so that an incomplete answer counts as none. */
static int netfeat_features_parse(const struct nlmsghdr *msg, void *arg)
{
	struct netfeat *f = arg;
	struct nlattr *a;
	unsigned int had = 0;

	mnl_attr_for_each(a, msg, sizeof(struct genlmsghdr)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == ETHTOOL_A_FEATURES_HW)
			had += netfeat_bitset_parse(a, &f->bits, f->can);
		else if (type == ETHTOOL_A_FEATURES_WANTED)
			had += netfeat_bitset_parse(a, &f->bits, f->wanted);
		else if (type == ETHTOOL_A_FEATURES_ACTIVE)
			had += netfeat_bitset_parse(a, &f->bits, f->active);
	}
	if (had != 3)
		f->bits = 0;
	return MNL_CB_OK;
}

/* --- asking -------------------------------------------------------------- */

static struct nlmsghdr *netfeat_genl_request(void *buf, uint16_t family, uint8_t cmd)
{
	struct nlmsghdr *req = netlink_request(buf, family, NLM_F_ACK);
	struct genlmsghdr *gen = mnl_nlmsg_put_extra_header(req, sizeof(*gen));

	gen->cmd = cmd;
	gen->version = 1;
	return req;
}

/* Begins an ethtool request about a device, with flags in its header. Returns 0 or -errno. */
static int netfeat_request(struct nlmsghdr **req, void *buf, uint8_t cmd, unsigned int ifindex, uint32_t flags)
{
	uint16_t family = 0;
	struct nlattr *nest;
	int err;

	*req = netfeat_genl_request(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(*req, CTRL_ATTR_FAMILY_NAME, ETHTOOL_GENL_NAME);
	err = netlink_ask(NETLINK_GENERIC, *req, netfeat_family_parse, &family);
	if (err || !family)
		return err ? err : -ENOENT;
	*req = netfeat_genl_request(buf, family, cmd);
	nest = mnl_attr_nest_start(*req, ETHTOOL_A_FEATURES_HEADER);
	mnl_attr_put_u32(*req, ETHTOOL_A_HEADER_DEV_INDEX, ifindex);
	mnl_attr_put_u32(*req, ETHTOOL_A_HEADER_FLAGS, flags);
	mnl_attr_nest_end(*req, nest);
	return 0;
}

static int netfeat_get_inside(void *arg)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ASK_MAX];
	struct netfeat_ask *ask = arg;
	struct nlmsghdr *req;
	int err = netfeat_request(&req, buf, ETHTOOL_MSG_FEATURES_GET, ask->ifindex, ETHTOOL_FLAG_COMPACT_BITSETS);

	ask->f->bits = 0;
	if (!err)
		err = netlink_ask(NETLINK_GENERIC, req, netfeat_features_parse, ask->f);
	return err || ask->f->bits ? err : -EOPNOTSUPP;
}

int netfeat_get(struct netfeat *f, const struct netdev *d)
{
	struct netfeat_ask ask = { .ifindex = d->ifindex, .f = f };

	return netdev_run(d, netfeat_get_inside, &ask);
}

static int netfeat_want_inside(void *arg)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ASK_MAX];
	const struct netfeat_ask *ask = arg;
	const struct netfeat *f = ask->want;
	size_t bytes = (f->bits + 31) / 32 * 4;
	struct nlmsghdr *req;
	struct nlattr *nest;
	int err = netfeat_request(&req, buf, ETHTOOL_MSG_FEATURES_SET, ask->ifindex, ETHTOOL_FLAG_COMPACT_BITSETS);

	if (err)
		return err;
	nest = mnl_attr_nest_start(req, ETHTOOL_A_FEATURES_WANTED);
	mnl_attr_put_u32(req, ETHTOOL_A_BITSET_SIZE, f->bits);
	mnl_attr_put(req, ETHTOOL_A_BITSET_VALUE, bytes, f->wanted);
	mnl_attr_put(req, ETHTOOL_A_BITSET_MASK, bytes, f->can);
	mnl_attr_nest_end(req, nest);
	return netlink_ask(NETLINK_GENERIC, req, NULL, NULL);
}

int netfeat_want(const struct netdev *d, const struct netfeat *f)
{
	struct netfeat_ask ask = { .ifindex = d->ifindex, .want = f };

	return netdev_run(d, netfeat_want_inside, &ask);
}

/* --- one feature by its name ---------------------------------------------- */

struct netfeat_named {
	unsigned int ifindex;
	const char *name;
	bool has;
};

/* Returns whether a bit of a bitset has that name and is set. */
static bool netfeat_bit_is(const struct nlattr *bit, const char *name)
{
	const char *is = NULL;
	bool set = false;
	struct nlattr *a;

	if (mnl_attr_validate(bit, MNL_TYPE_NESTED) < 0)
		return false;
	mnl_attr_for_each_nested(a, bit) {
		if (mnl_attr_get_type(a) == ETHTOOL_A_BITSET_BIT_NAME && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
			is = mnl_attr_get_str(a);
		else if (mnl_attr_get_type(a) == ETHTOOL_A_BITSET_BIT_VALUE)
			set = true;
	}
	return set && is && strcmp(is, name) == 0;
}

/* Looks for the name in a bitset with names. */
static bool netfeat_bitset_has(const struct nlattr *bitset, const char *name)
{
	struct nlattr *bits, *bit;

	mnl_attr_for_each_nested(bits, bitset) {
		if (mnl_attr_get_type(bits) != ETHTOOL_A_BITSET_BITS || mnl_attr_validate(bits, MNL_TYPE_NESTED) < 0)
			continue;
		mnl_attr_for_each_nested(bit, bits)
			if (netfeat_bit_is(bit, name))
				return true;
	}
	return false;
}

static int netfeat_named_parse(const struct nlmsghdr *msg, void *arg)
{
	struct netfeat_named *n = arg;
	struct nlattr *a;

	mnl_attr_for_each(a, msg, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(a) == ETHTOOL_A_FEATURES_HW && mnl_attr_validate(a, MNL_TYPE_NESTED) >= 0)
			n->has = netfeat_bitset_has(a, n->name);
	return MNL_CB_OK;
}

static int netfeat_named_inside(void *arg)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ASK_MAX];
	struct netfeat_named *n = arg;
	struct nlmsghdr *req;
	int err = netfeat_request(&req, buf, ETHTOOL_MSG_FEATURES_GET, n->ifindex, 0);

	return err ? err : netlink_ask(NETLINK_GENERIC, req, netfeat_named_parse, n);
}

bool netfeat_has(const struct netdev *d, const char *name)
{
	struct netfeat_named n = { .ifindex = d->ifindex, .name = name };

	return netdev_run(d, netfeat_named_inside, &n) == 0 && n.has;
}
