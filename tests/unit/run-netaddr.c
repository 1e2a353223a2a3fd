/* SPDX-License-Identifier: MIT */
/* run-netaddr.c - lists the addresses of a device, in this network namespace and in another one */
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include "unit.h"
#include "nettest.h"
#include "common/host/netaddr.c"

static int list(struct announce *a, int fd)
{
	struct netdev d;
	int err;

	assert_int_equal(netdev_open(&d, fd), 0);
	err = netaddr_list(a, &d);
	netdev_close(&d);
	return err;
}

static bool has(const struct announce *a, uint8_t version, const char *want)
{
	for (unsigned int i = 0; i < a->count; i++)
		if (a->addr[i].version == version && memcmp(a->addr[i].addr, want, version == 4 ? 4 : 16) == 0)
			return true;
	return false;
}

#define FD79 "\xfd\x79\0\0\0\0\0\0\0\0\0\0\0\0\0"

static void own_namespace(void **state)
{
	struct announce a;
	int fd;

	(void)state;
	NETTEST_NEEDED();
	fd = nettest_tap("eth0");
	assert_int_equal(nettest_run(0, "ip link set eth0 address 00:16:3e:01:02:03 addrgenmode none"), 0);
	assert_int_equal(list(&a, fd), -ENETDOWN);
	assert_int_equal(nettest_run(0, "ip link set eth0 up && ip link set lo up"), 0);
	assert_int_equal(list(&a, fd), 0);
	assert_memory_equal(a.mac, "\x00\x16\x3e\x01\x02\x03", 6);
	assert_int_equal(a.count, 0);
	assert_false(a.router);
	/* These are listed or not, by kind:
	 * - a second address of the network, one with a peer;
	 * - IPv6 without and with duplicate address detection, which does not end without a carrier;
	 * - one of host scope. */
	assert_int_equal(nettest_run(0, "ip addr add 10.79.0.2/24 dev eth0 && ip addr add 10.79.0.3/24 dev eth0"), 0);
	assert_int_equal(nettest_run(0, "ip addr add 10.80.0.2 peer 10.80.0.1 dev eth0"), 0);
	assert_int_equal(nettest_run(0, "ip addr add 10.81.0.2/32 dev eth0 scope host"), 0);
	assert_int_equal(nettest_run(0, "ip addr add fd79::2/64 dev eth0 nodad"), 0);
	assert_int_equal(nettest_run(0, "ip addr add fd79::4 peer fd79::5 dev eth0 nodad"), 0);
	assert_int_equal(nettest_run(0, "ip tuntap add other mode tap && ip addr add 10.82.0.2/24 dev other"), 0);
	assert_int_equal(ioctl(fd, TUNSETCARRIER, &(int){ 0 }), 0);
	assert_int_equal(nettest_run(0, "ip addr add fd79::3/64 dev eth0"), 0);
	assert_int_equal(list(&a, fd), 0);
	assert_int_equal(a.count, 5);
	assert_true(has(&a, 4, "\x0a\x4f\0\2") && has(&a, 4, "\x0a\x4f\0\3") && has(&a, 4, "\x0a\x50\0\2"));
	assert_true(has(&a, 6, FD79 "\2") && has(&a, 6, FD79 "\4"));
	assert_int_equal(nettest_run(0, "echo 1 >/proc/sys/net/ipv6/conf/eth0/forwarding"), 0);
	assert_int_equal(list(&a, fd), 0);
	assert_true(a.router);
	assert_int_equal(nettest_run(0, "ip link set eth0 arp off"), 0);
	assert_int_equal(list(&a, fd), 0);
	assert_int_equal(a.count, 0);
	close(fd);
	assert_int_equal(nettest_run(0, "ip link del other"), 0);
}

/* The device was moved to another namespace. One of its name and ifindex is in this one. */
static void other_namespace(void **state)
{
	struct announce a;
	struct netdev d;
	int fd;

	(void)state;
	NETTEST_NEEDED();
	fd = nettest_tap("eth0");
	assert_int_equal(netdev_open(&d, fd), 0);
	netdev_close(&d);
	assert_int_equal(nettest_run(0, "ip link set eth0 netns %d && ip link add eth0 index %u type dummy 2>/dev/null ||"
				     " ip tuntap add eth0 mode tap", (int)nettest_there, d.ifindex), 0);
	assert_int_equal(nettest_run(0, "ip addr add 10.9.9.9/24 dev eth0 && ip link set eth0 up"), 0);
	assert_int_equal(list(&a, fd), -ENETDOWN);
	assert_int_equal(nettest_run(nettest_there, "ip link set eth0 up addrgenmode none address 00:16:3e:00:00:07"), 0);
	assert_int_equal(list(&a, fd), 0);
	assert_int_equal(a.count, 0);
	assert_memory_equal(a.mac, "\x00\x16\x3e\0\0\7", 6);
	assert_int_equal(nettest_run(nettest_there, "ip addr add 10.79.0.2/24 dev eth0"), 0);
	assert_int_equal(nettest_run(nettest_there, "ip addr add fd79::2/64 dev eth0 nodad"), 0);
	/* Without the right to enter the namespace. */
	nettest_cap(CAP_SYS_ADMIN, 0);
	assert_int_equal(list(&a, fd), 0);
	nettest_cap(CAP_SYS_ADMIN, 1);
	assert_int_equal(a.count, 2);
	assert_true(has(&a, 4, "\x0a\x4f\0\2") && has(&a, 6, FD79 "\2"));
	close(fd);
}

static void many(void **state)
{
	struct announce a;
	int fd;

	(void)state;
	NETTEST_NEEDED();
	fd = nettest_tap("eth1");
	assert_int_equal(nettest_run(0, "ip link set eth1 up; for i in $(seq 1 100); do"
				     " echo addr add 10.79.1.$i/24 dev eth1; done | ip -batch -"), 0);
	assert_int_equal(list(&a, fd), 0);
	assert_int_equal(a.count, ANNOUNCE_MAX);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_namespace), cmocka_unit_test(other_namespace), cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, nettest_setup, nettest_teardown);
}
