/* SPDX-License-Identifier: MIT */
/* isolation.h - whether data processes can be what they are to be, seen once at start */
#ifndef NETPAIR_BACKEND_ISOLATION_H
#define NETPAIR_BACKEND_ISOLATION_H

#include "process.h"

/* Checks that control may start data processes and end them, and that no account has one of their
 * users. Ends the program with ISOLATION_STRICT if that is not so; else logs a warning. Returns how
 * guests' data is kept apart: ISOLATION_NONE where control lacks a capability. */
MUST_CHECK enum isolation isolation_check(const char *program, enum isolation wanted, uint32_t uid_first, uint32_t uid_last);

#endif
