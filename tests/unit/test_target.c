#include "hooks/target.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "target.h"

enum { NOBODY = 65534 };

/* Failures of the kernel: of link(2), and of rename(2) except onto a backup. */
static bool no_links, no_renames;
static mode_t mode_at_write;		/* of the file that was written last */

int __real_linkat(int at, const char *from, int to_at, const char *to, int flags);
int __wrap_linkat(int at, const char *from, int to_at, const char *to, int flags);
int __wrap_linkat(int at, const char *from, int to_at, const char *to, int flags)
{
	errno = EPERM;
	return no_links ? -1 : __real_linkat(at, from, to_at, to, flags);
}

int __real_renameat(int at, const char *from, int onto_at, const char *onto);
int __wrap_renameat(int at, const char *from, int onto_at, const char *onto);
int __wrap_renameat(int at, const char *from, int onto_at, const char *onto)
{
	errno = EBUSY;
	return no_renames && !strstr(onto, ".bak") ? -1
		: __real_renameat(at, from, onto_at, onto);
}

ssize_t __real_pwrite(int fd, const void *bytes, size_t size, off_t from);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t from);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t from)
{
	struct stat found;

	assert_int_equal(fstat(fd, &found), 0);
	mode_at_write = found.st_mode & 07777;
	return __real_pwrite(fd, bytes, size, from);
}

static void compares(const struct target_config *config, const char *text, enum target_state wanted)
{
	struct buf buf = text_of(text);
	struct error error = ERROR_INIT;
	enum target_state state;

	if (!target_compare(config, &buf, &state, &error))
		fail_msg("%s", error.text);
	assert_int_equal(state, wanted);
}

static void test_compare(void **state)
{
	AUTOFREE char *path = in_folder("a");
	struct target_config config = to(path);
	struct stat found;

	(void)state;
	compares(&config, "", TARGET_NEW);
	put("a", "text");
	compares(&config, "text", TARGET_SAME);
	compares(&config, "tex", TARGET_DIFFERS);
	compares(&config, "text!", TARGET_DIFFERS);
	compares(&config, "tExt", TARGET_DIFFERS);
	put("a", "");
	compares(&config, "", TARGET_SAME);
	assert_int_equal(chmod("a", 0640), 0);
	config.perms = 0640;
	compares(&config, "", TARGET_SAME);
	config.perms = 0644;
	compares(&config, "", TARGET_DIFFERS);
	config.perms = -1;
	found = look_at("a");
	config.identity = (struct identity){ .set = true, .uid = found.st_uid, .gid = found.st_gid };
	compares(&config, "", TARGET_SAME);
	config.identity.gid++;
	compares(&config, "", TARGET_DIFFERS);
	config.identity.gid--;
	config.identity.uid++;
	compares(&config, "", TARGET_DIFFERS);
}

static void test_compare_of_large_files(void **state)
{
	enum { SIZE = 3000000 };
	AUTOFREE char *path = in_folder("a"), *text = alloc(SIZE + 1);
	struct target_config config = to(path);

	(void)state;
	memset(text, 'x', SIZE);
	assert_false(write_text(&config, text));
	compares(&config, text, TARGET_SAME);
	text[SIZE - 1] = 'y';
	compares(&config, text, TARGET_DIFFERS);
}

static void test_staged_beside(void **state)
{
	AUTOFREE char *path = in_folder("a.conf"), *start = in_folder(".a.conf.pilotfish-");
	struct target_config config = to(path);
	struct target target = { 0 };
	ino_t staged;

	(void)state;
	put("a.conf", "old");
	stage(&target, &config, "new");
	assert_memory_equal(target.staged, start, strlen(start));
	assert_int_equal(strlen(target.staged), strlen(start) + 6);
	holds(target.staged, "new");
	holds("a.conf", "old");
	staged = look_at(target.staged).st_ino;
	assert_false(commit(&target));
	holds("a.conf", "new");
	assert_int_equal(look_at("a.conf").st_ino, staged);
	has_staged(folder, 0);
	is_missing("a.conf.bak");
}

static void test_the_mode_is_private_while_writing(void **state)
{
	AUTOFREE char *path = in_folder("a");
	struct target_config config = to(path);
	mode_t umask_before = umask(0);

	(void)state;
	mode_at_write = 0;
	assert_false(write_text(&config, "new"));
	assert_int_equal(mode_at_write, 0600);
	umask(umask_before);
}

