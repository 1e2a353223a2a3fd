/* SPDX-License-Identifier: MIT */
/* startup.c - what both daemons check and lock before they start */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "daemon.h"
#include "evtchn.h"
#include "instance.h"
#include "startup.h"

/* #syscalls-control access */

/* How long to wait for a lock, in milliseconds. */
#define LOCK_WAIT_MS 1000u

/* The longest name of a run directory. */
#define RUN_DIR_MAX 100u

void startup_check_devices(const char *program)
{
	struct evt_dev *evt;
	int err = evt_open(&evt);

	if (err)
		die(program, EXIT_ENVIRONMENT, "cannot open the event channel device /dev/xen/evtchn (module xen-evtchn): %s",
		    errtext(ERRTEXT_XEN, err));
	evt_close(evt);
	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		die(program, EXIT_ENVIRONMENT, "cannot use /dev/net/tun: %s", errtext(ERRTEXT_TAP, -errno));
}

void startup_check_kernel(const char *program, enum kernel_side side)
{
	if (kernel_driver_present(side))
		die(program, EXIT_OCCUPIED, "the kernel's %s is loaded and claims every vif; start with --take-over, "
		    "or see KERNEL DRIVER in %s(8)", side == KERNEL_BACKEND ? "netback" : "netfront", program);
}

void startup_check_run_dir(const char *program, const char *dir)
{
	if (strlen(dir) > RUN_DIR_MAX)
		die(program, EXIT_USAGE, "option --run-dir: longer than %u bytes", RUN_DIR_MAX);
}

/* Two netfrontds may share a guest if each names its devices and has a run
 * directory of its own. */
static int startup_lock_devices(const char *program, const uint32_t *devids, unsigned int ndevids, pid_t *holder)
{
	int err = ndevids ? 0 : instance_lock(program, INSTANCE_ALL, LOCK_WAIT_MS, holder);

	for (unsigned int i = 0; i < ndevids && !err; i++)
		err = instance_lock(program, devids[i], LOCK_WAIT_MS, holder);
	return err;
}

void startup_lock(const char *program, const char *run_dir, const uint32_t *devids, unsigned int ndevids)
{
	pid_t holder = 0;
	int err = startup_lock_devices(program, devids, ndevids, &holder);

	/* Of the two locks the domain's is first. */
	if (err)
		instance_die(program, NULL, err, holder);
	err = instance_run_dir(run_dir);
	if (!err)
		err = instance_lock_dir(run_dir, program, LOCK_WAIT_MS, &holder);
	if (err)
		instance_die(program, run_dir, err, holder);
}
