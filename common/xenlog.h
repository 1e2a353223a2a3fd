/* SPDX-License-Identifier: MIT */
/* xenlog.h - Xen's libraries write to our log, and only if somebody asked for it
 *
 * By default they print on stderr: a line for each grant that a guest names and
 * that cannot be mapped, and a write that waits for the program that reads the
 * log. Our own lines tell of the same errors, bounded and with the VIF's name.
 */
#ifndef NETPAIR_XENLOG_H
#define NETPAIR_XENLOG_H

struct xentoollog_logger;

/* Returns the logger that a library's handle is opened with; it writes at level debug. Never freed. */
struct xentoollog_logger *xenlog(void);

#endif