static void test_drop(void **state)
{
	AUTOFREE char *path = in_folder("a");
	struct target_config config = to(path);
	struct target target = { 0 };

	(void)state;
	target_drop(&target);
	put("a", "old");
	stage(&target, &config, "new");
	has_staged(folder, 1);
	stage(&target, &config, "newer");
	has_staged(folder, 1);
	target_drop(&target);
	target_drop(&target);
	has_staged(folder, 0);
	holds("a", "old");
}

static void test_leftovers(void **state)
{
	AUTOFREE char *path = in_folder("a");
	struct target_config config = to(path);
	struct target other = { 0 }, target = { 0 };

	(void)state;
	stage(&other, &config, "alive");
	put(".a.pilotfish-AbC123", "left");
	put(".b.pilotfish-AbC123", "of another");
	put(".a.pilotfish-AbC1234", "something else");
	assert_int_equal(symlink("a", ".a.pilotfish-000000"), 0);
	stage(&target, &config, "new");
	is_missing(".a.pilotfish-AbC123");
	holds(".b.pilotfish-AbC123", "of another");
	holds(".a.pilotfish-AbC1234", "something else");
	holds(other.staged, "alive");
	look_at(".a.pilotfish-000000");
	target_drop(&target);
	target_drop(&other);
}

static void test_the_staged_file_can_be_run(void **state)
{
	AUTOFREE char *path = in_folder("a");
	struct target_config config = to(path);
	struct target target = { 0 };
	char line[16] = "";
	FILE *run;

	(void)state;
	config.perms = 0755;
	stage(&target, &config, "#!/bin/sh\necho good\n");
	run = popen(target.staged, "r");
	assert_non_null(run);
	assert_non_null(fgets(line, sizeof line, run));
	assert_int_equal(pclose(run), 0);
	assert_string_equal(line, "good\n");
	target_drop(&target);
}

static void test_mode(void **state)
{
	AUTOFREE char *path = in_folder("a");
	struct target_config config = to(path);
	mode_t umask_before = umask(077);

	(void)state;
	write_text(&config, "1");
	has_mode("a", 0644);
	assert_int_equal(chmod("a", 07751), 0);
	write_text(&config, "2");
	has_mode("a", 07751);
	config.perms = 0666;
	write_text(&config, "3");
	has_mode("a", 0666);
	config.perms = 0;
	write_text(&config, "4");
	has_mode("a", 0);
	umask(umask_before);
}

static void test_owner(void **state)
{
	AUTOFREE char *path = in_folder("a");
	struct target_config config = to(path);
	struct target target = { 0 };

	(void)state;
	need(is_root, "only root gives files away");
	write_text(&config, "1");
	has_owner("a", 0, 0);
	assert_int_equal(chown("a", 12, 34), 0);
	assert_int_equal(chmod("a", 04755), 0);
	write_text(&config, "2");
	has_owner("a", 12, 34);
	has_mode("a", 04755);
	config.identity = (struct identity){ .set = true, .uid = 56, .gid = 78 };
	stage(&target, &config, "3");
	has_owner(target.staged, 56, 78);
	commit(&target);
	has_owner("a", 56, 78);
}

static void be_nobody(void)
{
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(setegid(NOBODY), 0);
	assert_int_equal(seteuid(NOBODY), 0);
}

static void be_root(void)
{
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
}

static void test_owner_that_cannot_be_kept(void **state)
{
	AUTOFREE char *path = in_folder("a");
	struct target_config config = to(path);

	(void)state;
	need(is_root, "only root can change its user");
	put("a", "1");
	assert_int_equal(chmod("a", 06755), 0);
	be_nobody();
	write_text(&config, "2");
	has_owner("a", NOBODY, NOBODY);
	has_mode("a", 0755);
	config.identity = (struct identity){ .set = true };
	is_not_staged(&config, "3", "to 0:0: Operation not permitted");
	holds("a", "2");
	be_root();
}

static void is_refused(const char *name, const char *message)
{
	AUTOFREE char *path = in_folder(name);
	struct target_config config = to(path);
	struct buf text = text_of("new");
	struct error error = ERROR_INIT;
	enum target_state state;

	assert_false(target_compare(&config, &text, &state, &error));
	contains(&error, message);
	is_not_staged(&config, "new", message);
}

