/* SPDX-License-Identifier: MIT */
/* run-maddr.c - the multicast addresses of a device: the lines of /proc/net/dev_mcast are parsed
 * strictly, and a device in another network namespace is read there */
#include "unit.h"
#include "nettest.h"
#include "common/host/maddr.c"

static void lines(void **state)
{
	static const char *const bad[] = {
		"", "\n", "2", "2    eth0            1     0\n", "2    eth0            1     0     01005e0000\n",
		"2    eth0            1     0     01005e00000\n", "2    eth0            1     0     01005e000001",
		"2    eth0            1     0     01005e00000102\n", "2    eth0            1     0     01005e00000x\n",
		"x    eth0            1     0     01005e000001\n", "2    eth0            x     0     01005e000001\n",
	};
	unsigned int ifindex;
	uint8_t addr[6];

	(void)state;
	assert_true(maddr_parse_line(&ifindex, addr, "2    eth0            1     0     01005e0000fb\n"));
	assert_int_equal(ifindex, 2);
	assert_memory_equal(addr, "\x01\x00\x5e\x00\x00\xfb", 6);
	assert_true(maddr_parse_line(&ifindex, addr, "4000000000 333300000001    21     1     333300000002\n"));
	assert_true(ifindex == 4000000000u);
	assert_memory_equal(addr, "\x33\x33\x00\x00\x00\x02", 6);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(maddr_parse_line(&ifindex, addr, bad[i]));
}

static void devices(void **state)
{
	struct netdev lo = { .netns_fd = -1, .ifindex = 1 }, none = { .netns_fd = -1, .ifindex = 4711 },
		      all = { .netns_fd = -1, .ifindex = 1, .takes_all = true };
	uint8_t addr[4][6];

	(void)state;
	assert_int_equal(maddr_list(addr, 4, &none), 0);
	assert_in_range(maddr_list(addr, 4, &lo), 0, 5);
	assert_int_equal(maddr_list(addr, 4, &all), 5);
}

/* The device is in another namespace than the process's first thread. */
static void other_namespace(void **state)
{
	struct netdev dev = { 0 };
	uint8_t addr[4][6];
	char path[64];
	bool found = false;
	pid_t other;

	(void)state;
	if (!nettest_enter())
		SKIP("it needs root and /dev/net/tun");
	other = nettest_other();
	assert_int_equal(nettest_run(other, "ip tuntap add t0 mode tap"), 0);
	assert_int_equal(nettest_run(other, "ip maddr add 01:00:5e:01:02:03 dev t0"), 0);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)other);
	dev.netns_fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(dev.netns_fd >= 0);
	for (dev.ifindex = 2; dev.ifindex < 99 && !found; dev.ifindex += !found)
		for (int n = maddr_list(addr, 4, &dev); n > 0 && n <= 4; n--)
			found |= memcmp(addr[n - 1], "\x01\x00\x5e\x01\x02\x03", 6) == 0;
	assert_true(found);
	nettest_cap(CAP_SYS_ADMIN, 0);
	assert_int_equal(maddr_list(addr, 4, &dev), -EXDEV);
	nettest_cap(CAP_SYS_ADMIN, 1);
	netdev_close(&dev);
	nettest_end(other);
}

static void watch(void **state)
{
	int fd = maddr_watch();

	(void)state;
	assert_true(fd >= 0);
	maddr_watch_take(fd);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines), cmocka_unit_test(devices), cmocka_unit_test(watch), cmocka_unit_test(other_namespace),
	};

	return RUN_TESTS(tests);
}
