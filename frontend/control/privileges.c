/* SPDX-License-Identifier: MIT */
/* privileges.c - the stages of privileges.h, in their order
 *
 * - The devices are given to the user's group, and the run directory to the user: that takes root.
 * - A child becomes the user and tries what netfrontd needs. A guest whose devices only root may open
 *   would be without network else.
 * - The process becomes the user. Of capabilities it keeps CAP_NET_ADMIN, as it makes a device for each
 *   VIF that is attached later, sets its address, MTU and carrier, and makes a deleted one anew.
 * - No new privileges, then the filter, which needs that in an unprivileged process.
 *
 * A call that is not declared fails with EPERM; it does not end the process. The end of the keeper, which
 * has the filter too, is a BUG in the guest's kernel, and libraries of the system make calls that differ
 * between their versions.
 */
#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/boost.h"
#include "common/host/daemon.h"
#include "common/host/evtchn.h"
#include "common/host/instance.h"
#include "common/host/share.h"
#include "common/host/store_conn.h"
#include "common/wire/parse.h"
#include "privileges.h"

/* #syscalls-before all */

#define PRIVILEGES_ACCOUNT "netpair"

/* The user where there is no such account: the number behind those of netbackd's --uid-range. */
#define PRIVILEGES_UID 2121302016u

/* What RLIMIT_NICE has for nice -20. */
#define PRIVILEGES_NICE 40

struct privileges_user {
	uid_t uid;
	gid_t gid;
	char account[32];	/* "": there is none */
};

/* --- which user -------------------------------------------------------------------------- */

static bool privileges_find_account(struct privileges_user *u, const char *name)
{
	const struct passwd *account = getpwnam(name);

	if (!account || strlen(name) >= sizeof(u->account))
		return false;
	*u = (struct privileges_user){ .uid = account->pw_uid, .gid = account->pw_gid };
	snprintf(u->account, sizeof(u->account), "%s", name);
	return true;
}

/* Returns false if there is no such user. */
static bool privileges_find(struct privileges_user *u, const char *user)
{
	uint32_t number = PRIVILEGES_UID;

	if (privileges_find_account(u, user ? user : PRIVILEGES_ACCOUNT))
		return true;
	if (user && (!parse_u32(&number, user) || number == UINT32_MAX))
		return false;
	*u = (struct privileges_user){ .uid = number, .gid = number };
	return true;
}

/* --- what the user must reach ------------------------------------------------------------ */

/* Lets the user's group open a device of Xen, unless everybody may open it anyway. Nobody loses a right.
 * The owner may give a file to a group that the process is a member of. */
static void privileges_give_device(const char *path, gid_t gid)
{
	const gid_t groups[] = { gid };
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_uid != 0 || (st.st_gid != 0 && st.st_gid != gid) ||
	    (st.st_mode & 06) == 06 || (st.st_gid == gid && (st.st_mode & 060) == 060))
		return;
	if (setgroups(1, groups) < 0 || lchown(path, (uid_t)-1, gid) < 0 || chmod(path, (st.st_mode & 0777) | 060) < 0)
		log_debug("cannot give a device to the group of netfrontd file=%s gid=%u errno=%d", path, gid, errno);
}

static int privileges_try_share(const struct privileges *p)
{
	struct share_dev *share;
	int err = share_open(&share, domid_of(0));

	(void)p;
	if (!err)
		share_close(share);
	return err;
}

static int privileges_try_evtchn(const struct privileges *p)
{
	struct evt_dev *evt;
	int err = evt_open(&evt);

	(void)p;
	if (!err)
		evt_close(evt);
	return err;
}

static int privileges_try_tun(const struct privileges *p)
{
	(void)p;
	return access("/dev/net/tun", R_OK | W_OK) < 0 ? -errno : 0;
}

static int privileges_try_store(const struct privileges *p)
{
	(void)p;
	return store_try();
}

static int privileges_try_run_dir(const struct privileges *p)
{
	return access(p->run_dir, R_OK | W_OK | X_OK) < 0 ? -errno : 0;
}

static const struct {
	const char *what;
	int (*run)(const struct privileges *p);
} privileges_needs[] = {
	{ "/dev/xen/gntalloc", privileges_try_share },
	{ "/dev/xen/evtchn", privileges_try_evtchn },
	{ "/dev/net/tun", privileges_try_tun },
	{ "xenstore", privileges_try_store },
	{ "the run directory", privileges_try_run_dir },
};

/* --- becoming it --------------------------------------------------------------------------- */

/* Changes user and groups. An account has its further groups, which may be those of the devices.
 * Returns 0 or -errno. */
