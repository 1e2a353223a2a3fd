/* SPDX-License-Identifier: MIT */
/* capfile.h - writes a pcapng file
 *
 * The file always ends with a whole block: if the disk is full, what was written of the next ones is taken
 * away again. Blocks are as draft-ietf-opsawg-pcapng says, in this machine's byte order.
 */
#ifndef NETPAIR_TOOL_CAPFILE_H
#define NETPAIR_TOOL_CAPFILE_H

#include <stdint.h>

#include "common/base/util.h"
#include "common/wire/capring.h"

struct capfile;

/* What the file says of the interface. */
struct capfile_interface {
	const char *name;		/* the VIF's */
	const char *description;
	const char *filter;		/* "": none */
	uint32_t snap;
	int from_guest;			/* epb_flags of a frame from the guest: CAPFILE_INBOUND or _OUTBOUND */
};
enum { CAPFILE_INBOUND = 1, CAPFILE_OUTBOUND = 2 };

/* Makes the file, with mode 0600, or writes to stdout if path is "-". Returns 0 or -errno. */
MUST_CHECK int capfile_new(struct capfile **out, const char *path, const struct capfile_interface *i);

/* Adds a frame, whose time is in nanoseconds since 1970. Returns 0 or -errno. */
MUST_CHECK int capfile_add(struct capfile *f, const struct capring_record *rec, const uint8_t *frame, uint64_t time);

/* Writes what was added. Returns 0 or -errno. */
MUST_CHECK int capfile_flush(struct capfile *f);

/* Returns the descriptor, for poll(2). */
int capfile_fd(const struct capfile *f);

/* Adds how many frames there were and were lost, and closes the file. Returns 0 or -errno; f is gone. */
MUST_CHECK int capfile_end(struct capfile *f, uint64_t received, uint64_t lost, uint64_t time);

/* Closes the file as it is. */
void capfile_abandon(struct capfile *f);

#endif
