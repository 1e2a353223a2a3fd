/* SPDX-License-Identifier: MIT */
/* portname.h - the text that names the port of a VIF: the backend key "port"
 *
 * KIND or KIND:ARGUMENT. A kind is a row of the table in portname.c, which says whether it has an argument.
 */
#ifndef NETPAIR_PORTNAME_H
#define NETPAIR_PORTNAME_H

#include <stdbool.h>

#include "common/base/util.h"

/* What is on the other side of a VIF. */
enum port_kind {
	PORT_TAP,		/* the VIF's own device */
	PORT_VHOST_USER,	/* a switch that connects to a socket */
	PORT_MACVTAP,		/* a macvtap, which somebody made over a NIC */
};

/* The longest text, with its NUL: a kind, and the path of a socket (sun_path). */
#define PORT_NAME_MAX 128u

struct port_name {
	enum port_kind kind;
	char arg[PORT_NAME_MAX];	/* "": the kind has none */
};

/* Parses a text. Returns 0; -EINVAL: no such kind, or its argument is missing, too long, superfluous or has a
 * character that is not printable. */
MUST_CHECK int port_name_parse(struct port_name *name, const char *text);

/* Returns the word of a kind; it is static. */
const char *port_kind_word(enum port_kind kind);

/* Returns all forms that a text may have, with commas between, for people; it is static. */
const char *port_name_forms(void);

#endif
