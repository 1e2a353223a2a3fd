/* SPDX-License-Identifier: MIT */
/* run-maddr.c - lines of /proc/net/dev_mcast, and what there is on this machine */
#include "unit.h"
#include "../../common/maddr.c"

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
	assert_true(parse_line(&ifindex, addr, "2    eth0            1     0     01005e0000fb\n"));
	assert_int_equal(ifindex, 2);
	assert_memory_equal(addr, "\x01\x00\x5e\x00\x00\xfb", 6);
	assert_true(parse_line(&ifindex, addr, "4000000000 333300000001    21     1     333300000002\n"));
	assert_true(ifindex == 4000000000u);
	assert_memory_equal(addr, "\x33\x33\x00\x00\x00\x02", 6);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(parse_line(&ifindex, addr, bad[i]));
}

static void devices(void **state)
{
	uint8_t addr[4][6];
	int n;

	(void)state;
	assert_int_equal(maddr_list(addr, 4, "no-such-device"), -ENODEV);
	n = maddr_list(addr, 4, "lo");
	assert_in_range(n, 0, 5);
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
		cmocka_unit_test(lines), cmocka_unit_test(devices), cmocka_unit_test(watch),
	};

	return RUN_TESTS(tests);
}
