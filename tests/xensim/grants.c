/* SPDX-License-Identifier: MIT */
/* grants.c - grants on xensim: domain 1 grants pages, domains 0 and 2 map and copy them, and only what was
 * granted to a domain can be accessed by it */
#include "check.h"

#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xen/grant_table.h>
#include <xengnttab.h>
#include <xentoollog.h>

#define PAGE 4096

static xengntshr_handle *shr;  /* domain 1 */
static xengnttab_handle *tab0; /* domain 0 */
static xengnttab_handle *tab2; /* domain 2 */
static xentoollog_logger *quiet;

static void open_all(void)
{
	be_domain(1);
	shr = xengntshr_open(quiet, 0);
	be_domain(0);
	tab0 = xengnttab_open(quiet, 0);
	be_domain(2);
	tab2 = xengnttab_open(quiet, 0);
	CHECK(shr && tab0 && tab2);
}

static void pages_are_zeroed_and_shared(void)
{
	uint32_t refs[3];
	uint8_t *mine = xengntshr_share_pages(shr, 0, 3, refs, 1);
	uint8_t *theirs = xengnttab_map_domain_grant_refs(tab0, 3, 1, refs, PROT_READ | PROT_WRITE);
	int i;

	CHECK(mine && theirs);
	for (i = 0; i < 3 * PAGE; i++)
		if (theirs[i])
			break;
	CHECK(i == 3 * PAGE);
	mine[PAGE + 7] = 42;
	CHECK(theirs[PAGE + 7] == 42);
	theirs[2 * PAGE] = 43;
	CHECK(mine[2 * PAGE] == 43);
	CHECK(xengnttab_unmap(tab0, theirs, 3) == 0);
	CHECK(xengntshr_unshare(shr, mine, 3) == 0);
	mine = xengntshr_share_pages(shr, 0, 3, refs, 1);
	CHECK(mine && !mine[PAGE + 7] && !mine[2 * PAGE]);
	CHECK(xengntshr_unshare(shr, mine, 3) == 0);
}

static void order_of_refs_is_kept(void)
{
	uint32_t refs[4];
	uint32_t back[4];
	uint8_t *mine = xengntshr_share_pages(shr, 0, 4, refs, 1);
	uint8_t *theirs;
	int i;

	for (i = 0; i < 4; i++) {
		mine[i * PAGE] = (uint8_t)(i + 1);
		back[i] = refs[3 - i];
	}
	theirs = xengnttab_map_domain_grant_refs(tab0, 4, 1, back, PROT_READ);
	CHECK(theirs);
	for (i = 0; i < 4; i++)
		CHECK(theirs && theirs[i * PAGE] == 4 - i);
	CHECK(xengnttab_unmap(tab0, theirs, 4) == 0);
	CHECK(xengntshr_unshare(shr, mine, 4) == 0);
}

static void only_the_grantee_maps(void)
{
	uint32_t ref;
	void *mine = xengntshr_share_pages(shr, 0, 1, &ref, 1);

	errno = 0;
	CHECK(!xengnttab_map_grant_ref(tab2, 1, ref, PROT_READ));
	CHECK(errno == EINVAL);
	CHECK(!xengnttab_map_grant_ref(tab0, 2, ref, PROT_READ));
	CHECK(!xengnttab_map_grant_ref(tab0, 77, ref, PROT_READ));
	CHECK(!xengnttab_map_grant_ref(tab0, 1, 0xfffffff0u, PROT_READ));
	CHECK(!xengnttab_map_grant_ref(tab0, 1, 0, PROT_READ));
	CHECK(xengntshr_unshare(shr, mine, 1) == 0);
}

static void read_only_is_kept(void)
{
	uint32_t ref;
	uint8_t *mine = xengntshr_share_pages(shr, 0, 1, &ref, 0);
	uint8_t *theirs;

	CHECK(!xengnttab_map_grant_ref(tab0, 1, ref, PROT_READ | PROT_WRITE));
	CHECK(errno == EINVAL);
	theirs = xengnttab_map_grant_ref(tab0, 1, ref, PROT_READ);
	CHECK(theirs);
	mine[5] = 9;
	CHECK(theirs && theirs[5] == 9);
	CHECK(xengnttab_unmap(tab0, theirs, 1) == 0);
	CHECK(xengntshr_unshare(shr, mine, 1) == 0);
}

static void one_bad_ref_maps_nothing(void)
{
	uint32_t refs[3];
	uint32_t bad[3];
	void *mine = xengntshr_share_pages(shr, 0, 3, refs, 1);

	memcpy(bad, refs, sizeof(bad));
	bad[1] = 0x7fff;
	CHECK(!xengnttab_map_domain_grant_refs(tab0, 3, 1, bad, PROT_READ));
	CHECK(errno == EINVAL);
	CHECK(!xengnttab_map_domain_grant_refs(tab0, 0, 1, bad, PROT_READ));
	CHECK(xengntshr_unshare(shr, mine, 3) == 0);
}

