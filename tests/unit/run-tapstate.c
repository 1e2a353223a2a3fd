/* SPDX-License-Identifier: MIT */
/* run-tapstate.c - what a daemon sets on a device, and that it leaves alone what a person or a script
 * has set since */
#include "unit.h"
#include "nettest.h"
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include "common/host/netfeat.h"
#include "common/host/tapstate.c"

#define OFFLOADS (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)

static char dir[] = "/tmp/run-tapstate.XXXXXX";
static struct log_bucket bucket;
static const struct tapstate ts = { .run_dir = dir, .name = "vif1.0", .log = &bucket };
static const uint8_t params_mac[6] = { 0x00, 0x16, 0x3e, 1, 2, 3 };
static const struct tap_params params = {
	.ifname = "vif1.0", .kind = TAP_SINGLE, .mac = params_mac, .mac_key = "00:16:3e:01:02:03",
};

static int setup(void **state)
{
	return nettest_setup(state) == 0 && mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	nettest_teardown(state);
	return rmdir(dir);
}

/* Does what a daemon does at its start. fresh: whether it must find the device new. */
static int start(bool fresh)
{
	bool is = !fresh;
	int fd = -1;

	assert_int_equal(tapstate_open(&ts, &fd, &params, &is), 0);
	assert_int_equal(is, fresh);
	return fd;
}

static void finish(int fd)
{
	close(fd);
	tapstate_remove(&ts);
	assert_int_not_equal(nettest_run(0, "ip link show vif1.0 2>/dev/null"), 0);
}

#define is(fmt_, ...) assert_int_equal(nettest_run(0, fmt_ " >/dev/null", ##__VA_ARGS__), 0)

static void address(void **state)
{
	static const uint8_t next[6] = { 0x00, 0x16, 0x3e, 9, 9, 9 };
	int fd;

	(void)state;
	NETTEST_NEEDED();
	fd = start(true);
	is("ip link show vif1.0 | grep 00:16:3e:01:02:03");
	is("ip link set vif1.0 address 02:00:00:00:00:01");
	close(fd);
	fd = start(false);
	assert_int_equal(tapstate_mac(&ts, fd, params_mac, "00:16:3e:01:02:03"), 0);
	is("ip link show vif1.0 | grep 02:00:00:00:00:01");
	assert_int_equal(tapstate_mac(&ts, fd, next, "00:16:3e:09:09:09"), 0);
	is("ip link show vif1.0 | grep 00:16:3e:09:09:09");
	is("ip link set vif1.0 address 02:00:00:00:00:01");
	assert_int_equal(tapstate_mac(&ts, fd, next, "00:16:3e:09:09:09"), 0);
	is("ip link show vif1.0 | grep 02:00:00:00:00:01");
	finish(fd);
}

static void mtu(void **state)
{
	int fd;

	(void)state;
	NETTEST_NEEDED();
	fd = start(true);
	/* A key takes effect once, when it changes. */
	assert_int_equal(tapstate_mtu(&ts, fd, 9000, 0), 0);
	is("ip link show vif1.0 | grep 'mtu 9000 '");
	is("ip link set vif1.0 mtu 1400");
	close(fd);
	fd = start(false);
	assert_int_equal(tapstate_mtu(&ts, fd, 9000, 0), 0);
	is("ip link show vif1.0 | grep 'mtu 1400 '");
	assert_int_equal(tapstate_mtu(&ts, fd, 0, 0), 0);
	is("ip link show vif1.0 | grep 'mtu 1400 '");
	assert_int_equal(tapstate_mtu(&ts, fd, 4000, 0), 0);
	is("ip link show vif1.0 | grep 'mtu 4000 '");
	/* Lowered for one peer; the next peer, with another process, gets the value from before. */
	assert_int_equal(tapstate_mtu(&ts, fd, 4000, 1500), 0);
	is("ip link show vif1.0 | grep 'mtu 1500 '");
	close(fd);
	fd = start(false);
	assert_int_equal(tapstate_mtu(&ts, fd, 4000, 1500), 0);
	is("ip link show vif1.0 | grep 'mtu 1500 '");
	close(fd);
	fd = start(false);
	assert_int_equal(tapstate_mtu(&ts, fd, 4000, 0), 0);
	is("ip link show vif1.0 | grep 'mtu 4000 '");
	/* A person set it while it was lowered. */
	assert_int_equal(tapstate_mtu(&ts, fd, 4000, 1500), 0);
	is("ip link set vif1.0 mtu 1300");
	assert_int_equal(tapstate_mtu(&ts, fd, 4000, 0), 0);
	is("ip link show vif1.0 | grep 'mtu 1300 '");
	/* The key itself is above the limit. */
	assert_int_equal(tapstate_mtu(&ts, fd, 8000, 1500), 0);
	is("ip link show vif1.0 | grep 'mtu 1500 '");
	assert_int_equal(tapstate_mtu(&ts, fd, 8000, 0), 0);
	is("ip link show vif1.0 | grep 'mtu 8000 '");
	finish(fd);
}

#define feature(name_, what_) is("ethtool -k vif1.0 | grep '^[[:space:]]*" name_ ": " what_ "'")

