/* SPDX-License-Identifier: MIT */
/* fuzz-conf.c - the keys that a peer writes to xenstore, as both daemons read them: vif_conf_read(),
 * nic_conf_read()
 *
 * Input: two bytes of limits, then keys with their values, then what other clients change between two
 * reads, or requests that fail. This file reads the keys of an accepted configuration a second time,
 * by code of its own, and compares.
 *
 * What must hold:
 * - an accepted configuration is within bounds: no gref and no port occurs twice, no port is 0;
 * - each accepted number is that of the key which netif.h names for it, unless a key has changed
 *   between two reads or could not be read;
 * - a refusal has a reason, which is text that ends.
 */
#include <ctype.h>
#include <errno.h>

#include "fakexs.h"
#include "fuzz.h"
#include "input.h"
#include "refs.h"

#include "backend/control/vif_conf.h"
#include "frontend/control/nic_conf.h"
#include "frontend/data/conn.h"

#define FE "/local/domain/1/device/vif/0"
#define BE "/local/domain/0/backend/vif/1/0"

static unsigned int mischief;
static bool changed;
static struct store *store;

static const char *const front_key[] = {
	"tx-ring-ref", "rx-ring-ref", "event-channel", "event-channel-tx", "event-channel-rx", "event-channel-ctrl",
	"ctrl-ring-ref", "event-mask-ref", "multi-queue-num-queues", "request-rx-copy", "feature-rx-notify",
	"feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-no-csum-offload", "feature-ipv6-csum-offload",
	"xdp-headroom", "tx-ring-ref", "rx-ring-ref", "event-channel", "event-channel-tx", "event-channel-rx",
};
#define FRONT_TOP 17u		/* from there on: under a queue */

static const char *const back_key[] = {
	"feature-rx-copy", "feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-no-csum-offload",
	"feature-ipv6-csum-offload", "feature-split-event-channels", "feature-ctrl-ring", "feature-event-mask",
	"feature-multicast-control", "feature-dynamic-multicast-control", "multi-queue-max-queues", "fill-checksums", "mac",
};
static const char *const words[] = {
	"4294967295", "4294967296", "-1", "", "2x", " 1", "1 ", "0x10", "+1", "00", "007", "18446744073709551617",
	"00:16:3e:00:00:01", "01:00:00:00:00:01", "0", "1",
};

/* Writes a value for a key: mostly a small number, so that two keys often have the same. */
static void put_value(const char *dir, const char *key)
{
	uint8_t how = eat8(&input, &input_left), len;
	char path[2 * FAKEXS_PATH], value[256];

	snprintf(path, sizeof(path), "%s/%s", dir, key);
	if (how < 160) {
		snprintf(value, sizeof(value), "%u", how % 80u);
		fakexs_set(path, value, strlen(value));
	} else if (how < 224) {
		fakexs_set(path, words[how % 16], strlen(words[how % 16]));
	} else if (how < 232) {
		fakexs_remove(path);
	} else {
		len = how == 255 ? 255 : how - 232;
		eat(value, len, &input, &input_left);
		fakexs_set(path, value, len);
	}
}

static void put_key(void)
{
	uint8_t what = eat8(&input, &input_left);
	char dir[FAKEXS_PATH];

	if (what & 0x80) {
		put_value(BE, back_key[(what & 0x7f) % ARRAY_SIZE(back_key)]);
	} else if (what % ARRAY_SIZE(front_key) < FRONT_TOP) {
		put_value(FE, front_key[what % ARRAY_SIZE(front_key)]);
	} else {
		snprintf(dir, sizeof(dir), FE "/queue-%u", eat8(&input, &input_left) % 18u);
		put_value(dir, front_key[what % ARRAY_SIZE(front_key)]);
	}
}

static int change_between_reads(const char *path)
{
	static const int errs[] = { EACCES, EIO, EAGAIN, ENOENT, EINVAL, EBUSY, ENOMEM, EPIPE };
	uint8_t what;

	(void)path;
	if (!mischief || !input_left)
		return 0;
	mischief--;
	what = eat8(&input, &input_left);
	if (what & 7)
		return 0;
	changed = true;
	if (what & 8)
		return errs[what >> 5];
	put_key();
	return 0;
}

static void check_why(int err, const struct reason *why)
{
	char text[REASON_TEXT_MAX];

	PROMISE(err <= 0);
	if (!err)
		return;
	memset(text, 'x', sizeof(text));
	reason_print(text, sizeof(text), why);
	PROMISE(memchr(text, '\0', sizeof(text)) && *text);
	for (const char *c = text; *c; c++)
		PROMISE(isprint((unsigned char)*c));
}

/* --- netbackd reads a frontend ------------------------------------------------------ */

/* Returns the number in a key, or UINT64_MAX if it is none. */
static uint64_t number(const char *dir, const char *key)
{
	const char *text = fakexs_get(dir, key);

	return text ? strtoull(text, NULL, 10) : UINT64_MAX;
}

static bool is_there(const char *dir, const char *key)
{
	return fakexs_get(dir, key) != NULL;
}

