/* SPDX-License-Identifier: MIT */
/* drop.c - the names of the drop reasons, and their texts for people */
#include "drop.h"

#define DROP_NAME_(id_, direction_, name_, help_) [DROP_##id_] = name_,
static const char *const drop_names[DROP_MAX] = { [DROP_NONE] = "", DROP_LIST(DROP_NAME_) };
#undef DROP_NAME_

#define DROP_HELP_(id_, direction_, name_, help_) [DROP_##id_] = help_,
static const char *const drop_helps[DROP_MAX] = { [DROP_NONE] = "", DROP_LIST(DROP_HELP_) };
#undef DROP_HELP_

const char *drop_name(enum drop reason)
{
	return drop_names[reason];
}

const char *drop_help(enum drop reason)
{
	return drop_helps[reason];
}
