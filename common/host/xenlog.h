/* SPDX-License-Identifier: MIT */
/* xenlog.h - the messages of Xen's libraries, in our log at level debug
 *
 * By default the libraries print on stderr: a line for each grant that cannot be
 * mapped, which a guest can cause without limit, with a write that blocks until
 * the log's reader takes it. Our own lines report the same errors, rate-limited
 * and with the VIF's name.
 */
#ifndef NETPAIR_XENLOG_H
#define NETPAIR_XENLOG_H

struct xentoollog_logger;

/* Returns the logger to open a library's handle with; it writes at level debug. The
 * caller must not free it. */
struct xentoollog_logger *xenlog(void);

#endif
