/* SPDX-License-Identifier: MIT */
/* xenbus.h - the key "state" of either end of a VIF */
#ifndef NETPAIR_XENBUS_H
#define NETPAIR_XENBUS_H

#include "common/base/abi.h"
#include "common/base/util.h"

struct store;

/* Reads the state in dir, which is "" if there is none. *state is Unknown if the
 * directory is gone or forbidden, or if the value is no state. Returns 0, or -errno
 * if xenstored failed; *state is Unknown then, too. */
MUST_CHECK int xenbus_read_state(struct store *s, const char *dir, enum xenbus_state *state);

/* Writes our state. Returns 0, also if dir is gone, as the next read of it will show; or
 * -errno. */
MUST_CHECK int xenbus_write_state(struct store *s, const char *dir, enum xenbus_state state);

#endif
