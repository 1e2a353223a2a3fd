/* SPDX-License-Identifier: MIT */
/* portname.c - the kinds of ports of portname.h */
#include <errno.h>
#include <string.h>

#include "portname.h"

/* X_(kind, word, argument). argument is its form for people; "": the kind has none. */
#define PORT_KINDS(X_) \
	X_(PORT_TAP, "tap", "") \
	X_(PORT_VHOST_USER, "vhost-user", ":SOCKET") \
	X_(PORT_MACVTAP, "macvtap", ":IFNAME")

#define PORT_ROW_(kind_, word_, argument_) { kind_, word_, sizeof(argument_) > 1 },
static const struct {
	enum port_kind kind;
	const char *word;
	bool takes_arg;
} port_kinds[] = { PORT_KINDS(PORT_ROW_) };
#undef PORT_ROW_

/* Copies an argument. Returns 0 or -EINVAL. */
static int port_name_take_arg(struct port_name *name, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= sizeof(name->arg))
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return -EINVAL;
	memcpy(name->arg, text, len + 1);
	return 0;
}

int port_name_parse(struct port_name *name, const char *text)
{
	size_t len = strcspn(text, ":");

	for (unsigned int i = 0; i < ARRAY_SIZE(port_kinds); i++) {
		struct port_name found = { .kind = port_kinds[i].kind };

		if (strlen(port_kinds[i].word) != len || memcmp(port_kinds[i].word, text, len) != 0)
			continue;
		if (port_kinds[i].takes_arg != (text[len] != '\0'))
			return -EINVAL;
		if (port_kinds[i].takes_arg && port_name_take_arg(&found, text + len + 1))
			return -EINVAL;
		*name = found;
		return 0;
	}
	return -EINVAL;
}

const char *port_kind_word(enum port_kind kind)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(port_kinds); i++)
		if (port_kinds[i].kind == kind)
			return port_kinds[i].word;
	return "";
}

/* Each form begins with its comma. */
#define PORT_FORM_(kind_, word_, argument_) ", " word_ argument_
const char *port_name_forms(void)
{
	static const char forms[] = PORT_KINDS(PORT_FORM_);

	return forms + 2;
}
#undef PORT_FORM_
