#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define IN_CHILD __attribute__((no_sanitize_address)) static

/* Rights by bit, in the order in which versions of Landlock added them: 1, 2, 3 and 5. */
enum { RIGHTS_1 = (1 << 13) - 1, REFER = 1 << 13, TRUNCATE = 1 << 14, IOCTL_DEV = 1 << 15 };
enum {
	EXECUTE = 1 << 0, WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, READ_DIR = 1 << 3,
	READING = EXECUTE | READ_FILE | READ_DIR,
	OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV,
};

/* Harmless devices, without which a shell cannot even discard output. */
static const char *const devices[] = {
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
};

IN_CHILD uint64_t rights_of(long version)
{
	uint64_t rights = RIGHTS_1;

	if (version >= 2)
		rights |= REFER;
	if (version >= 3)
		rights |= TRUNCATE;
	if (version >= 5)
		rights |= IOCTL_DEV;
	return rights;
}

IN_CHILD bool allow(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = rights,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};
	struct stat info;
	bool allowed;
	int error;

	if (rule.parent_fd < 0)
		return false;
	if (!fstat(rule.parent_fd, &info) && !S_ISDIR(info.st_mode))
		rule.allowed_access &= OF_FILES;
	allowed = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	error = errno;
	close(rule.parent_fd);
	errno = error;
	return allowed;
}

IN_CHILD bool allow_all(int ruleset, const struct strv *paths, uint64_t rights, const char **path)
{
	for (size_t i = 0; i < paths->count; i++) {
		*path = paths->items[i];
		if (!allow(ruleset, *path, rights))
			return false;
	}
	*path = NULL;
	return true;
}

IN_CHILD bool restrict_paths(const struct confinement *confinement, uint64_t rights,
			     const char **path)
{
	const struct landlock_ruleset_attr attributes = { .handled_access_fs = rights };
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes,
				   sizeof attributes.handled_access_fs, 0);

	if (ruleset < 0)
		return false;
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		allow(ruleset, devices[i], rights);
	return allow_all(ruleset, &confinement->read, rights & READING, path) &&
	       allow_all(ruleset, &confinement->write, rights, path) &&
	       syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 && close(ruleset) == 0;
}

/* The ruleset's descriptor has close-on-exec, by its documentation. */
__attribute__((no_sanitize_address))
bool confine_paths(const struct confinement *confinement, const char **path)
{
	long version;

	*path = NULL;
	if (!confinement->read.count && !confinement->write.count)
		return true;
	version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 0)
		return confinement->paths_optional;
	return restrict_paths(confinement, rights_of(version), path);
}