static void offloads(void **state)
{
	struct devstate st;
	int fd;

	(void)state;
	if (!nettest_there || nettest_run(0, "command -v ethtool >/dev/null") != 0)
		SKIP("it needs root and /dev/net/tun");
	fd = start(true);
	/* A hotplug script sets this before anything is agreed on. */
	is("ethtool -K vif1.0 tx off");
	assert_int_equal(tapstate_offloads(&ts, fd, OFFLOADS), 0);
	feature("tx-checksumming", "off");
	feature("tcp-segmentation-offload", "off");
	is("ethtool -K vif1.0 tx on");
	feature("tx-checksumming", "on");
	feature("tx-tcp-segmentation", "on");
	is("ethtool -K vif1.0 tso off");
	/* Another peer connects, then the first again, each after a restart of the daemon. */
	assert_int_equal(tapstate_offloads(&ts, fd, TUN_F_CSUM), 0);
	close(fd);
	fd = start(false);
	assert_int_equal(tapstate_offloads(&ts, fd, OFFLOADS), 0);
	feature("tx-checksumming", "on");
	feature("tx-tcp-segmentation", "off");
	close(fd);
	fd = start(false);
	assert_int_equal(tapstate_offloads(&ts, fd, OFFLOADS), 0);
	feature("tx-tcp-segmentation", "off");
	is("ethtool -K vif1.0 tso on");
	feature("tx-tcp-segmentation", "on");
	/* An offload that is not agreed on cannot be switched on. */
	assert_int_equal(tapstate_offloads(&ts, fd, 0), 0);
	feature("tx-checksumming", "off");
	assert_int_equal(devstate_read(&st, dir, "vif1.0"), 0);
	assert_int_equal(st.offloads, 0);
	assert_int_equal(tapstate_offloads(&ts, fd, OFFLOADS), 0);
	feature("tx-tcp-segmentation", "on");
	finish(fd);
}

/* The device was moved, another one has its old name, and the next daemon has no descriptor of it. */
static void other_namespace(void **state)
{
	struct devstate st;
	bool fresh;
	int fd;

	(void)state;
	NETTEST_NEEDED();
	fd = start(true);
	is("ip link set vif1.0 netns %d && ip tuntap add vif1.0 mode tap", nettest_there);
	tapstate_save_place(&ts, fd);
	assert_int_equal(devstate_read(&st, dir, "vif1.0"), 0);
	is("test %llu = $(stat -Lc %%i /proc/%d/ns/net)", (unsigned long long)st.netns, nettest_there);
	assert_int_equal(tapstate_mtu(&ts, fd, 1400, 0), 0);
	assert_int_equal(tapstate_mac(&ts, fd, params_mac, "new"), 0);
	assert_int_equal(tapstate_offloads(&ts, fd, OFFLOADS), 0);
	is("ip link show vif1.0 | grep 'mtu 1500 '");
	is("! ip link show vif1.0 | grep 00:16:3e:01:02:03");
	assert_int_equal(nettest_run(nettest_there, "ip link show vif1.0 | grep -q 'mtu 1400 '"), 0);
	assert_int_equal(nettest_run(nettest_there, "ip link show vif1.0 | grep -q 00:16:3e:01:02:03"), 0);
	close(fd);

	fd = start(false);
	assert_int_equal(nettest_run(nettest_there, "ip link show vif1.0 | grep -q LOWER_UP"), 256);
	assert_int_equal(nettest_run(0, "test $(ip -o link | grep -c vif) = 1"), 0);
	close(fd);

	/* A daemon that may not enter the namespace makes no second device. */
	nettest_cap(CAP_SYS_ADMIN, 0);
	assert_int_equal(tapstate_open(&ts, &fd, &params, &fresh), -EXDEV);
	nettest_cap(CAP_SYS_ADMIN, 1);
	assert_int_equal(fd, -1);
	assert_int_equal(nettest_run(0, "test $(ip -o link | grep -c vif) = 1"), 0);

	tapstate_remove(&ts);
	assert_int_not_equal(nettest_run(nettest_there, "ip link show vif1.0 2>/dev/null"), 0);
	is("ip link del vif1.0");
}

/* While the daemon opens a multi-queue device, its name is removed or given to another device. */
static void no_device_by_mistake(void **state)
{
	struct tap_params many = params;
	struct netdev dev;
	bool fresh;
	int fd, more;

	(void)state;
	NETTEST_NEEDED();
	many.kind = TAP_MULTI;
	assert_int_equal(tapstate_open(&ts, &fd, &many, &fresh), 0);
	assert_int_equal(netdev_open(&dev, fd), 0);
	is("ip link set vif1.0 name x");
	assert_int_equal(tap_open_device(&more, &dev, TAP_MULTI), -ENODEV);
	is("test $(ip -o link | grep -c vif) = 0");
	is("ip tuntap add vif1.0 mode tap multi_queue vnet_hdr");
	assert_int_equal(tap_open_device(&more, &dev, TAP_MULTI), -EAGAIN);
	assert_int_equal(tap_open_another(&more, fd), 0);
	close(more);
	/* It has another owner, so no second queue can be opened. */
	assert_int_equal(ioctl(fd, TUNSETOWNER, 12345ul), 0);
	assert_int_equal(tap_open_another(&more, fd), -EPERM);
	is("test $(ip -o link | grep -c tap) -le 1");
	netdev_close(&dev);
	is("ip link del vif1.0");
	close(fd);
	/* After a restart it is still the same device. */
	assert_int_equal(tapstate_open(&ts, &fd, &many, &fresh), 0);
	assert_false(fresh);
	is("ip link show x");
	close(fd);
	tapstate_remove(&ts);
	assert_int_not_equal(nettest_run(0, "ip link show x 2>/dev/null"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(address), cmocka_unit_test(mtu), cmocka_unit_test(offloads),
		cmocka_unit_test(other_namespace), cmocka_unit_test(no_device_by_mistake),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
