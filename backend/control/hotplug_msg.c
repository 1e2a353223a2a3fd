/* SPDX-License-Identifier: MIT */
/* hotplug_msg.c - the checks of both ends, pure */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/abi.h"
#include "hotplug_msg.h"

const char *hotplug_action_name(uint32_t action)
{
	return action == HOTPLUG_ONLINE ? "online" : "offline";
}

static bool hotplug_msg_is_print(char c)
{
	return c > ' ' && c < 0x7f;
}

/* Returns whether the text ends within size bytes, is printable without blanks,
 * and has nothing behind its end. */
static bool hotplug_msg_is_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	if (len == size)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!hotplug_msg_is_print(text[i]))
			return false;
	for (size_t i = len; i < size; i++)
		if (text[i])
			return false;
	return true;
}

/* Returns whether each component of a relative path goes down. */
static bool hotplug_msg_goes_down(const char *path)
{
	for (const char *at = path;; at++) {
		size_t len = strcspn(at, "/");

		if (len == 0 || (at[0] == '.' && (len == 1 || (len == 2 && at[1] == '.'))))
			return false;
		at += len;
		if (!*at)
			return true;
	}
}

int hotplug_script_name(char out[HOTPLUG_SCRIPT_MAX], const char *dir, const char *script)
{
	size_t above = strlen(dir), len = strlen(script);
	const char *name = script;

	for (size_t i = 0; i < len; i++)
		if (!hotplug_msg_is_print(script[i]))
			return -EINVAL;
	if (len == 0)
		return -EINVAL;
	if (script[0] == '/') {
		if (strncmp(script, dir, above) != 0 || script[above] != '/')
			return -EPERM;
		name = script + above + 1;
	} else if (strchr(script, '/')) {
		return -EPERM;
	}
	if (!hotplug_msg_goes_down(name))
		return -EPERM;
	len = strlen(name);
	if (len >= HOTPLUG_SCRIPT_MAX)
		return -EINVAL;
	memset(out, 0, HOTPLUG_SCRIPT_MAX);
	memcpy(out, name, len);
	return 0;
}

/* A device's name, as the kernel takes it (dev_valid_name()). */
static bool hotplug_msg_is_device(const char *name)
{
	return hotplug_msg_is_text(name, HOTPLUG_DEVICE_MAX) && !strpbrk(name, "/:") &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

bool hotplug_request_check(const struct hotplug_request *r, size_t len)
{
	char vif[HOTPLUG_DEVICE_MAX];

	if (len != sizeof(*r) || r->magic != HOTPLUG_MAGIC || r->id == 0)
		return false;
	if (r->kind == HOTPLUG_STOP)
		return true;
	if (r->kind != HOTPLUG_RUN || (r->action != HOTPLUG_ONLINE && r->action != HOTPLUG_OFFLINE))
		return false;
	if (r->domid >= DOMID_FIRST_RESERVED || r->emulated > 1)
		return false;
	if (snprintf(vif, sizeof(vif), "vif%u.%u", r->domid, r->handle) >= (int)sizeof(vif))
		return false;
	return hotplug_msg_is_text(r->script, sizeof(r->script)) && hotplug_msg_goes_down(r->script) &&
	       hotplug_msg_is_device(r->netdev);
}

bool hotplug_reply_check(const struct hotplug_reply *r, size_t len)
{
	return len == sizeof(*r) && r->magic == HOTPLUG_MAGIC && r->id != 0 &&
	       r->end >= HOTPLUG_EXITED && r->end <= HOTPLUG_FAILED;
}

void hotplug_escape(char *out, size_t size, const char *line, size_t len)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		char c = line[i];
		bool plain = (hotplug_msg_is_print(c) || c == ' ') && c != '"' && c != '\\';
		size_t need = plain ? 1 : 4;

		if (used + need >= size)
			break;
		if (plain)
			out[used] = c;
		else
			snprintf(out + used, 5, "\\x%02x", (unsigned int)(unsigned char)c);
		used += need;
	}
	out[used] = '\0';
}
