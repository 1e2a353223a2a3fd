/* SPDX-License-Identifier: MIT */
/* ctl.h - the commands of the xensim tool at DIR/ctl.sock
 *
 * A request is one packet of NUL-terminated words.  The answer is one packet:
 * '0', or '1' if the command failed, and text.
 */
#ifndef XENSIM_CTL_H
#define XENSIM_CTL_H

#include "dom.h"

/* Answers commands at dir/ctl.sock; new domains get defaults. Returns 0, or -1 and errno. */
int ctl_init(const char *dir, const struct dom_options *defaults);

#endif