static void test_refuses_all_but_regular_files(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	put("file", "old");
	assert_int_equal(symlink("file", "link"), 0);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(mkdir("directory", 0755), 0);
	assert_int_equal(mkfifo("fifo", 0644), 0);
	is_refused("link", "link is a symbolic link");
	is_refused("dangling", "dangling is a symbolic link");
	is_refused("directory", "directory is a directory");
	is_refused("directory/", "directory/ is a directory");
	is_refused("directory/..", "directory/.. is a directory");
	is_refused("fifo", "fifo is a FIFO");
	is_refused("socket", "socket is a socket");
	is_refused("file/x", "file/x: Not a directory");
	holds("file", "old");
	is_missing("nowhere");
}

static void test_devices(void **state)
{
	(void)state;
	need(is_root, "only root makes devices");
	if (mknod("null", S_IFCHR | 0600, makedev(1, 3)) < 0)
		need(false, strerror(errno));
	is_refused("null", "null is a character device");
}

static void test_refuses_a_link_made_after_staging(void **state)
{
	AUTOFREE char *path = in_folder("a");
	struct target_config config = to(path);
	struct target target = { 0 };

	(void)state;
	put("victim", "old");
	stage(&target, &config, "new");
	assert_int_equal(symlink("victim", "a"), 0);
	is_not_committed(&target, "is a symbolic link");
	holds("victim", "old");
}

static void test_links_among_the_directories(void **state)
{
	AUTOFREE char *path = in_folder("link/a");
	struct target_config config = to(path);

	(void)state;
	assert_int_equal(mkdir("real", 0755), 0);
	assert_int_equal(symlink("real", "link"), 0);
	assert_false(write_text(&config, "new"));
	holds("real/a", "new");
	config.create_dirs = true;
	assert_false(write_text(&config, "newer"));
	holds("real/a", "newer");
}

/* A directory that belongs to another user, or that others can write to. */
static void make_exposed(const char *name, uid_t owner, mode_t mode)
{
	need(is_root, "only root gives directories away");
	assert_int_equal(mkdir(name, 0755), 0);
	assert_int_equal(chown(name, owner, 0), 0);
	assert_int_equal(chmod(name, mode), 0);
}

static void give_to_nobody(const char *name)
{
	assert_int_equal(lchown(name, NOBODY, NOBODY), 0);
}