static void check_queue(const struct vif_conf *c, unsigned int q)
{
	char dir[FAKEXS_PATH];
	bool split;

	if (c->queues == 1)
		snprintf(dir, sizeof(dir), FE);
	else
		snprintf(dir, sizeof(dir), FE "/queue-%u", q);
	PROMISE(c->queue[q].gtx_ref.raw == number(dir, "tx-ring-ref"));
	PROMISE(c->queue[q].grx_ref.raw == number(dir, "rx-ring-ref"));
	if (c->mask)
		return;
	split = is_there(dir, "event-channel-tx") || is_there(dir, "event-channel-rx");
	PROMISE(c->queue[q].gtx_port.raw == number(dir, split ? "event-channel-tx" : "event-channel"));
	PROMISE(c->queue[q].grx_port.raw == number(dir, split ? "event-channel-rx" : "event-channel"));
}

static void check_front(const struct vif_conf *c)
{
	PROMISE(c->queues == (is_there(FE, "multi-queue-num-queues") ? number(FE, "multi-queue-num-queues") : 1));
	PROMISE(c->mask == is_there(FE, "event-mask-ref"));
	PROMISE(c->ctrl == is_there(FE, "ctrl-ring-ref"));
	PROMISE(number(FE, "request-rx-copy") != 0 && is_there(FE, "request-rx-copy"));
	for (unsigned int q = 0; q < c->queues; q++)
		check_queue(c, q);
	if (c->mask)
		PROMISE(c->mask_ref.raw == number(FE, "event-mask-ref") && c->mask_port.raw == number(FE, "event-channel"));
	if (c->ctrl)
		PROMISE(c->ctrl_ref.raw == number(FE, "ctrl-ring-ref"));
	if (c->ctrl && !c->mask)
		PROMISE(c->ctrl_port.raw == number(FE, "event-channel-ctrl"));
	PROMISE(c->peer.sg == (is_there(FE, "feature-sg") && number(FE, "feature-sg") != 0));
	PROMISE(!c->peer.header == !c->header);
	if (c->header)
		PROMISE(c->peer.csum4 && c->peer.csum6 && (number(FE, "vnet-header") & 1) && !is_there(FE, "feature-gso-tcpv4"));
	else
		PROMISE(c->peer.csum4 == !(is_there(FE, "feature-no-csum-offload") && number(FE, "feature-no-csum-offload") != 0));
}

static void read_front(uint8_t limit)
{
	uint32_t max = 1 + limit % VIF_QUEUES_MAX;
	struct reason why;
	char text[640];
	const struct vif_offered offered = { .max_queues = max, .header = limit & 0x10 ? 0x67 : 0 };
	struct vif_conf c;
	int err;

	memset(&c, 0x55, sizeof(c));
	err = vif_conf_read(&c, store, FE, &offered, &why);
	check_why(err, &why);
	if (err)
		return;
	PROMISE(c.queues >= 1 && c.queues <= max);
	refs_check(&c);
	if (!changed)
		check_front(&c);
	for (size_t len = 1; len < sizeof(text); len += 1 + len / 2) {
		memset(text, 'x', sizeof(text));
		vif_conf_describe(&c, text, len);
		PROMISE(memchr(text, '\0', len) && text[len] == 'x');
	}
	PROMISE(strlen(vif_conf_channels(&c)) > 0);
}

/* --- netfrontd reads a backend ------------------------------------------------------- */

static void read_back(uint8_t limit)
{
	unsigned int want = 1 + limit % NIC_QUEUES_MAX;
	struct nic_conf c;
	struct reason why;
	int err;

	memset(&c, 0x55, sizeof(c));
	err = nic_conf_read(&c, store, BE, want, &why);
	check_why(err, &why);
	if (err)
		return;
	PROMISE(c.queues >= 1 && c.queues <= want);
	if (changed)
		return;
	PROMISE(is_there(BE, "feature-rx-copy") && number(BE, "feature-rx-copy") != 0);
	PROMISE(c.peer.sg == (is_there(BE, "feature-sg") && number(BE, "feature-sg") != 0));
	PROMISE(c.mask == (is_there(BE, "feature-event-mask") && number(BE, "feature-event-mask") != 0));
	if (want > 1 && is_there(BE, "multi-queue-max-queues"))
		PROMISE(c.queues <= number(BE, "multi-queue-max-queues"));
}

/* --- the list of --fill-checksums ------------------------------------------------------ */

static void fill(void)
{
	struct vif_policy policy = { .fill = NULL };
	char list[64];

	eat(list, sizeof(list) - 1, &input, &input_left);
	list[sizeof(list) - 1] = '\0';
	if (vif_conf_is_fill(list))
		policy.fill = list;
	if (vif_conf_fills(&policy, store, BE))
		PROMISE(policy.fill || (is_there(BE, "fill-checksums") && strcmp(fakexs_get(BE, "fill-checksums"), "0") != 0) ||
			changed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t limit, keys;

	input = data;
	input_left = size;
	fakexs_start("/local/domain/0");
	PROMISE(store_open(&store, NULL) == 0);
	limit = eat8(&input, &input_left);
	keys = eat8(&input, &input_left);
	changed = false;
	mischief = 0;
	fakexs_put(FE, "request-rx-copy", "1");
	fakexs_put(BE, "feature-rx-copy", "1");
	for (unsigned int i = 0; i < keys % 64u; i++)
		put_key();
	mischief = keys & 0x80 ? 64 : 0;
	fakexs_fault = change_between_reads;
	read_front(limit);
	read_back(limit >> 4);
	if (keys & 0x40)
		fill();
	store_close(store);
	PROMISE(fakexs_open() == 0);
	return 0;
}
