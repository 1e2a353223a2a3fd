/* SPDX-License-Identifier: MIT */
/* run-instance.c - a run directory is given from one user to another with the daemon's files, and nothing else is */
#include <stdlib.h>

#include "unit.h"
#include "common/host/instance.c"

#define USER 2121302016u
#define THIRD 2121302017u

static char top[32], dir[64], store[64];

/* A directory of root's with a file of netfrontd's, and a simulation's xenstored beside it. */
static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/netpair-instance.XXXXXX");
	if (!mkdtemp(top))
		return -1;
	snprintf(dir, sizeof(dir), "%s/run", top);
	snprintf(store, sizeof(store), "%s/store", top);
	close(open(store, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	return setenv("XENSTORED_PATH", store, 1);
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	unsetenv("XENSTORED_PATH");
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command);
}

static void make(const char *name)
{
	char path[128];

	mkdir(dir, 0700);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

/* Returns whose a file of the directory is; "" is the directory itself. */
static uid_t owner(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(lstat(path, &st), 0);
	return st.st_uid;
}

static void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

static void is_made_and_given(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(instance_give("netfrontd", dir, 0, USER, USER), 0);
	assert_int_equal(owner(""), USER);
	assert_int_equal(owner("../store.netfrontd"), USER);
	assert_int_equal(owner("../store"), 0);
}

static void there_and_back(void **state)
{
	(void)state;
	need_root();
	make("nic0");
	make("netfrontd.lock");
	assert_int_equal(instance_give("netfrontd", dir, 0, USER, USER), 0);
	assert_int_equal(owner("nic0"), USER);
	/* Once more is no error: a later start. */
	assert_int_equal(instance_give("netfrontd", dir, 0, USER, USER), 0);
	assert_int_equal(instance_give("netfrontd", dir, USER, 0, 0), 0);
	assert_int_equal(owner(""), 0);
	assert_int_equal(owner("nic0"), 0);
	assert_int_equal(owner("netfrontd.lock"), 0);
}

/* netbackd's directory, or one that was named by mistake. */
static void other_files_stay(void **state)
{
	(void)state;
	need_root();
	make("nic0");
	make("netbackd.lock");
	assert_int_equal(instance_give("netfrontd", dir, 0, USER, USER), -EPERM);
	assert_int_equal(owner(""), 0);
	assert_int_equal(owner("nic0"), 0);
}

static void a_third_users_directory(void **state)
{
	(void)state;
	need_root();
	make("nic0");
	assert_int_equal(chown(dir, THIRD, THIRD), 0);
	assert_int_equal(instance_give("netfrontd", dir, 0, USER, USER), -EPERM);
	assert_int_equal(owner("nic0"), 0);
}

static void others_may_write(void **state)
{
	(void)state;
	need_root();
	make("nic0");
	assert_int_equal(chmod(dir, 0770), 0);
	assert_int_equal(instance_give("netfrontd", dir, 0, USER, USER), -EPERM);
	assert_int_equal(owner(""), 0);
}

/* A link that has a file's name is given itself, and not what it names. */
static void a_link_is_not_followed(void **state)
{
	char path[128];

	(void)state;
	need_root();
	make("nic0");
	snprintf(path, sizeof(path), "%s/nic1", dir);
	assert_int_equal(symlink("../store", path), 0);
	assert_int_equal(instance_give("netfrontd", dir, 0, USER, USER), 0);
	assert_int_equal(owner("nic1"), USER);
	assert_int_equal(owner("../store"), 0);
}

int main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(is_made_and_given), TEST(there_and_back), TEST(other_files_stay), TEST(a_third_users_directory),
		TEST(others_may_write), TEST(a_link_is_not_followed),
	};

	return cmocka_run_group_tests_name("instance", tests, NULL, NULL);
}