static void test_a_file_that_another_user_made_first(void **state)
{
	static const struct { uid_t owner; mode_t mode; bool kept; } cases[] = {
		{ 0, 0755, true }, { 0, 01777, false }, { 0, 0775, false }, { 12, 0755, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char name[] = "x0/a";
		AUTOFREE char *path = NULL;
		struct target_config config;

		name[1] = (char)('0' + i);
		name[2] = '\0';
		make_exposed(name, cases[i].owner, cases[i].mode);
		name[2] = '/';
		path = in_folder(name);
		config = to(path);
		put(name, "mine");
		assert_int_equal(chmod(name, 0666), 0);
		give_to_nobody(name);
		write_text(&config, "secret");
		has_owner(name, cases[i].kept ? NOBODY : 0, cases[i].kept ? NOBODY : 0);
		has_mode(name, cases[i].kept ? 0666 : 0644);
		assert_int_equal(chmod(name, 0600), 0);		/* root's attributes are kept */
		assert_int_equal(chown(name, 0, 34), 0);
		write_text(&config, "next");
		has_owner(name, 0, 34);
		has_mode(name, 0600);
	}
}

static void is_led_astray(const char *name)
{
	AUTOFREE char *path = in_folder(name);
	struct target_config config = to(path);
	struct buf text = text_of("new");
	struct error error = ERROR_INIT;
	enum target_state state;

	assert_false(target_compare(&config, &text, &state, &error));
	contains(&error, "is a symbolic link in a directory that others can write to");
	for (int create = 0; create < 2; create++) {
		config.create_dirs = create;
		is_not_staged(&config, "new", "is a symbolic link in a directory that others can write to");
	}
}

static void test_links_of_others_among_the_directories(void **state)
{
	(void)state;
	make_exposed("open", 0, 01777);
	make_exposed("foreign", NOBODY, 0755);
	assert_int_equal(mkdir("victim", 0755), 0);
	assert_int_equal(mkdir("victim/deep", 0755), 0);
	assert_int_equal(symlink("../victim", "open/link"), 0);
	give_to_nobody("open/link");
	assert_int_equal(symlink("../victim", "foreign/link"), 0);
	assert_int_equal(symlink("open/link", "trusted"), 0);	/* root's own leads to it */
	is_led_astray("open/link/a");
	is_led_astray("open/link/deep/a");
	is_led_astray("foreign/link/a");
	is_led_astray("trusted/a");
	is_missing("victim/a");
	is_missing("victim/deep/a");
}

static void test_links_below_a_directory_of_ours(void **state)
{
	AUTOFREE char *path = in_folder("open/mine/link/a");
	struct target_config config = to(path);

	(void)state;
	make_exposed("open", 0, 01777);
	assert_int_equal(mkdir("open/mine", 0755), 0);
	assert_int_equal(mkdir("real", 0755), 0);
	assert_int_equal(symlink("../../real", "open/mine/link"), 0);
	write_text(&config, "new");
	holds("real/a", "new");
}

static void test_a_directory_that_is_replaced_meanwhile(void **state)
{
	AUTOFREE char *path = in_folder("x/a");
	struct target_config config = to(path);
	struct target target = { 0 };

	(void)state;
	assert_int_equal(mkdir("x", 0755), 0);
	assert_int_equal(mkdir("victim", 0755), 0);
	config.backup = true;
	put("x/a", "old");
	put("victim/a", "untouched");
	stage(&target, &config, "new");
	assert_int_equal(rename("x", "moved"), 0);
	assert_int_equal(symlink("victim", "x"), 0);
	commit(&target);
	holds("moved/a", "new");
	holds("moved/a.bak", "old");
	holds("victim/a", "untouched");
	has_staged(folder, 0);
	is_missing("victim/a.bak");
}

static void test_endless_links(void **state)
{
	AUTOFREE char *path = in_folder("loop/a");
	struct target_config config = to(path);

	(void)state;
	assert_int_equal(symlink("loop", "loop"), 0);
	is_not_staged(&config, "new", "loop/a: Too many levels of symbolic links");
}

static void test_missing_directories(void **state)
{
	AUTOFREE char *path = in_folder("x/y/a"), *name = in_folder("z/");
	struct target_config config = to(path), nameless = to(name);
	mode_t umask_before = umask(077);

	(void)state;
	compares(&config, "new", TARGET_NEW);
	is_not_staged(&config, "new", "x/y/a: No such file or directory");
	is_missing("x");
	config.create_dirs = true;
	assert_false(write_text(&config, "new"));
	holds("x/y/a", "new");
	has_mode("x", 0755);
	has_mode("x/y", 0755);
	umask(umask_before);
	is_not_staged(&nameless, "new", "z/ is the name of a directory");
	put("x/y/b", "a file");
	free(path);
	path = in_folder("x/y/b/c/d");
	config.destination = path;
	is_not_staged(&config, "new", "x/y/b/c/d: Not a directory");
}

static void test_long_names(void **state)
{
	char longest[256];
	AUTOFREE char *path = NULL;
	struct target_config config;
	struct target target = { 0 };

	(void)state;
	memset(longest, 'n', 255);
	longest[255] = '\0';
	path = in_folder(longest);
	config = to(path);
	stage(&target, &config, "new");
	assert_int_equal(strlen(strrchr(target.staged, '/') + 1), 255);
	commit(&target);
	holds(longest, "new");
}

static void test_backup(void **state)
{
	AUTOFREE char *path = in_folder("a");
	struct target_config config = to(path);
	ino_t first, second;

	(void)state;
	config.backup = true;
	write_text(&config, "1");
	is_missing("a.bak");
	first = look_at("a").st_ino;
	write_text(&config, "2");
	holds("a.bak", "1");
	assert_int_equal(look_at("a.bak").st_ino, first);
	second = look_at("a").st_ino;
	write_text(&config, "3");
	holds("a.bak", "2");
	assert_int_equal(look_at("a.bak").st_ino, second);
	assert_int_equal(look_at("a.bak").st_nlink, 1);
	/* The state after a commit that failed behind the backup. */
	assert_int_equal(unlink("a.bak"), 0);
	assert_int_equal(link("a", "a.bak"), 0);
	write_text(&config, "4");
	holds("a.bak", "3");
	has_staged(folder, 0);
}

static void test_backup_follows_no_link(void **state)
{
	AUTOFREE char *path = in_folder("a");
	struct target_config config = to(path);
	struct target target = { 0 };

	(void)state;
	config.backup = true;
	put("a", "1");
	put("victim", "old");
	assert_int_equal(symlink("victim", "a.bak"), 0);
	write_text(&config, "2");
	holds("victim", "old");
	holds("a.bak", "1");
	assert_true(S_ISREG(look_at("a.bak").st_mode));
	assert_int_equal(unlink("a.bak"), 0);
	assert_int_equal(mkdir("a.bak", 0755), 0);
	stage(&target, &config, "3");
	is_not_committed(&target, "a.bak: Is a directory");
	holds("a", "2");
}

static void test_backup_by_copy(void **state)
{
	AUTOFREE char *path = in_folder("a");
	struct target_config config = to(path);

	(void)state;
	config.backup = true;
	config.perms = 0600;
	put("a", "1");
	assert_int_equal(chmod("a", 0640), 0);
	if (is_root)
		assert_int_equal(chown("a", 12, 34), 0);
	no_links = true;
	write_text(&config, "2");
	no_links = false;
	holds("a", "2");
	holds("a.bak", "1");
	has_mode("a.bak", 0640);
	if (is_root)
		has_owner("a.bak", 12, 34);
	has_staged(folder, 0);
}

/* Writing into a second link would lose the old content. */
static void test_backup_before_writing_in_place(void **state)
{
	AUTOFREE char *path = in_folder("a");
	struct target_config config = to(path);

	(void)state;
	config.backup = true;
	put("a", "1");
	no_renames = true;
	assert_true(write_text(&config, "2"));
	no_renames = false;
	holds("a", "2");
	holds("a.bak", "1");
	assert_int_equal(look_at("a").st_nlink, 1);
	has_staged(folder, 0);
}

static void test_no_permission(void **state)
{
	AUTOFREE char *path = in_folder("x/a");
	struct target_config config = to(path);
	struct target target = { 0 };

	(void)state;
	need(is_root, "only root can change its user");
	assert_int_equal(mkdir("x", 0755), 0);
	be_nobody();
	is_not_staged(&config, "new", "x/a: Permission denied");
	be_root();
	assert_int_equal(chown("x", NOBODY, NOBODY), 0);
	be_nobody();
	stage(&target, &config, "new");
	be_root();
	assert_int_equal(chown("x", 0, 0), 0);
	be_nobody();
	has_staged(folder, 1);
	does_not_commit(&target, "x/a: Permission denied");
	be_root();
	is_missing("x/a");
}

/* A user may write to the file, but not to the directory. */
static void test_only_the_file_is_writable(void **state)
{
	AUTOFREE char *path = in_folder("x/a");
	struct target_config config = to(path);

	(void)state;
	need(is_root, "only root can change its user");
	assert_int_equal(chmod(folder, 0777), 0);
	setenv("TMPDIR", folder, 1);
	assert_int_equal(mkdir("x", 0755), 0);
	put("x/a", "old");
	assert_int_equal(chown("x/a", NOBODY, NOBODY), 0);
	assert_int_equal(chmod("x/a", 0600), 0);
	assert_int_equal(setresuid(NOBODY, NOBODY, 0), 0);
	assert_true(write_text(&config, "new"));
	assert_int_equal(setresuid(0, 0, 0), 0);
	unsetenv("TMPDIR");
	holds("x/a", "new");
	has_owner("x/a", NOBODY, NOBODY);
	has_mode("x/a", 0600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_compare),
		T(test_compare_of_large_files),
		T(test_staged_beside),
		T(test_the_mode_is_private_while_writing),
		T(test_drop),
		T(test_leftovers),
		T(test_the_staged_file_can_be_run),
		T(test_mode),
		T(test_owner),
		T(test_owner_that_cannot_be_kept),
		T(test_refuses_all_but_regular_files),
		T(test_devices),
		T(test_refuses_a_link_made_after_staging),
		T(test_links_among_the_directories),
		T(test_a_file_that_another_user_made_first),
		T(test_links_of_others_among_the_directories),
		T(test_links_below_a_directory_of_ours),
		T(test_a_directory_that_is_replaced_meanwhile),
		T(test_endless_links),
		T(test_missing_directories),
		T(test_long_names),
		T(test_backup),
		T(test_backup_follows_no_link),
		T(test_backup_by_copy),
		T(test_backup_before_writing_in_place),
		T(test_no_permission),
		T(test_only_the_file_is_writable),
	};

	return cmocka_run_group_tests(tests, unshare_mounts, NULL);
}
