/* SPDX-License-Identifier: MIT */
/* isolation.c - capabilities and accounts, for isolation.h */
#include <cap-ng.h>
#include <pwd.h>
#include <stdio.h>

#include "common/base/log.h"
#include "common/host/daemon.h"
#include "isolation.h"

/* What control needs for data processes: they become other users, and are killed as such. */
static const struct {
	unsigned int capability;
	const char *name;
} isolation_needs[] = {
	{ CAP_SETUID, "CAP_SETUID" }, { CAP_SETGID, "CAP_SETGID" }, { CAP_KILL, "CAP_KILL" },
};

/* Returns the name of a capability that this process lacks; NULL: it has all. */
static const char *isolation_missing(void)
{
	if (capng_get_caps_process() != 0)
		return "its list of capabilities";
	for (unsigned int i = 0; i < ARRAY_SIZE(isolation_needs); i++)
		if (!capng_have_capability(CAPNG_EFFECTIVE, isolation_needs[i].capability))
			return isolation_needs[i].name;
	return NULL;
}

/* A data process of an account's user could signal and trace that account's programs, and be
 * traced by them. */
static void isolation_check_accounts(const char *program, enum isolation wanted, uint32_t first, uint32_t last)
{
	const struct passwd *account;

	setpwent();
	do
		account = getpwent();
	while (account && (account->pw_uid < first || account->pw_uid > last));
	if (account && wanted == ISOLATION_STRICT)
		die(program, EXIT_USAGE, "option --uid-range: %u is the account \"%s\"'s, and a data process must share its user with nobody",
		    account->pw_uid, account->pw_name);
	if (account)
		log_warn("an account has a user of --uid-range: its programs and a guest's data process can harm each other "
			 "uid=%u user=\"%s\" todo=\"give a range without accounts\"", account->pw_uid, account->pw_name);
	endpwent();
}

enum isolation isolation_check(const char *program, enum isolation wanted, uint32_t uid_first, uint32_t uid_last)
{
	const char *missing = wanted == ISOLATION_NONE ? NULL : isolation_missing();

	if (missing && wanted == ISOLATION_STRICT)
		die(program, EXIT_ENVIRONMENT, "option --isolation=strict: netbackd lacks %s, without which there are no data processes", missing);
	if (missing)
		log_warn("netbackd lacks a capability, without which there are no data processes: it goes on as with --isolation=none "
			 "capability=%s todo=\"give netbackd CAP_SETUID, CAP_SETGID and CAP_KILL\"", missing);
	if (missing || wanted == ISOLATION_NONE) {
		log_warn("guests' data is moved by threads of this process, which has every privilege: --isolation=none");
		return ISOLATION_NONE;
	}
	isolation_check_accounts(program, wanted, uid_first, uid_last);
	return wanted;
}
