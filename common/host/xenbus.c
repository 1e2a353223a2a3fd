/* SPDX-License-Identifier: MIT */
/* xenbus.c - reads and writes the key "state" */
#include "common/wire/handshake.h"
#include "store.h"
#include "transaction.h"
#include "xenbus.h"

int xenbus_read_state(struct store *s, const char *dir, enum xenbus_state *state)
{
	uint32_t number;
	int err = *dir ? store_read_u32(s, &number, dir, "state") : -ENOENT;

	/* Gone, forbidden and nonsense are the same: there is no peer. */
	*state = err || number >= HS_STATES ? XenbusStateUnknown : (enum xenbus_state)number;
	return store_is_unknown(err) ? err : 0;
}

int xenbus_write_state(struct store *s, const char *dir, enum xenbus_state state)
{
	const char text[] = { (char)('0' + state), '\0' };
	int err = store_write_live(s, dir, "state", text);

	return err == -ENOENT ? 0 : err;
}
