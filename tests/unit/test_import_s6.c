#include "import/s6.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imports.h"

/* A new folder with files "PATH=TEXT"; missing folders are made, and files named run are executable. */
static char *make_folder(const char *const *files)
{
	char template[] = "/tmp/import-s6-XXXXXX";
	char *folder = copy_string(mkdtemp(template));

	for (; *files; files++) {
		const char *text = strchr(*files, '=') + 1;
		AUTOFREE char *name = copy_bytes(*files, (size_t)(text - 1 - *files));
		AUTOFREE char *path = format_string("%s/%s", folder, name);
		FILE *file;

		for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
			*slash = '\0';
			mkdir(path, 0755);
		}
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(text, file);
		fclose(file);
		chmod(path, strstr(path, "/run") ? 0755 : 0644);
	}
	return folder;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status, (void)type, (void)place;
	return remove(path);
}

static void remove_folder(const char *folder)
{
	assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Paths in the result have a '@' in the place of the folder. */
static char *without_folder(const char *text, const char *folder)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT;
	const char *found;

	for (; (found = strstr(text, folder)); text = found + strlen(folder)) {
		buf_append(&out, text, (size_t)(found - text));
		buf_add_char(&out, '@');
	}
	buf_add(&out, text);
	return buf_take(&out);
}

static char *read_folder(const char *const *files, bool *fine)
{
	AUTOFREE char *folder = make_folder(files), *text = NULL;
	struct import import = { .path = folder, .tree = json_object() };
	char *result;

	assert_true(s6_recognises(folder, NULL));
	*fine = s6_read(&import);
	remove_folder(folder);
	text = *fine ? json_dumps(json_object_get(import.tree, "jobs"), JSON_COMPACT) : copy_string(import.error.text);
	result = without_folder(text, folder);
	json_decref(import.tree);
	strv_release(&import.notes);
	return result;
}

static void becomes(const char *const *files, const char *wanted)
{
	bool fine;
	AUTOFREE char *found = read_folder(files, &fine);
	CLEANUP(json_decrefp) json_t *tree = tree_of(wanted), *jobs = json_loads(found, 0, NULL);

	if (!json_equal(tree, jobs))
		fail_msg("found %s\nexpected %s", found, wanted);
}

static void fails(const char *const *files, const char *wanted)
{
	bool fine;
	AUTOFREE char *found = read_folder(files, &fine);

	if (fine)
		fail_msg("no error: %s", wanted);
	assert_string_equal(found, wanted);
}

#define FILES(...) (const char *const []){ __VA_ARGS__, NULL }

static void test_longrun(void **state)
{
	(void)state;
	becomes(FILES("a/type=longrun\n", "a/run=#!/bin/sh\n", "a/notification-fd=3\n", "a/timeout-up=5000", "a/down-signal=SIGINT",
		      "a/timeout-kill=1500", "a/finish=x"),
		"[{'name':'a','exec':'@/a/run','restarts':'unlimited','postStop':['@/a/finish','0','0','a'],"
		"'readiness':{'fd':3,'timeout':'5s'},'stopSignal':'SIGINT','stopTimeout':'1.5s'}]");
	becomes(FILES("a/type=longrun", "a/run=", "a/finish=#!/bin/sh\n/run/s6/basedir/bin/halt\n"),
		"[{'name':'a','exec':'@/a/run','restarts':'unlimited','essential':true}]");
}

static void test_dependencies(void **state)
{
	(void)state;
	becomes(FILES("z/type=longrun", "z/run=", "z/dependencies.d/all=", "z/dependencies.d/base=", "all/type=bundle",
		      "all/contents=init\n# c\ndb\nall\n", "init/type=oneshot", "init/up=#!/x\n /bin/init  -v\n", "db/type=longrun",
		      "db/run=", "db/notification-fd=4", "db/dependencies=web", "web/type=longrun", "web/run=",
		      "logger/type=longrun", "logger/run=", "logger/consumer-for=web", "other/x="),
		"[{'name':'db','exec':'@/db/run','restarts':'unlimited','readiness':{'fd':4},'needs':['web running']},"
		"{'name':'init','exec':'/bin/init  -v'},{'name':'web','exec':'@/web/run','restarts':'unlimited'},"
		"{'name':'z','exec':'@/z/run','restarts':'unlimited','needs':['init exitSuccess','db healthy']}]");
}

