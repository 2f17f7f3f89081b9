#include "hooks/target.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "target.h"

enum { FULL_SIZE = 64 * 1024 };

static const char no_mounts[] = "nothing can be mounted";
static bool no_reserving;		/* fallocate(2) is not supported */
static unsigned writes;

int __real_fallocate(int fd, int mode, off_t from, off_t size);
int __wrap_fallocate(int fd, int mode, off_t from, off_t size);
int __wrap_fallocate(int fd, int mode, off_t from, off_t size)
{
	errno = EOPNOTSUPP;
	return no_reserving ? -1 : __real_fallocate(fd, mode, from, size);
}

ssize_t __real_pwrite(int fd, const void *bytes, size_t size, off_t from);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t from);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t from)
{
	writes++;
	return __real_pwrite(fd, bytes, size, from);
}

static void mount_tmpfs(const char *where, const char *options)
{
	assert_int_equal(mkdir(where, 0755), 0);
	if (mount("tmpfs", where, "tmpfs", 0, options) < 0)
		fail_msg("mount %s: %s", where, strerror(errno));
}

static void bind_file(const char *from, const char *onto)
{
	if (mount(from, onto, NULL, MS_BIND, NULL) < 0)
		fail_msg("bind %s: %s", onto, strerror(errno));
}

static void make_read_only(const char *where)
{
	if (mount(NULL, where, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
		fail_msg("remount %s: %s", where, strerror(errno));
}

static void test_bind_mount(void **state)
{
	AUTOFREE char *path = in_folder("a");
	struct target_config config = to(path);
	ino_t inode;

	(void)state;
	need(may_mount, no_mounts);
	put("a", "below");
	put("outside", "a long text");
	assert_int_equal(chmod("outside", 0604), 0);
	inode = look_at("outside").st_ino;
	bind_file("outside", "a");
	assert_true(write_text(&config, "short"));
	holds("a", "short");
	holds("outside", "short");
	assert_int_equal(look_at("outside").st_ino, inode);
	has_mode("outside", 0604);
	assert_true(write_text(&config, "much longer than before"));
	holds("outside", "much longer than before");
	config.perms = 0640;
	config.identity = (struct identity){ .set = true, .uid = 12, .gid = 34 };
	assert_true(write_text(&config, ""));
	holds("outside", "");
	has_mode("outside", 0640);
	has_owner("outside", 12, 34);
	has_staged(folder, 0);
}

static void test_bind_mount_with_backup(void **state)
{
	AUTOFREE char *path = in_folder("a");
	struct target_config config = to(path);

	(void)state;
	need(may_mount, no_mounts);
	put("a", "below");
	put("outside", "1");
	bind_file("outside", "a");
	config.backup = true;
	assert_true(write_text(&config, "2"));
	holds("outside", "2");
	holds("a.bak", "1");
	has_staged(folder, 0);
}

/* A read-only directory `fixed` with the file `outside` mounted over its file `a`. */
static void make_fixed(void)
{
	need(may_mount, no_mounts);
	mount_tmpfs("fixed", NULL);
	put("fixed/a", "below");
	put("outside", "old");
	make_read_only("fixed");
	bind_file("outside", "fixed/a");
}

static void test_read_only_directory_with_a_bind_mount(void **state)
{
	AUTOFREE char *path = in_folder("fixed/a"), *temporary = in_folder("tmp");
	struct target_config config = to(path);
	struct target target = { 0 };
	AUTOFREE char *start = format_string("%s/.", temporary);

	(void)state;
	make_fixed();
	assert_int_equal(mkdir("tmp", 0755), 0);
	setenv("TMPDIR", temporary, 1);
	stage(&target, &config, "new");
	assert_memory_equal(target.staged, start, strlen(start));
	assert_non_null(strstr(target.staged, "+fixed+a.pilotfish-"));
	holds(target.staged, "new");
	holds("outside", "old");
	assert_true(commit(&target));
	holds("outside", "new");
	has_staged(folder, 0);
	setenv("TMPDIR", "/nowhere", 1);
	stage(&target, &config, "newer");
	assert_memory_equal(target.staged, "/tmp/.", 6);
	assert_true(commit(&target));
	holds("outside", "newer");
	config.backup = true;
	stage(&target, &config, "newest");
	is_not_committed(&target, "a.bak: cannot copy");
	holds("outside", "newer");
	unsetenv("TMPDIR");
}

static void test_read_only_directory(void **state)
{
	AUTOFREE char *path = in_folder("fixed/b"), *there = in_folder("fixed/c/d");
	struct target_config config = to(path), missing = to(there);

	(void)state;
	need(may_mount, no_mounts);
	mount_tmpfs("fixed", NULL);
	put("fixed/b", "old");
	make_read_only("fixed");
	is_not_staged(&config, "new", "fixed/b: Read-only file system");
	holds("fixed/b", "old");
	missing.create_dirs = true;
	is_not_staged(&missing, "new", "fixed/c: Read-only file system");
}

static char *large_text(void)
{
	char *text = alloc(2 * FULL_SIZE + 1);

	memset(text, 'x', 2 * FULL_SIZE);
	return text;
}

static void test_disk_full(void **state)
{
	AUTOFREE char *path = in_folder("full/a"), *text = large_text();
	struct target_config config = to(path);

	(void)state;
	need(may_mount, no_mounts);
	mount_tmpfs("full", "size=64k");
	put("full/a", "old");
	is_not_staged(&config, text, "full/a: No space left on device");
	holds("full/a", "old");
}

/* `outside`, mounted over `a`, is in a file system that has too little room. */
static void overflow(const char *text)
{
	AUTOFREE char *path = in_folder("a"), *old = copy_string(text);
	struct target_config config = to(path);
	struct target target = { 0 };

	need(may_mount, no_mounts);
	mount_tmpfs("full", "size=64k");
	put("a", "below");
	old[FULL_SIZE / 4] = '\0';
	memset(old, 'o', FULL_SIZE / 4);
	put("full/outside", old);
	bind_file("full/outside", "a");
	config.perms = 0600;
	stage(&target, &config, text);
	is_not_committed(&target, "a: No space left on device");
	holds("full/outside", old);
}

static void test_no_room_in_place(void **state)
{
	AUTOFREE char *text = large_text();

	(void)state;
	writes = 0;
	overflow(text);
	assert_int_equal(writes, 1);	/* that of the staged file */
	has_mode("full/outside", 0644);
	put("full/more", "there is room as before");
}

static void test_the_old_text_is_written_back(void **state)
{
	AUTOFREE char *text = large_text();

	(void)state;
	no_reserving = true;
	writes = 0;
	overflow(text);
	assert_in_range(writes, 3, 100);
	no_reserving = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_bind_mount),
		T(test_bind_mount_with_backup),
		T(test_read_only_directory_with_a_bind_mount),
		T(test_read_only_directory),
		T(test_disk_full),
		T(test_no_room_in_place),
		T(test_the_old_text_is_written_back),
	};

	return cmocka_run_group_tests(tests, unshare_mounts, NULL);
}
