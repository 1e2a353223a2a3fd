/* SPDX-License-Identifier: MIT */
/* served.c - the list of served.h */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "served.h"

/* Returns whether a VIF of that number or of that name is in the list. */
static bool served_has(const struct served *list, const struct msg_connect *m)
{
	while (list && list->made.head.vif != m->head.vif && strcmp(list->made.name, m->name) != 0)
		list = list->next;
	return list;
}

int served_add(struct served **list, const struct msg_serving *m, const int *fds)
{
	bool has_switch = m->connect.flags & MSG_SERVING_SWITCH, twice = served_has(*list, &m->connect);
	struct served *s = twice ? NULL : malloc(sizeof(*s));

	if (!s) {
		for (unsigned int i = 0; i < 2u + has_switch; i++)
			close(fds[i]);
		return twice ? -EEXIST : -ENOMEM;
	}
	*s = (struct served){ *list, m->connect, fds[0], fds[1], has_switch ? fds[2] : -1 };
	s->made.flags &= ~(uint32_t)MSG_SERVING_SWITCH;
	*list = s;
	return 0;
}

bool served_has_number(const struct served *list, uint32_t number)
{
	while (list && list->made.head.vif != number)
		list = list->next;
	return list;
}

struct served *served_claim(struct served **list, const char *name)
{
	struct served **at = list, *found;

	while (*at && strcmp((*at)->made.name, name) != 0)
		at = &(*at)->next;
	found = *at;
	if (found)
		*at = found->next;
	return found;
}

void served_free(struct served *s)
{
	if (!s)
		return;
	if (s->counters_fd >= 0)
		close(s->counters_fd);
	if (s->tap_fd >= 0)
		close(s->tap_fd);
	if (s->switch_fd >= 0)
		close(s->switch_fd);
	free(s);
}

void served_free_all(struct served **list)
{
	while (*list) {
		struct served *s = *list;

		*list = s->next;
		served_free(s);
	}
}