static void test_user_bundle(void **state)
{
	(void)state;
	becomes(FILES("user/type=bundle", "user/contents.d/a=", "a/type=oneshot", "a/up=with-contenv /a", "a/dependencies.d/b=",
		      "b/type=oneshot", "b/up=foreground { x } y", "b/down=/b", "b/timeout-down=2000", "c/type=oneshot", "c/up=/c"),
		"[{'name':'a','exec':'/a','needs':['b exitSuccess']},{'name':'b','exec':['execlineb','-P','@/b/up']},"
		"{'name':'b-down','exec':'/b','when':{'source':'global','once':'shutdown'},'timeout':'2s'}]");
}

/* In an image the paths begin with /etc. */
static void test_older_folders(void **state)
{
	(void)state;
	becomes(FILES("cont-init.d/2 b=", "cont-init.d/1=", "services.d/web/run=", "services.d/off/run=", "services.d/off/down="),
		"[{'name':'1','exec':'@/cont-init.d/1'},{'name':'2 b','exec':['@/cont-init.d/2 b'],'needs':['1 exitSuccess']},"
		"{'name':'web','exec':'@/services.d/web/run','restarts':'unlimited','needs':['2 b exitSuccess']}]");
	becomes(FILES("etc/cont-init.d/1=", "etc/services.d/web/run=", "etc/s6-overlay/s6-rc.d/a/type=longrun",
		      "etc/s6-overlay/s6-rc.d/a/run="),
		"[{'name':'a','exec':'/etc/s6-overlay/s6-rc.d/a/run','restarts':'unlimited'},"
		"{'name':'1','exec':'/etc/cont-init.d/1'},"
		"{'name':'web','exec':'/etc/services.d/web/run','restarts':'unlimited','needs':['1 exitSuccess']}]");
}

static void test_errors(void **state)
{
	(void)state;
	fails(FILES("a/type=long"), "@/a/type:1:1: found \"long\", expected longrun, oneshot or bundle");
	fails(FILES("a/type=longrun"), "@/a: found a longrun without the file run, expected one");
	fails(FILES("a/type=oneshot"), "@/a: found a oneshot without the file up, expected one");
	fails(FILES("a/type=longrun", "a/run=", "a/timeout-kill=1s"), "@/a/timeout-kill:1:1: found \"1s\", expected a whole number");
	fails(FILES("a/type=longrun", "a/run=", "a/down-signal=X"),
	      "@/a/down-signal:1:1: found \"X\", expected a signal such as SIGTERM");
	fails(FILES("services.d/a/x="), "@: found no service, expected folders of services with run or type");
}

/* Neither a FIFO nor a loop of links holds the import up. */
static void test_no_regular_files(void **state)
{
	AUTOFREE char *folder = make_folder(FILES("s6-rc.d/a/type=longrun"));
	AUTOFREE char *run = format_string("%s/s6-rc.d/a/run", folder), *link = format_string("%s/s6-rc.d/b", folder);
	AUTOFREE char *fd = format_string("%s/s6-rc.d/a/notification-fd", folder);
	struct import import = { .path = folder, .tree = json_object() };

	(void)state;
	assert_int_equal(mkfifo(run, 0755), 0);
	assert_int_equal(mkfifo(fd, 0644), 0);
	assert_int_equal(symlink("..", link), 0);
	assert_false(s6_read(&import));
	assert_int_equal(import.code, EX_NOINPUT);
	assert_non_null(strstr(import.error.text, "notification-fd: not a regular file"));
	json_decref(import.tree);
	strv_release(&import.notes);
	remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_longrun),
		cmocka_unit_test(test_dependencies),
		cmocka_unit_test(test_user_bundle),
		cmocka_unit_test(test_older_folders),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_no_regular_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
