/* SPDX-License-Identifier: MIT */
/* hotplug_msg.h - what control and the hotplug runner say to each other, and what each checks
 *
 * One SOCK_SEQPACKET message is one struct, whole. The runner has more rights
 * than control, so it believes nothing that control says: a control process that
 * a guest has taken over gets the scripts of one directory run, and nothing else.
 */
#ifndef NETPAIR_BACKEND_HOTPLUG_MSG_H
#define NETPAIR_BACKEND_HOTPLUG_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/util.h"

#define HOTPLUG_MAGIC 0x48504c31u	/* "HPL1": another version has another number */

/* Scripts that run at a time, for as many VIFs. */
#define HOTPLUG_JOBS_MAX 64u

/* Bytes of a script's name below the directory, and of a device's name. */
#define HOTPLUG_SCRIPT_MAX 128u
#define HOTPLUG_DEVICE_MAX 16u

enum hotplug_kind { HOTPLUG_RUN = 1, HOTPLUG_STOP };

enum hotplug_action { HOTPLUG_ONLINE = 1, HOTPLUG_OFFLINE };

/* Returns "online" or "offline", the script's first argument. The text is static. */
const char *hotplug_action_name(uint32_t action);

/* Control to runner. Strings end with a NUL byte, and all bytes behind it are 0. */
struct hotplug_request {
	uint32_t magic;
	uint32_t kind;
	uint32_t id;			/* of the run; not 0 */
	uint32_t action;		/* of HOTPLUG_RUN, as the rest */
	uint32_t domid, devid, handle;
	uint32_t emulated;		/* 1: the guest has an emulated NIC too (type=vif_ioemu) */
	char script[HOTPLUG_SCRIPT_MAX];	/* below the directory */
	char netdev[HOTPLUG_DEVICE_MAX];	/* the key gatewaydev; "": none */
};

enum hotplug_end {
	HOTPLUG_EXITED = 1,	/* code: the exit code */
	HOTPLUG_KILLED,		/* code: the signal */
	HOTPLUG_TIMED_OUT,	/* it was ended, as its time was over */
	HOTPLUG_STOPPED,	/* it was ended, as control asked for that */
	HOTPLUG_FAILED,		/* it did not start; code: errno */
	HOTPLUG_LOST,		/* the runner has ended; never in a message */
};

/* Runner to control: a script has ended. */
struct hotplug_reply {
	uint32_t magic;
	uint32_t id;
	uint32_t end;
	uint32_t code;
};

/* Returns whether a message of len bytes is a request that may be carried out. */
MUST_CHECK bool hotplug_request_check(const struct hotplug_request *r, size_t len);

/* Returns whether a message of len bytes is a reply. */
MUST_CHECK bool hotplug_reply_check(const struct hotplug_reply *r, size_t len);

/* Gets the name of a script below the directory dir (absolute, without a slash at
 * its end) from the key script: a bare name, or an absolute path below dir.
 * Returns 0; -EPERM: it is elsewhere, or has a component "..", "." or ""; -EINVAL:
 * it is empty, too long, or has a byte that is no printable ASCII. */
MUST_CHECK int hotplug_script_name(char out[HOTPLUG_SCRIPT_MAX], const char *dir, const char *script);

/* Copies len bytes of a script's output into a text of at most size bytes, NUL
 * included: what is no printable ASCII, '"' and '\\' become \xNN. What does not
 * fit is left out. */
void hotplug_escape(char *out, size_t size, const char *line, size_t len);

#endif
