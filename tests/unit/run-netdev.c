/* SPDX-License-Identifier: MIT */
/* run-netdev.c - finds a device by its descriptor or its ifindex, after it was renamed or moved to
 * another namespace, and beside another one of its name */
#include "unit.h"
#include "nettest.h"
#include "common/host/netdev.c"

static void by_descriptor(void **state)
{
	struct netdev d;
	int fd;

	(void)state;
	NETTEST_NEEDED();
	fd = nettest_tap("first");
	assert_int_equal(netdev_open(&d, fd), 0);
	assert_int_equal(d.ifindex, if_nametoindex("first"));
	assert_int_equal(d.netns_fd, -1);
	assert_true(d.netns == netdev_netns_ours());
	assert_int_equal(d.mtu, 1500);
	assert_true(d.is_tun && !d.takes_all);
	assert_int_equal(nettest_run(0, "ip link set first name two promisc on && ip tuntap add first mode tap"), 0);
	assert_int_equal(netdev_open(&d, fd), 0);
	assert_string_equal(d.name, "two");
	assert_int_equal(d.ifindex, if_nametoindex("two"));
	assert_true(d.takes_all);
	assert_int_equal(nettest_run(0, "ip link del two"), 0);
	assert_int_equal(netdev_open(&d, fd), -EBADFD);
	assert_int_equal(d.netns_fd, -1);
	close(fd);
	assert_int_equal(nettest_run(0, "ip link del first"), 0);
}

static void moved(void **state)
{
	struct netdev d;
	struct stat st;
	char path[64];
	int fd;

	(void)state;
	NETTEST_NEEDED();
	fd = nettest_tap("vif1.0");
	assert_int_equal(nettest_run(0, "ip link set vif1.0 netns %d && ip tuntap add vif1.0 mode tap", nettest_there), 0);
	assert_int_equal(netdev_open(&d, fd), 0);
	assert_true(d.netns_fd >= 0);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)nettest_there);
	assert_int_equal(stat(path, &st), 0);
	assert_true(d.netns == st.st_ino);
	assert_int_equal(netdev_set_mtu(&d, 1234), 0);
	assert_int_equal(nettest_run(nettest_there, "ip link show vif1.0 | grep -q 'mtu 1234'"), 0);
	assert_int_equal(nettest_run(0, "ip link show vif1.0 | grep -q 'mtu 1500'"), 0);
	netdev_close(&d);

	/* Without the right to enter the namespace, reading works and changing does not. */
	nettest_cap(CAP_SYS_ADMIN, 0);
	assert_int_equal(netdev_open(&d, fd), 0);
	assert_int_equal(d.mtu, 1234);
	assert_int_equal(netdev_set_mtu(&d, 1400), -EXDEV);
	nettest_cap(CAP_SYS_ADMIN, 1);
	netdev_close(&d);
	close(fd);
	assert_int_equal(nettest_run(0, "ip link del vif1.0"), 0);
}

static void found_again(void **state)
{
	struct netdev d, f;
	int fd, stranger;

	(void)state;
	NETTEST_NEEDED();
	fd = nettest_tap("vif1.0");
	assert_int_equal(netdev_open(&d, fd), 0);
	assert_int_equal(netdev_find(&f, d.ifindex, d.netns, "vif1.0"), 0);
	assert_int_equal(f.netns_fd, -1);
	assert_int_equal(netdev_find(&f, d.ifindex, 0, "vif1.0"), 0);
	/* Renamed or moved while no daemon ran. */
	assert_int_equal(nettest_run(0, "ip link set vif1.0 name x"), 0);
	assert_int_equal(netdev_find(&f, d.ifindex, d.netns, "vif1.0"), 0);
	assert_string_equal(f.name, "x");
	assert_int_equal(nettest_run(0, "ip link set x netns %d name vif1.0", nettest_there), 0);
	stranger = nettest_tap("vif1.0");
	assert_int_equal(netdev_find(&f, d.ifindex, d.netns, "vif1.0"), 0);
	assert_true(f.netns_fd >= 0 && f.netns != d.netns);
	netdev_close(&f);
	/* The state file names the namespace, and it was renamed there. */
	assert_int_equal(netdev_open(&d, fd), 0);
	assert_int_equal(nettest_run(nettest_there, "ip link set vif1.0 name y"), 0);
	assert_int_equal(netdev_find(&f, d.ifindex, d.netns, "vif1.0"), 0);
	assert_string_equal(f.name, "y");
	netdev_close(&f);
	/* Another name, and no state file names the namespace: it is another device. */
	assert_int_equal(netdev_find(&f, d.ifindex, netdev_netns_ours(), "vif1.0"), -ENODEV);
	assert_int_equal(netdev_find(&f, 4711, d.netns, "y"), -ENODEV);
	assert_int_equal(netdev_find(&f, 0, d.netns, "y"), -ENODEV);
	/* It came back, and no state file says so. */
	close(stranger);
	assert_int_equal(nettest_run(nettest_there, "ip link set y netns %d name vif1.0", (int)getpid()), 0);
	assert_int_equal(netdev_find(&f, d.ifindex, d.netns, "y"), -ENODEV);
	assert_int_equal(netdev_find(&f, d.ifindex, d.netns, "vif1.0"), 0);
	assert_int_equal(f.netns_fd, -1);
	netdev_close(&d);
	close(fd);
}

/* The process that held the namespace has ended, so no path leads to the namespace. */
static void no_path_to_the_namespace(void **state)
{
	struct netdev d, f;
	pid_t hidden;
	int fd;

	(void)state;
	NETTEST_NEEDED();
	hidden = nettest_other();
	fd = nettest_tap("vif2.0");
	assert_int_equal(nettest_run(0, "ip link set vif2.0 netns %d", hidden), 0);
	/* Its descriptor holds the namespace. */
	assert_int_equal(netdev_open(&d, fd), 0);
	nettest_end(hidden);
	assert_int_equal(netdev_find(&f, d.ifindex, d.netns, "vif2.0"), -EXDEV);
	assert_int_equal(f.netns_fd, -1);
	netdev_close(&d);
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_descriptor), cmocka_unit_test(moved), cmocka_unit_test(found_again),
		cmocka_unit_test(no_path_to_the_namespace),
	};

	return cmocka_run_group_tests(tests, nettest_setup, nettest_teardown);
}
