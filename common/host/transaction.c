/* SPDX-License-Identifier: MIT */
/* transaction.c - transactions that are tried again after a conflict */
#include "store.h"
#include "transaction.h"

/* The most attempts of a transaction that conflicts with others. */
#define TRANSACTION_TRIES 32

int store_transact(struct store *s, int (*body)(struct store *s, const void *arg), const void *arg)
{
	int err = -EAGAIN;

	for (int tries = 0; tries < TRANSACTION_TRIES && err == -EAGAIN; tries++) {
		err = store_begin(s);
		if (err)
			return err;
		err = body(s, arg);
		if (err)
			store_abort(s);
		else
			err = store_commit(s);
	}
	return err;
}

struct transaction_key {
	const char *dir, *key, *value;
};

static int transaction_write_live(struct store *s, const void *arg)
{
	const struct transaction_key *k = arg;
	char state[STORE_VALUE_MAX];
	int err = store_read(s, state, sizeof(state), k->dir, "state");

	return !err || err == -EINVAL ? store_write(s, k->dir, k->key, k->value) : err;
}

int store_write_live(struct store *s, const char *dir, const char *key, const char *value)
{
	const struct transaction_key k = { dir, key, value };

	return store_transact(s, transaction_write_live, &k);
}