static int privileges_become(const struct privileges_user *u)
{
	int err = *u->account ? initgroups(u->account, u->gid) : setgroups(0, NULL);

	if (err < 0 || setresgid(u->gid, u->gid, u->gid) < 0 || setresuid(u->uid, u->uid, u->uid) < 0)
		return -errno;
	return 0;
}

/* Returns what the user may not open, as a child of that user finds it; NULL: nothing. */
static const char *privileges_refused(const struct privileges *p, const struct privileges_user *u)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		if (privileges_become(u))
			_exit(ARRAY_SIZE(privileges_needs) + 1);
		for (unsigned int i = 0; i < ARRAY_SIZE(privileges_needs); i++) {
			int err = privileges_needs[i].run(p);

			/* Other errors concern root, too, and are reported later. */
			if (err == -EACCES || err == -EPERM)
				_exit((int)i + 1);
		}
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
	    WEXITSTATUS(status) > (int)ARRAY_SIZE(privileges_needs))
		return "another user, as CAP_SETUID and CAP_SETGID are missing";
	return WEXITSTATUS(status) ? privileges_needs[WEXITSTATUS(status) - 1].what : NULL;
}

/* Returns true if the process has CAP_NET_ADMIN and no other capability. */
static bool privileges_are_few(void)
{
	uint64_t caps = 0;

	if (capng_get_caps_process() != 0)
		return false;
	for (unsigned int cap = 0; cap <= (unsigned int)CAP_LAST_CAP; cap++)
		if (capng_have_capability(CAPNG_EFFECTIVE, cap) || capng_have_capability(CAPNG_PERMITTED, cap))
			caps |= 1ull << cap;
	return (caps & ~(1ull << CAP_NET_ADMIN)) == 0;
}

static int privileges_keep_one(const struct privileges_user *u)
{
	int err;

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	err = privileges_become(u);
	if (err)
		return err;
	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN) != 0 ||
	    capng_apply(CAPNG_SELECT_CAPS) != 0 || !privileges_are_few())
		return -EPERM;
	/* After a change of user a sysctl decides whether the process is dumpable. */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}

/* Raises the limit while the process may, so that the worker needs no capability for its priority. */
static void privileges_allow_nice(void)
{
	const struct rlimit nice = { PRIVILEGES_NICE, PRIVILEGES_NICE };

	if (boost_is_wanted())
		(void)!setrlimit(RLIMIT_NICE, &nice);
}

/* Gives the run directory to root again: this netfrontd stays root, and an earlier one was the user. */
static void privileges_take_back(const struct privileges *p, const struct privileges_user *u)
{
	int err = instance_give(p->program, p->run_dir, u->uid, 0, 0);

	if (err)
		log_debug("cannot give the run directory to root dir=%s errno=%d", p->run_dir, -err);
}

static void privileges_change_user(const struct privileges *p, const struct privileges_user *u)
{
	static const char *const devices[] = { "/dev/xen/gntalloc", "/dev/xen/evtchn", "/dev/xen/xenbus" };
	const char *refused;
	int err;

	for (unsigned int i = 0; i < ARRAY_SIZE(devices); i++)
		privileges_give_device(devices[i], u->gid);
	err = instance_give(p->program, p->run_dir, 0, u->uid, u->gid);
	/* A directory that root cannot use either is reported later. */
	if (err && instance_run_dir(p->run_dir))
		return;
	refused = err ? "the run directory, which has other files or cannot be given to it" : privileges_refused(p, u);
	if (refused) {
		log_warn("netfrontd stays root, which it need not be: its user may not use %s uid=%u gid=%u "
			 "todo=\"give the user access, see netfrontd(8), --user\"", refused, u->uid, u->gid);
		privileges_take_back(p, u);
		return;
	}
	privileges_allow_nice();
	err = privileges_keep_one(u);
	if (err)
		die(p->program, EXIT_ENVIRONMENT, "cannot become the user %u with CAP_NET_ADMIN: %s; --user=root stays root",
		    u->uid, errtext(ERRTEXT_FILE, err));
}

void privileges_drop(const struct privileges *p)
{
	struct privileges_user u;
	bool root = geteuid() == 0, found = privileges_find(&u, p->user);

	if (root && !found)
		log_warn("netfrontd stays root, which it need not be: there is no such user user=\"%s\" "
			 "todo=\"make the account, or name another one by --user\"", p->user);
	if (root && found && u.uid != 0)
		privileges_change_user(p, &u);
	else if (root && privileges_find(&u, NULL))
		privileges_take_back(p, &u);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die(p->program, EXIT_ENVIRONMENT, "cannot give up new privileges: %s", errtext(ERRTEXT_FILE, -errno));
}
