/* SPDX-License-Identifier: MIT */
/* run-declared.c - the requests of ioctl(2) that are declared are those that the Xen libraries make
 *
 * The libraries are the real ones. The devices are files in memory, and this program answers
 * the requests and notes them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit.h"
#include "common/host/declared.c"
#include "common/host/evtchn.c"
#include "common/host/grant.c"

#define SEEN_MAX 32u

static unsigned long seen[SEEN_MAX];
static unsigned int nseen;
static uint32_t mapped;		/* pages of the last map */
static bool cannot_map;		/* the device's mmap(2) fails */

/* --- what the libraries call ------------------------------------------------ */

static int device_open(const char *path, int flags)
{
	int fd;

	if (strncmp(path, "/dev/xen/", 9) != 0)
		return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
	fd = memfd_create("device", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd >= 0 && ftruncate(fd, 64 * XEN_PAGE) < 0)
		return -1;
	if (cannot_map)
		fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
	return fd;
}

int __open_2(const char *path, int flags);

int __open_2(const char *path, int flags)
{
	return device_open(path, flags);
}

int open(const char *path, int flags, ...)
{
	return device_open(path, flags);
}

/* Answers as the devices do, and notes the request. */
int ioctl(int fd, unsigned long request, ...)
{
	unsigned int i = 0;
	va_list ap;
	void *arg;

	(void)fd;
	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	while (i < nseen && seen[i] != request)
		i++;
	if (i == nseen && i < SEEN_MAX)
		seen[nseen++] = request;
	if (request == IOCTL_GNTDEV_MAP_GRANT_REF) {
		struct ioctl_gntdev_map_grant_ref *map = arg;

		mapped = map->count;
		map->index = 0;
	}
	if (request == IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR) {
		struct ioctl_gntdev_get_offset_for_vaddr *get = arg;

		get->offset = 0;
		get->count = mapped;
	}
	return request == IOCTL_EVTCHN_BIND_INTERDOMAIN ? 7 : 0;
}

/* --- the tests --------------------------------------------------------------- */

static bool is_declared(unsigned long request)
{
	for (const unsigned long *d = declared_ioctls; *d; d++)
		if (*d == request)
			return true;
	return false;
}

static bool was_seen(unsigned long request)
{
	for (unsigned int i = 0; i < nseen; i++)
		if (seen[i] == request)
			return true;
	return false;
}

/* All that a worker does with its event channels. */
static void use_events(void)
{
	struct evt_dev *e;
	struct evport port = { 0 };

	assert_int_equal(evt_open(&e), 0);
	nseen = 0;
	assert_int_equal(evt_restrict(e, domid_of(0)), -EOPNOTSUPP);
	assert_int_equal(nseen, 0);
	assert_int_equal(evt_restrict(e, domid_of(3)), 0);
	assert_true(was_seen(IOCTL_EVTCHN_RESTRICT_DOMID));
	/* That was before the sandbox. */
	nseen = 0;
	assert_int_equal(evt_bind_peer(e, domid_of(3), evport_of(1), &port), 0);
	assert_int_equal(port.raw, 7);
	evt_notify(e, port);
	evt_unmask(e, port);
	(void)!evt_next(e, &port);
	evt_unbind(e, port);
	evt_close(e);
}

/* And with grants. */
static void use_grants(void)
{
	static const struct gref refs[3] = { { 8 }, { 9 }, { 10 } };
	struct grant_batch *batch;
	struct grant_dev *g;
	uint8_t local[16];
	void *page;
	int err = 0;

	assert_int_equal(grant_open(&g, domid_of(3)), 0);
	page = grant_map(g, gref_of(8), &err);
	assert_int_equal(!page, cannot_map);
	grant_unmap(g, page);
	page = grant_map_run(g, refs, 3, GRANT_READ_WRITE, &err);
	if (page)
		grant_unmap_run(g, page, 3);
	assert_int_equal(grant_batch_new(&batch, g), 0);
	grant_batch_from_peer(batch, local, gref_of(8), 0, 8);
	grant_batch_to_peer(batch, gref_of(9), local, 0, 8);
	assert_int_equal(grant_batch_run(batch), 0);
	grant_batch_free(batch);
	grant_close(g);
}

static void each_request_is_declared(void **state)
{
	(void)state;
	cannot_map = false;
	use_events();
	use_grants();
	for (unsigned int i = 0; i < nseen; i++)
		if (!is_declared(seen[i]))
			fail_msg("request 0x%lx is made and not declared", seen[i]);
	for (const unsigned long *d = declared_ioctls; *d; d++)
		if (!was_seen(*d))
			fail_msg("request 0x%lx is declared and never made", *d);
}

/* Nor does the way of an error make another one. */
static void none_more_after_an_error(void **state)
{
	(void)state;
	cannot_map = true;
	nseen = 0;
	use_grants();
	assert_true(was_seen(IOCTL_GNTDEV_UNMAP_GRANT_REF));
	assert_false(was_seen(IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR));
	for (unsigned int i = 0; i < nseen; i++)
		assert_true(is_declared(seen[i]));
}

static void real_libraries_are_no_stand_in(void **state)
{
	(void)state;
	assert_null(declared_by_stand_in());
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_request_is_declared), cmocka_unit_test(none_more_after_an_error),
		cmocka_unit_test(real_libraries_are_no_stand_in),
	};

	return RUN_TESTS(tests);
}