static void unmap_takes_what_one_call_mapped(void)
{
	uint32_t refs[2];
	void *mine = xengntshr_share_pages(shr, 0, 2, refs, 1);
	uint8_t *theirs = xengnttab_map_domain_grant_refs(tab0, 2, 1, refs, PROT_READ);

	CHECK(xengnttab_unmap(tab0, theirs, 1) == -1 && errno == EINVAL);
	CHECK(xengnttab_unmap(tab0, theirs + PAGE, 1) == -1 && errno == EINVAL);
	CHECK(xengnttab_unmap(tab0, theirs, 2) == 0);
	CHECK(xengnttab_unmap(tab0, theirs, 2) == -1);
	CHECK(xengntshr_unshare(shr, mine, 2) == 0);
}

static void revoked_while_mapped(void)
{
	uint32_t ref;
	uint8_t *mine = xengntshr_share_pages(shr, 0, 1, &ref, 1);
	uint8_t *theirs = xengnttab_map_grant_ref(tab0, 1, ref, PROT_READ | PROT_WRITE);

	mine[0] = 77;
	CHECK(xengntshr_unshare(shr, mine, 1) == 0);
	CHECK(theirs && theirs[0] == 77);
	theirs[1] = 78;
	CHECK(!xengnttab_map_grant_ref(tab0, 1, ref, PROT_READ));
	CHECK(xengnttab_unmap(tab0, theirs, 1) == 0);
}

static void limit_counts_pages_that_are_still_mapped(void)
{
	static uint32_t refs[1024];
	uint32_t one;
	void *mine = xengntshr_share_pages(shr, 0, 1024, refs, 1);
	void *theirs = xengnttab_map_grant_ref(tab0, 1, refs[500], PROT_READ);

	CHECK(mine && theirs);
	CHECK(!xengntshr_share_pages(shr, 0, 1, &one, 1) && errno == ENOSPC);
	CHECK(xengntshr_unshare(shr, mine, 1024) == 0);
	CHECK(!xengntshr_share_pages(shr, 0, 1024, refs, 1) && errno == ENOSPC);
	CHECK(xengnttab_unmap(tab0, theirs, 1) == 0);
	mine = xengntshr_share_pages(shr, 0, 1024, refs, 1);
	CHECK(mine);
	CHECK(xengntshr_unshare(shr, mine, 1024) == 0);
}

static xengnttab_grant_copy_segment_t from(uint32_t domid, uint32_t ref, uint16_t off, void *to, uint16_t len)
{
	xengnttab_grant_copy_segment_t s = { .len = len, .flags = GNTCOPY_source_gref, .status = 99 };

	s.source.foreign.ref = ref;
	s.source.foreign.domid = (uint16_t)domid;
	s.source.foreign.offset = off;
	s.dest.virt = to;
	return s;
}

static xengnttab_grant_copy_segment_t into(uint32_t domid, uint32_t ref, uint16_t off, void *what, uint16_t len)
{
	xengnttab_grant_copy_segment_t s = { .len = len, .flags = GNTCOPY_dest_gref, .status = 99 };

	s.dest.foreign.ref = ref;
	s.dest.foreign.domid = (uint16_t)domid;
	s.dest.foreign.offset = off;
	s.source.virt = what;
	return s;
}

static void copy_has_a_status_per_segment(void)
{
	static uint8_t buf[2 * PAGE];
	xengnttab_grant_copy_segment_t s[6];
	uint32_t rw;
	uint32_t ro;
	uint32_t other;
	uint8_t *a = xengntshr_share_pages(shr, 0, 1, &rw, 1);
	uint8_t *b = xengntshr_share_pages(shr, 0, 1, &ro, 0);
	uint8_t *c = xengntshr_share_pages(shr, 2, 1, &other, 1);

	memset(a, 1, PAGE);
	memset(b, 2, PAGE);
	s[0] = from(1, rw, 0, buf, PAGE);
	s[1] = into(1, ro, 0, buf, 10);
	s[2] = from(1, other, 0, buf, 10);
	s[3] = from(1, 0xfffff0, 0, buf, 10);
	s[4] = from(99, rw, 0, buf, 10);
	s[5] = from(1, ro, PAGE - 100, buf + PAGE - 50, 100);
	CHECK(xengnttab_grant_copy(tab0, 6, s) == 0);
	CHECK(s[0].status == GNTST_okay && s[1].status == GNTST_general_error);
	CHECK(s[2].status == GNTST_general_error && s[3].status == GNTST_bad_gntref);
	CHECK(s[4].status == GNTST_bad_domain && s[5].status == GNTST_okay);
	CHECK(buf[0] == 1 && buf[PAGE - 51] == 1 && buf[PAGE - 50] == 2 && buf[PAGE + 49] == 2);
	CHECK(b[0] == 2);
	s[0] = into(1, rw, 8, buf + PAGE - 50, 4);
	CHECK(xengnttab_grant_copy(tab0, 1, s) == 0 && s[0].status == GNTST_okay);
	CHECK(a[7] == 1 && a[8] == 2 && a[11] == 2 && a[12] == 1);
	CHECK(xengntshr_unshare(shr, a, 1) == 0);
	s[0] = from(1, rw, 0, buf, 1);
	CHECK(xengnttab_grant_copy(tab0, 1, s) == 0 && s[0].status == GNTST_general_error);
	CHECK(xengntshr_unshare(shr, b, 1) == 0);
	CHECK(xengntshr_unshare(shr, c, 1) == 0);
}

