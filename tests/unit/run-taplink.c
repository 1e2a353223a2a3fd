/* SPDX-License-Identifier: MIT */
/* run-taplink.c - which events of rtnetlink are of a TAP, and what each of them leads to */
#include "unit.h"

#include <errno.h>

#include "common/host/taplink.c"

#define TAP_FD 77

/* --- in place of netdev.c, linkwatch.c, tap.c, tapstate.c and log.c ------------------------------ */

static struct netdev device;		/* what is behind TAP_FD */
static bool deleted;
static unsigned int saves;		/* of where the device is */
static unsigned int asked_of;		/* the ifindex that was asked for last */
static char line[400];			/* the last log line */
static unsigned int lines;

int netdev_open(struct netdev *d, int tun_fd)
{
	assert_int_equal(tun_fd, TAP_FD);
	*d = device;
	return deleted ? -EBADFD : 0;
}

void netdev_close(struct netdev *d)
{
	assert_false(deleted);
	assert_int_equal(d->ifindex, device.ifindex);
}

void linkwatch_ask(int fd, unsigned int ifindex)
{
	assert_int_equal(fd, 5);
	asked_of = ifindex;
}

bool tap_is_lost(int fd)
{
	assert_int_equal(fd, TAP_FD);
	return deleted;
}

void tapstate_save_place(const struct tapstate *ts, int fd)
{
	assert_string_equal(ts->name, "vif1.0");
	assert_int_equal(fd, TAP_FD);
	saves++;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	lines++;
}

/* --- the tests ----------------------------------------------------------------------------------- */

static const struct tapstate ts = { .name = "vif1.0" };
static struct taplink l;

static int setup(void **state)
{
	(void)state;
	device = (struct netdev){ .netns_fd = -1, .ifindex = 9, .name = "vif1.0" };
	l = (struct taplink){ .what = "vif", .link_fd = 5 };
	deleted = false;
	taplink_find(&l, TAP_FD);
	saves = lines = asked_of = 0;
	return 0;
}

static struct link_event event(unsigned int ifindex, const char *name)
{
	struct link_event ev = { .ifindex = ifindex };

	snprintf(ev.ifname, sizeof(ev.ifname), "%s", name);
	return ev;
}

static void nothing_follows(struct link_event ev, int fd)
{
	assert_false(taplink_event(&l, &ts, fd, &ev));
	assert_int_equal(saves, 0);
	assert_int_equal(asked_of, 0);
	assert_int_equal(lines, 0);
}

static void finds_its_device(void **state)
{
	(void)state;
	taplink_find(&l, TAP_FD);
	assert_int_equal(l.ifindex, 9);
	assert_string_equal(l.ifname, "vif1.0");
	assert_int_equal(asked_of, 9);
	/* Elsewhere it may have the number of another device of ours. */
	device.netns_fd = 3;
	taplink_find(&l, TAP_FD);
	assert_int_equal(l.ifindex, 0);
	assert_string_equal(l.ifname, "");
	assert_int_equal(asked_of, 0);
}

static void other_devices_and_no_device(void **state)
{
	struct link_event gone = event(8, "vif2.0");

	(void)state;
	gone.removed = true;
	nothing_follows(event(8, "vif2.0"), TAP_FD);
	nothing_follows(gone, TAP_FD);
	nothing_follows(event(9, "other"), -1);
	nothing_follows(event(0, ""), -1);
	/* It is as it was. */
	nothing_follows(event(9, "vif1.0"), TAP_FD);
}

static void a_renamed_device_is_saved(void **state)
{
	struct link_event ev = event(9, "uplink");

	(void)state;
	snprintf(device.name, sizeof(device.name), "uplink");
	assert_false(taplink_event(&l, &ts, TAP_FD, &ev));
	assert_int_equal(saves, 1);
	assert_string_equal(l.ifname, "uplink");
	assert_int_equal(asked_of, 9);
	assert_false(taplink_event(&l, &ts, TAP_FD, &ev));
	assert_int_equal(saves, 1);
}

/* It leaves, and then any device that comes may be this one. */
static void a_device_that_moves(void **state)
{
	struct link_event leaves = event(9, "vif1.0"), comes = event(30, "vif1.0");

	(void)state;
	leaves.removed = true;
	device.netns_fd = 3;
	assert_true(taplink_event(&l, &ts, TAP_FD, &leaves));
	assert_int_equal(saves, 1);
	assert_int_equal(l.ifindex, 0);
	device.netns_fd = -1;
	device.ifindex = 30;
	assert_false(taplink_event(&l, &ts, TAP_FD, &comes));
	assert_int_equal(saves, 2);
	assert_int_equal(l.ifindex, 30);
}

static void a_deleted_device_is_looked_at(void **state)
{
	struct link_event gone = event(9, "vif1.0"), lost = event(0, "");

	(void)state;
	deleted = true;
	gone.removed = true;
	assert_true(taplink_event(&l, &ts, TAP_FD, &gone));
	/* Messages were lost: anything may have happened. */
	assert_true(taplink_event(&l, &ts, TAP_FD, &lost));
	assert_int_equal(saves, 0);
	deleted = false;
	assert_true(taplink_event(&l, &ts, TAP_FD, &lost));
	assert_int_equal(saves, 1);
}

static void a_queue_that_goes_is_logged_once(void **state)
{
	struct link_event ev = event(9, "vif1.0");

	(void)state;
	ev.has_txqlen = true;
	assert_false(taplink_event(&l, &ts, TAP_FD, &ev));
	assert_false(taplink_event(&l, &ts, TAP_FD, &ev));
	assert_int_equal(lines, 1);
	assert_non_null(strstr(line, "the device has no queue"));
	assert_non_null(strstr(line, "vif=vif1.0 device=vif1.0"));
	ev.txqlen = 500;
	assert_false(taplink_event(&l, &ts, TAP_FD, &ev));
	assert_false(taplink_event(&l, &ts, TAP_FD, &ev));
	assert_int_equal(lines, 2);
	assert_string_equal(line, "the device has a queue again vif=vif1.0 frames=500");
	assert_int_equal(saves, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(finds_its_device, setup), cmocka_unit_test_setup(other_devices_and_no_device, setup),
		cmocka_unit_test_setup(a_renamed_device_is_saved, setup), cmocka_unit_test_setup(a_device_that_moves, setup),
		cmocka_unit_test_setup(a_deleted_device_is_looked_at, setup),
		cmocka_unit_test_setup(a_queue_that_goes_is_logged_once, setup),
	};

	return RUN_TESTS(tests);
}
