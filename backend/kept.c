/* SPDX-License-Identifier: MIT */
/* kept.c - the tables that a guest set and that only we know, noted for a daemon after us
 *
 * A file of lines: the connection, the hash, then each address of the
 * multicast list.
 * It is written beside and renamed, and a note of another connection is none.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"
#include "kept.h"

#define MCAST_LINE "mcast %02x:%02x:%02x:%02x:%02x:%02x\n"

static bool write_tables(FILE *f, const struct vif_link *l)
{
	uint8_t addr[MCAST_MAX][6];
	unsigned int n = mcast_list(&l->live->mcast, addr);
	char hash[HASH_TEXT_MAX];
	bool ok;

	hash_print(&l->hash, hash, sizeof(hash));
	ok = fprintf(f, "%s\n%s\n", l->connection, hash) > 0;

	for (unsigned int i = 0; ok && i < n; i++)
		ok = fprintf(f, MCAST_LINE, addr[i][0], addr[i][1], addr[i][2], addr[i][3], addr[i][4],
			     addr[i][5]) > 0;
	return ok;
}

void vif_kept_save(struct vif_worker *vw)
{
	struct vif_link *l = vw->link;
	char tmp[264];
	bool ok;
	FILE *f;

	vw->kept_changed = false;
	snprintf(tmp, sizeof(tmp), "%s.new", l->kept_path);
	pthread_mutex_lock(&l->kept_lock);
	f = fopen(tmp, "we");
	ok = f && write_tables(f, l);
	if (f && fclose(f) != 0)
		ok = false;
	if (ok)
		ok = rename(tmp, l->kept_path) == 0;
	pthread_mutex_unlock(&l->kept_lock);
	if (!ok)
		log_debug("cannot note tables vif=%s errno=%m", l->name);
}

static void read_line(struct vif_link *l, char *line)
{
	uint8_t addr[6];

	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "hash ", 5) == 0 && hash_parse(&l->hash, line, l->conf.queues))
		return;
	if (strncmp(line, "mcast ", 6) != 0 || !parse_ether(addr, line + 6) || mcast_add(&l->live->mcast, addr))
		log_warn("cannot take over a table's entry vif=%s line=\"%s\"", l->name, line);
}

void vif_kept_load(struct vif_link *l, const struct vif_place *place)
{
	size_t len = strlen(l->connection);
	char line[768];
	FILE *f;

	snprintf(l->kept_path, sizeof(l->kept_path), "%s/%s.tables", place->run_dir, place->name);
	hash_init(&l->hash);
	memset(&l->live->mcast, 0, sizeof(l->live->mcast));
	f = place->resume ? fopen(l->kept_path, "re") : NULL;
	if (!f) {
		unlink(l->kept_path);
		return;
	}
	if (fgets(line, sizeof(line), f) && strncmp(line, l->connection, len) == 0 && line[len] == '\n')
		while (fgets(line, sizeof(line), f))
			read_line(l, line);
	fclose(f);
}
