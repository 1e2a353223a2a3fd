/* SPDX-License-Identifier: MIT */
/* Inside the server: requests and what they share. Each returns 0 (answered) or an errno. */
#ifndef XENSIM_OPS_H
#define XENSIM_OPS_H

#include "conn.h"

int op_directory(struct conn *c);
int op_directory_part(struct conn *c);
int op_read(struct conn *c);
int op_write(struct conn *c);
int op_mkdir(struct conn *c);
int op_rm(struct conn *c);
int op_get_perms(struct conn *c);
int op_set_perms(struct conn *c);

/** The absolute path of what the client calls @s, in new memory; NULL and EINVAL. */
char *ops_path(const struct conn *c, const char *s);

/** The request's only string, or NULL. */
const char *ops_one(const struct conn *c);

/** The request's first strings, at most @max; their number. */
uint32_t ops_strings(struct conn *c, const char **vec, uint32_t max);

/** Remove a path and all below it, telling the watchers; @exact for the parts of a larger removal. */
void ops_remove_tree(struct conn *c, struct tx *tx, const char *path, bool exact);

#endif
