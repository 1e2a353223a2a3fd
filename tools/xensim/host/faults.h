/* SPDX-License-Identifier: MIT */
/* faults.h - fault rules: from the command's words into the table that the libraries read */
#ifndef XENSIM_FAULTS_H
#define XENSIM_FAULTS_H

#include "dom.h"

/* Adds a rule; words as in "copy fail last status=-3". Returns 0, or -1 and a line in *why, to be freed. */
int faults_add(struct dom *d, char **words, int n, char **why);

/* Removes all rules of a domain. */
void faults_clear(struct dom *d);

/* A process of domid has written to the xenstore: kills or stops the domain's processes if a rule says so. */
void faults_on_write(uint32_t domid, const char *path, const char *value, size_t len);

/* A process of domid reads an existing node. Returns the errno that a rule wants it to get, or 0. */
int faults_on_read(uint32_t domid, const char *path);

#endif
