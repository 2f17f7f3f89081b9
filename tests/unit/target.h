/* target.h - for tests of destinations: a directory for each test, and assertions on its files.
 *
 * As root the directory is a file system of its own, in a mount namespace that ends with the tests. */
#ifndef TEST_TARGET_H
#define TEST_TARGET_H

#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "hooks/target.h"

static char folder[64];			/* of the running test; also its current directory */
static bool is_root, may_mount;
static unsigned staged_count;

static inline char *in_folder(const char *name)
{
	return format_string("%s/%s", folder, name);
}

static inline void put(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static inline void holds(const char *name, const char *text)
{
	CLEANUP(buf_release) struct buf found = BUF_INIT;
	struct error error = ERROR_INIT;

	if (!file_read(name, 1 << 20, &found, &error))
		fail_msg("%s", error.text);
	assert_string_equal(found.data, text);
}

static inline struct stat look_at(const char *name)
{
	struct stat found;

	if (lstat(name, &found) < 0)
		fail_msg("%s: %s", name, strerror(errno));
	return found;
}

static inline void has_mode(const char *name, mode_t mode)
{
	assert_int_equal(look_at(name).st_mode & 07777, mode);
}

static inline void has_owner(const char *name, uid_t uid, gid_t gid)
{
	struct stat found = look_at(name);

	assert_int_equal(found.st_uid, uid);
	assert_int_equal(found.st_gid, gid);
}

static inline void is_missing(const char *name)
{
	struct stat found;

	assert_int_equal(lstat(name, &found), -1);
	assert_int_equal(errno, ENOENT);
}

static inline int count_staged(const char *path, const struct stat *found, int type, struct FTW *at)
{
	(void)found;
	(void)type;
	staged_count += strstr(path + at->base, ".pilotfish-") != NULL;
	return 0;
}

/* Asserts the number of staged files below a directory. */
static inline void has_staged(const char *where, unsigned count)
{
	staged_count = 0;
	assert_int_equal(nftw(where, count_staged, 8, FTW_PHYS), 0);
	assert_int_equal(staged_count, count);
}

static inline struct target_config to(const char *path)
{
	return (struct target_config){ .destination = (char *)path, .perms = -1 };
}

static inline struct buf text_of(const char *text)
{
	return (struct buf){ .data = (char *)text, .used = strlen(text) };
}

static inline void stage(struct target *target, const struct target_config *config, const char *text)
{
	struct buf buf = text_of(text);
	struct error error = ERROR_INIT;

	if (!target_stage(target, config, &buf, &error))
		fail_msg("%s", error.text);
	assert_non_null(target->staged);
}

static inline bool commit(struct target *target)
{
	struct error error = ERROR_INIT;
	bool in_place;

	if (!target_commit(target, &in_place, &error))
		fail_msg("%s", error.text);
	assert_null(target->staged);
	return in_place;
}

/* True: in place. */
static inline bool write_text(const struct target_config *config, const char *text)
{
	struct target target = { 0 };

	stage(&target, config, text);
	return commit(&target);
}

static inline void contains(const struct error *error, const char *message)
{
	if (!strstr(error->text, message))
		fail_msg("\"%s\" is not in \"%s\"", message, error->text);
}

static inline void is_not_staged(const struct target_config *config, const char *text, const char *message)
{
	struct buf buf = text_of(text);
	struct error error = ERROR_INIT;
	struct target target = { 0 };

	assert_false(target_stage(&target, config, &buf, &error));
	contains(&error, message);
	assert_null(target.staged);
	has_staged(folder, 0);
}

static inline void does_not_commit(struct target *target, const char *message)
{
	struct error error = ERROR_INIT;
	bool in_place;

	assert_false(target_commit(target, &in_place, &error));
	contains(&error, message);
	assert_null(target->staged);
}

static inline void is_not_committed(struct target *target, const char *message)
{
	does_not_commit(target, message);
	has_staged(folder, 0);
}

static inline void need(bool what, const char *why)
{
	if (what)
		return;
	print_message("# skipped: %s\n", why);
	skip();
}

static inline int remove_entry(const char *path, const struct stat *found, int type, struct FTW *at)
{
	(void)found;
	(void)type;
	(void)at;
	return remove(path);
}

static inline int make_folder(void **state)
{
	(void)state;
	umask(022);
	snprintf(folder, sizeof folder, "/tmp/test_target.XXXXXX");
	if (!mkdtemp(folder) || (may_mount && mount("tmpfs", folder, "tmpfs", 0, NULL) < 0) ||
	    chmod(folder, 0755) < 0)
		return -1;
	return chdir(folder);
}

static inline int remove_folder(void **state)
{
	(void)state;
	if (is_root && (setresuid(0, 0, 0) < 0 || setegid(0) < 0))
		return -1;
	if (chdir("/") < 0 || (may_mount && umount2(folder, MNT_DETACH) < 0))
		return -1;
	return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* A private mount namespace. */
static inline int unshare_mounts(void **state)
{
	(void)state;
	unsetenv("TMPDIR");
	is_root = geteuid() == 0;
	may_mount = is_root && unshare(CLONE_NEWNS) == 0 &&
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return 0;
}

#define T(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

#endif