static void copy_is_refused_as_linux_does(void)
{
	uint8_t buf[16];
	uint32_t ref;
	void *mine = xengntshr_share_pages(shr, 0, 1, &ref, 1);
	xengnttab_grant_copy_segment_t s = from(1, ref, PAGE - 4, buf, 5);

	CHECK(xengnttab_grant_copy(tab0, 1, &s) == -1 && errno == EINVAL);
	s = into(1, ref, PAGE - 4, buf, 5);
	CHECK(xengnttab_grant_copy(tab0, 1, &s) == -1 && errno == EINVAL);
	s.flags = 0;
	CHECK(xengnttab_grant_copy(tab0, 1, &s) == -1 && errno == EINVAL);
	CHECK(xengntshr_unshare(shr, mine, 1) == 0);
}

/* Runs a child process of domain 1, which makes grants and waits until it is killed. */
static pid_t granting_child(uint32_t *ref)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		xengntshr_handle *h;
		uint8_t *p;

		be_domain(1);
		h = xengntshr_open(NULL, 0);
		p = h ? xengntshr_share_page_notify(h, 0, ref, 1, 100, UINT32_MAX) : NULL;
		if (p)
			p[100] = 1;
		if (!p || write(fds[1], ref, sizeof(*ref)) < 0)
			_exit(1);
		pause();
		_exit(0);
	}
	close(fds[1]);
	CHECK(read(fds[0], ref, sizeof(*ref)) == sizeof(*ref));
	close(fds[0]);
	return pid;
}

static void killed_granter_revokes(void)
{
	volatile uint8_t *theirs;
	uint32_t ref;
	pid_t pid = granting_child(&ref);
	void *again = NULL;
	int i;

	theirs = xengnttab_map_grant_ref(tab0, 1, ref, PROT_READ);
	CHECK(theirs && theirs[100] == 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* The host notices the end a little later, as a kernel does. Each try is a round trip. */
	for (i = 0; i < 1000; i++) {
		again = xengnttab_map_grant_ref(tab0, 1, ref, PROT_READ);
		if (!again)
			break;
		xengnttab_unmap(tab0, again, 1);
	}
	CHECK(!again);
	CHECK(theirs && theirs[100] == 0);
	CHECK(xengnttab_unmap(tab0, (void *)(uintptr_t)theirs, 1) == 0);
}

static void close_drops_everything(void)
{
	xengntshr_handle *h;
	uint32_t ref = 0;

	be_domain(1);
	h = xengntshr_open(quiet, 0);
	CHECK(h && xengntshr_share_pages(h, 0, 1, &ref, 1));
	CHECK(xengntshr_fd(h) >= 0 && xengnttab_fd(tab0) >= 0);
	CHECK(xengntshr_close(h) == 0);
	CHECK(!xengnttab_map_grant_ref(tab0, 1, ref, PROT_READ));
	CHECK(xengnttab_set_max_grants(tab0, 100) == 0);
}

int main(void)
{
	quiet = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
	CASE(open_all);
	if (checks_failed)
		return checks_done();
	CASE(pages_are_zeroed_and_shared);
	CASE(order_of_refs_is_kept);
	CASE(only_the_grantee_maps);
	CASE(read_only_is_kept);
	CASE(one_bad_ref_maps_nothing);
	CASE(unmap_takes_what_one_call_mapped);
	CASE(revoked_while_mapped);
	CASE(limit_counts_pages_that_are_still_mapped);
	CASE(copy_has_a_status_per_segment);
	CASE(copy_is_refused_as_linux_does);
	CASE(killed_granter_revokes);
	CASE(close_drops_everything);
	xengntshr_close(shr);
	xengnttab_close(tab0);
	xengnttab_close(tab2);
	xtl_logger_destroy(quiet);
	return checks_done();
}
