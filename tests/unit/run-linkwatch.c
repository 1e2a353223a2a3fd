/* SPDX-License-Identifier: MIT */
/* run-linkwatch.c - events of a device's link: from rtnetlink messages that the test makes, and from
 * the kernel for a device of the test's own */
#include "unit.h"

#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <poll.h>

#include "common/host/linkwatch.c"

struct heard {
	struct link_event last;
	unsigned int count;
};

/* The only device that counts: others may come and go. */
static unsigned int wanted;

static void hear(void *arg, const struct link_event *ev)
{
	struct heard *h = arg;

	if (wanted && ev->ifindex != wanted)
		return;
	h->last = *ev;
	h->count++;
}

/* An rtnetlink message, with room for attributes. */
struct message {
	struct nlmsghdr head;
	struct ifinfomsg info;
	char attr[64];
};

static struct message message_of(uint16_t type, int ifindex)
{
	return (struct message){
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)), .nlmsg_type = type },
		.info = { .ifi_index = ifindex },
	};
}

static void add_attr(struct message *m, uint16_t type, const void *data, uint16_t len)
{
	struct rtattr *a = (struct rtattr *)(void *)((char *)m + NLMSG_ALIGN(m->head.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	m->head.nlmsg_len = NLMSG_ALIGN(m->head.nlmsg_len) + RTA_ALIGN(a->rta_len);
}

static void messages(void **state)
{
	struct message m = message_of(RTM_NEWLINK, 7);
	struct link_event ev;
	uint32_t len = 0;

	(void)state;
	assert_true(linkwatch_parse(&ev, &m.head));
	assert_int_equal(ev.ifindex, 7);
	assert_false(ev.removed || ev.has_txqlen);
	add_attr(&m, IFLA_MTU, &len, 2);
	add_attr(&m, IFLA_TXQLEN, &len, sizeof(len));
	assert_true(linkwatch_parse(&ev, &m.head));
	assert_true(ev.has_txqlen && ev.txqlen == 0);
	m = message_of(RTM_NEWLINK, 7);
	add_attr(&m, IFLA_TXQLEN, &len, 2);
	assert_true(linkwatch_parse(&ev, &m.head));
	assert_false(ev.has_txqlen);
	m = message_of(RTM_NEWLINK, 7);
	add_attr(&m, IFLA_IFNAME, "vif1.0", 7);
	assert_true(linkwatch_parse(&ev, &m.head));
	assert_string_equal(ev.ifname, "vif1.0");
	m = message_of(RTM_NEWLINK, 7);
	add_attr(&m, IFLA_IFNAME, "0123456789abcdef", 16);
	assert_true(linkwatch_parse(&ev, &m.head));
	assert_string_equal(ev.ifname, "0123456789abcde");
	m = message_of(RTM_NEWLINK, 7);
	add_attr(&m, IFLA_IFNAME, "0123456789abcdefg", 17);
	assert_true(linkwatch_parse(&ev, &m.head));
	assert_string_equal(ev.ifname, "");
	m = message_of(RTM_DELLINK, 7);
	assert_true(linkwatch_parse(&ev, &m.head));
	assert_true(ev.removed);
	/* These are ignored: a bridge's port, an address, an error, a message that is cut off. */
	m.info.ifi_family = AF_BRIDGE;
	assert_false(linkwatch_parse(&ev, &m.head));
	m = message_of(RTM_NEWADDR, 7);
	assert_false(linkwatch_parse(&ev, &m.head));
	m = message_of(NLMSG_ERROR, 7);
	assert_false(linkwatch_parse(&ev, &m.head));
	m = message_of(RTM_NEWLINK, 0);
	assert_false(linkwatch_parse(&ev, &m.head));
	m = message_of(RTM_NEWLINK, 7);
	m.head.nlmsg_len = NLMSG_LENGTH(4);
	assert_false(linkwatch_parse(&ev, &m.head));
}

/* The loopback device of a namespace of our own. */
static void kernel(void **state)
{
	struct heard h = { .count = 0 };
	struct pollfd p = { .events = POLLIN };
	int fd;

	(void)state;
	if (unshare(CLONE_NEWNET) < 0)
		SKIP("it needs root and /dev/net/tun");
	fd = p.fd = linkwatch_open();
	assert_true(fd >= 0);
	linkwatch_take(fd, hear, &h);
	assert_int_equal(h.count, 0);
	wanted = if_nametoindex("lo");
	linkwatch_ask(fd, wanted);
	assert_int_equal(poll(&p, 1, 5000), 1);
	linkwatch_take(fd, hear, &h);
	assert_int_equal(h.count, 1);
	assert_string_equal(h.last.ifname, "lo");
	assert_true(h.last.ifindex == wanted && !h.last.removed && h.last.has_txqlen);
	/* No event comes for a device that does not exist. */
	linkwatch_ask(fd, 4711);
	linkwatch_ask(-1, wanted);
	assert_int_equal(poll(&p, 1, 5000), 1);
	linkwatch_take(fd, hear, &h);
	assert_int_equal(h.count, 1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(kernel),
	};

	return cmocka_run_group_tests_name("linkwatch", tests, NULL, NULL);
}
