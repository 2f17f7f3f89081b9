#include "target.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "folder.h"

static const char mark[] = ".pilotfish-", pattern[] = "XXXXXX";

/* The longest label that fits between the leading dot and the mark. */
enum { LABEL_MAX = NAME_MAX - 1 - (sizeof mark - 1) - (sizeof pattern - 1) };

enum { UNIQUE_TRIES = 100 };

struct attributes {
	mode_t mode;
	uid_t uid;			/* -1, as for gid: unchanged */
	gid_t gid;
	bool strict;			/* the owner is configured, not just kept */
};

static void close_descriptor(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void close_descriptors(struct target *target)
{
	int *all[] = { &target->lock, &target->folder, &target->place };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		close_descriptor(all[i]);
		*all[i] = -1;
	}
}

static void close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

static const char *kind_name(mode_t mode)
{
	static const struct { mode_t kind; const char *name; } kinds[] = {
		{ S_IFLNK, "a symbolic link" },	  { S_IFDIR, "a directory" },
		{ S_IFIFO, "a FIFO" },		  { S_IFSOCK, "a socket" },
		{ S_IFCHR, "a character device" }, { S_IFBLK, "a block device" },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if ((mode & S_IFMT) == kinds[i].kind)
			return kinds[i].name;
	return "of an unknown kind";
}

static const char *name_in(const char *path)
{
	assert(path);
	return strrchr(path, '/') + 1;
}

/* st_mode 0: the file does not exist. */
static bool look(int folder, const char *path, struct stat *found, struct error *error)
{
	const char *name = name_in(path);

	*found = (struct stat){ 0 };
	if (fstatat(folder, name, found, AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH)) < 0)
		return errno == ENOENT || fail(error, "cannot look at %s: %s", path, strerror(errno));
	return S_ISREG(found->st_mode) || fail(error, "%s is %s", path, kind_name(found->st_mode));
}

/* Opens a regular file, and nothing that replaced it since look(). */
static int open_file(int folder, const char *path, int how, struct stat *found,
		     struct error *error)
{
	const int always = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(folder, name_in(path), how | always);

	if (fd < 0 || fstat(fd, found) < 0)
		fail(error, "cannot open %s: %s", path, strerror(errno));
	else if (!S_ISREG(found->st_mode))
		fail(error, "%s is %s", path, kind_name(found->st_mode));
	else
		return fd;
	close_descriptor(&fd);
	return -1;
}

/* Appends the whole file; fewer than `size` bytes if the file shrinks meanwhile. */
static bool load(int fd, size_t size, struct buf *text)
{
	while (text->used < size) {
		size_t rest = size - text->used;
		ssize_t n = pread(fd, buf_reserve(text, rest), rest, (off_t)text->used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		text->used += (size_t)n;
		text->data[text->used] = '\0';
	}
	return true;
}

struct opened { int folder, how, fd; };

static bool load_file(struct opened *file, const char *path, struct buf *text, struct error *error)
{
	struct stat found;

	file->fd = open_file(file->folder, path, file->how, &found, error);
	if (file->fd < 0)
		return false;
	return load(file->fd, (size_t)found.st_size, text) ||
	       fail(error, "cannot read %s: %s", path, strerror(errno));
}

static void close_opened(struct opened *file)
{
	close_descriptor(&file->fd);
}

/* False: errno. */
static bool write_all(int fd, const struct buf *text)
{
	size_t done = 0;

	while (done < text->used) {
		ssize_t n = pwrite(fd, text->data + done, text->used - done, (off_t)done);

		if (n < 0 && errno != EINTR)
			return false;
		done += n < 0 ? 0 : (size_t)n;
	}
	return true;
}

static bool is_foreign(const struct stat *found)
{
	return found->st_uid && found->st_uid != geteuid();
}

/* In an exposed directory the owner and mode of another user's file are not kept: that user could
 * read the text. */
static struct attributes wanted_attributes(const struct target_config *config,
					   const struct stat *former, bool exposed)
{
	struct attributes wanted = { .mode = 0644, .uid = (uid_t)-1, .gid = (gid_t)-1 };

	if (former->st_mode && !(exposed && is_foreign(former))) {
		wanted.mode = former->st_mode & 07777;
		wanted.uid = former->st_uid;
		wanted.gid = former->st_gid;
	}
	if (config->perms >= 0)
		wanted.mode = (mode_t)config->perms;
	if (config->identity.set) {
		wanted.uid = config->identity.uid;
		wanted.gid = config->identity.gid;
		wanted.strict = true;
	}
	return wanted;
}

static bool has_attributes(const struct stat *found, const struct attributes *wanted)
{
	return (found->st_mode & 07777) == wanted->mode &&
	       (wanted->uid == (uid_t)-1 || found->st_uid == wanted->uid) &&
	       (wanted->gid == (gid_t)-1 || found->st_gid == wanted->gid);
}

/* A set-user-ID program of another user must not become one of ours. */
static mode_t keep_what_we_may(int fd, const struct attributes *wanted)
{
	bool ours = fchown(fd, (uid_t)-1, wanted->gid) < 0;

	return wanted->mode & ~(mode_t)(S_ISUID | (ours ? S_ISGID : 0));
}

/* Correct attributes are not set again: some file systems refuse all changes. */
static bool set_attributes(int fd, const struct attributes *wanted, const char *path,
			   struct error *error)
{
	mode_t mode = wanted->mode;
	struct stat found;

	if (fstat(fd, &found) < 0)
		return fail(error, "cannot look at %s: %s", path, strerror(errno));
	if (has_attributes(&found, wanted))
		return true;
	if (fchown(fd, wanted->uid, wanted->gid) < 0) {
		if (wanted->strict)
			return fail(error, "cannot give %s to %u:%u: %s", path, wanted->uid,
				    wanted->gid, strerror(errno));
		mode = keep_what_we_may(fd, wanted);
	}
	return fchmod(fd, mode) == 0 ||
	       fail(error, "cannot set the mode of %s: %s", path, strerror(errno));
}

/* False, errno ENOENT and no error: the directory does not exist. */
static bool open_place(const struct target_config *config, bool create, int *place,
		       bool *exposed, struct error *error)
{
	*place = folder_open(config->destination, create, exposed, error);
	return *place >= 0 || error->text[0] || errno == ENOENT ? *place >= 0
		: fail(error, "cannot write %s: %s", config->destination, strerror(errno));
}

bool target_compare(const struct target_config *config, const struct buf *text,
		    enum target_state *state, struct error *error)
{
	CLEANUP(buf_release) struct buf former = BUF_INIT;
	CLEANUP(close_descriptor) int place = -1;
	CLEANUP(close_opened) struct opened file = { .how = O_RDONLY, .fd = -1 };
	struct attributes wanted;
	struct stat found = { 0 };
	bool exposed;

	if (!open_place(config, false, &place, &exposed, error) && error->text[0])
		return false;
	if (place >= 0 && !look(place, config->destination, &found, error))
		return false;
	if (!found.st_mode) {
		*state = TARGET_NEW;
		return true;
	}
	wanted = wanted_attributes(config, &found, false);
	if ((size_t)found.st_size != text->used || !has_attributes(&found, &wanted)) {
		*state = TARGET_DIFFERS;
		return true;
	}
	file.folder = place;
	if (!load_file(&file, config->destination, &former, error))
		return false;
	*state = former.used == text->used && !memcmp(former.data, text->data, text->used)
			 ? TARGET_SAME : TARGET_DIFFERS;
	return true;
}

static void remove_if_left(int folder, const char *name)
{
	CLEANUP(close_descriptor) int fd = -1;
	struct stat found;

	if (fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(found.st_mode))
		return;
	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(folder, name, 0);
}

static void remove_leftovers(int folder, const char *start)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(close_folder) DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	size_t length = strlen(start);
	const struct dirent *entry;

	while (entries && (entry = readdir(entries)))
		if (!strncmp(entry->d_name, start, length) &&
		    strlen(entry->d_name) == length + sizeof pattern - 1)
			remove_if_left(folder, entry->d_name);
	if (!entries)
		close_descriptor(&fd);
}

static void randomize(char suffix[static sizeof pattern - 1])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	unsigned char bytes[sizeof pattern - 1] = { 0 };

	if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) < 0)
		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = (unsigned char)rand();
	for (size_t i = 0; i < sizeof bytes; i++)
		suffix[i] = digits[bytes[i] % (sizeof digits - 1)];
}

/* Like mkostemp(3), in a directory that is open. */
static int make_unique(int folder, char *name)
{
	const int how = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd;

	for (int i = 0; i < UNIQUE_TRIES; i++) {
		randomize(name + strlen(name) - (sizeof pattern - 1));
		fd = openat(folder, name, how, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

/* A new empty file of mode 0600 in target->folder whose name tells its destination.  `path`: of the
 * directory, with its slash.  -1: errno. */
static int make_staged(struct target *target, const char *path, size_t path_size, const char *label)
{
	size_t length = strlen(label), cut = length > LABEL_MAX ? length - LABEL_MAX : 0;
	AUTOFREE char *start = format_string(".%s%s", label + cut, mark);
	AUTOFREE char *name = format_string("%s%s", start, pattern);
	int fd;

	remove_leftovers(target->folder, start);
	fd = make_unique(target->folder, name);
	if (fd < 0)
		return -1;
	/* A second descriptor: a check could not execute a file that is open for writing. */
	target->lock = openat(target->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (target->lock >= 0)
		flock(target->lock, LOCK_SH | LOCK_NB);
	target->staged = format_string("%.*s%s", (int)path_size, path, name);
	return fd;
}

static int make_beside(struct target *target)
{
	const char *destination = target->config->destination, *name = name_in(destination);

	target->folder = fcntl(target->place, F_DUPFD_CLOEXEC, 0);
	return target->folder < 0 ? -1
		: make_staged(target, destination, (size_t)(name - destination), name);
}

static int make_in(struct target *target, const char *path, const char *label)
{
	AUTOFREE char *folder = format_string("%s/", path);

	target->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return target->folder < 0 ? -1 : make_staged(target, folder, strlen(folder), label);
}

/* The label is the whole path: files of one name from several directories share the folder. */
static int make_elsewhere(struct target *target)
{
	const char *const folders[] = { getenv("TMPDIR"), "/tmp", "/dev/shm", "/run" };
	AUTOFREE char *label = copy_string(target->config->destination + 1);
	int fd = -1;

	for (char *slash = strchr(label, '/'); slash; slash = strchr(slash, '/'))
		*slash = '+';
	for (size_t i = 0; i < sizeof folders / sizeof *folders && fd < 0; i++) {
		close_descriptor(&target->folder);
		target->folder = -1;
		if (folders[i] && *folders[i])
			fd = make_in(target, folders[i], label);
	}
	target->elsewhere = true;
	return fd;
}

static int make_staged_anywhere(struct target *target, struct error *error)
{
	const char *destination = target->config->destination;
	int fd = make_beside(target), why = errno;

	if (fd < 0 && (why == EROFS || why == EACCES || why == EPERM) &&
	    faccessat(target->place, name_in(destination), W_OK, 0) == 0)
		fd = make_elsewhere(target);
	if (fd < 0)
		fail(error, "cannot write %s: %s", destination, strerror(why));
	return fd;
}

static bool open_destination(struct target *target, struct error *error)
{
	const struct target_config *config = target->config;
	bool named = *name_in(config->destination);

	if (open_place(config, named && config->create_dirs, &target->place, &target->exposed,
		       error))
		return true;
	return named ? fail(error, "cannot write %s: %s", config->destination, strerror(errno))
		     : fail(error, "%s is the name of a directory", config->destination);
}

bool target_stage(struct target *target, const struct target_config *config,
		  const struct buf *text, struct error *error)
{
	struct attributes wanted;
	struct stat former;
	bool good;
	int fd;

	target_drop(target);
	*target = (struct target){ .config = config, .lock = -1, .folder = -1, .place = -1 };
	fd = open_destination(target, error) &&
	     look(target->place, config->destination, &former, error)
		? make_staged_anywhere(target, error) : -1;
	if (fd < 0) {
		close_descriptors(target);
		return false;
	}
	wanted = wanted_attributes(config, &former, target->exposed);
	good = (write_all(fd, text) ||
		fail(error, "cannot write %s: %s", config->destination, strerror(errno))) &&
	       set_attributes(fd, &wanted, config->destination, error);
	/* A network file system may report a full disk only on close. */
	if (close(fd) < 0 && good)
		good = fail(error, "cannot write %s: %s", config->destination, strerror(errno));
	if (!good)
		target_drop(target);
	return good;
}

static bool link_former(struct target *spare)
{
	int fd = make_beside(spare);
	const char *from = name_in(spare->config->destination), *name;

	if (fd < 0)
		return false;
	close(fd);
	name = name_in(spare->staged);
	return unlinkat(spare->folder, name, 0) == 0 &&
	       linkat(spare->place, from, spare->folder, name, 0) == 0;
}

static bool copy_former(struct target *spare, struct error *error)
{
	const char *destination = spare->config->destination;
	const struct target_config as_it_is = { .perms = -1 };
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	CLEANUP(close_opened) struct opened from = { spare->place, O_RDONLY, -1 };
	CLEANUP(close_descriptor) int fd = -1;
	struct attributes wanted;
	struct stat former;

	if (!load_file(&from, destination, &text, error))
		return false;
	fd = make_beside(spare);
	if (fd < 0 || fstat(from.fd, &former) < 0 || !write_all(fd, &text))
		return fail(error, "cannot copy %s: %s", destination, strerror(errno));
	wanted = wanted_attributes(&as_it_is, &former, spare->exposed);
	return set_attributes(fd, &wanted, spare->staged, error);
}

/* A spare with the same destination; -1: its descriptors are not open. */
static struct target spare_of(const struct target *target)
{
	return (struct target){
		.config = target->config,
		.lock = -1,
		.folder = -1,
		.place = fcntl(target->place, F_DUPFD_CLOEXEC, 0),
		.exposed = target->exposed,
	};
}

static bool keep_former(const struct target *target, bool may_link, struct error *error)
{
	const char *destination = target->config->destination;
	AUTOFREE char *kept = format_string("%s.bak", destination);
	CLEANUP(target_drop) struct target spare = spare_of(target);

	if (!may_link || !link_former(&spare)) {
		target_drop(&spare);
		spare = spare_of(target);
		if (!copy_former(&spare, error))
			return fail_in(error, "%s", kept);
	}
	/* If both names are links to one file, rename(2) does nothing and the drop removes the link. */
	return renameat(spare.folder, name_in(spare.staged), spare.place, name_in(kept)) == 0 ||
	       fail(error, "cannot keep %s as %s: %s", destination, kept, strerror(errno));
}

/* False only if the file system reports a lack of space; some cannot tell. */
static bool has_room(int fd, size_t size, size_t former)
{
	int why;

	if (!size || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)size) == 0)
		return true;
	why = errno;
	if (why != ENOSPC && why != EDQUOT && why != EFBIG)
		return true;
	if (ftruncate(fd, (off_t)former) < 0)	/* releases the reserved space */
		return false;
	errno = why;
	return false;
}

static bool overwrite(int fd, const struct buf *text)
{
	return write_all(fd, text) && ftruncate(fd, (off_t)text->used) == 0;
}

static bool write_in_place(const struct target *target, struct error *error)
{
	const char *destination = target->config->destination;
	CLEANUP(buf_release) struct buf text = BUF_INIT, former = BUF_INIT;
	CLEANUP(close_opened) struct opened from = { target->folder, O_RDONLY, -1 };
	CLEANUP(close_opened) struct opened to = { target->place, O_RDWR, -1 };
	struct attributes wanted;
	struct stat found;
	int why;

	if (!load_file(&from, target->staged, &text, error) ||
	    !load_file(&to, destination, &former, error))
		return false;
	if (fstat(to.fd, &found) < 0 || !has_room(to.fd, text.used, former.used))
		return fail(error, "cannot write %s: %s", destination, strerror(errno));
	if (target->elsewhere && target->exposed && is_foreign(&found))
		return fail(error, "%s belongs to user %u, in a directory that others can write to",
			    destination, (unsigned)found.st_uid);
	wanted = wanted_attributes(target->config, &found, false);
	if (!set_attributes(to.fd, &wanted, destination, error))
		return false;
	if (overwrite(to.fd, &text))
		return true;
	why = errno;
	return fail(error, "cannot write %s: %s%s", destination, strerror(why),
		    overwrite(to.fd, &former) ? "" : "; its old content is lost");
}

static bool replace(const struct target *target, bool *in_place, struct error *error)
{
	const struct target_config *config = target->config;
	bool backup = config->backup;
	struct stat former;

	if (!look(target->place, config->destination, &former, error))
		return false;
	backup = backup && former.st_mode;
	if (!target->elsewhere) {
		if (backup && !keep_former(target, true, error))
			return false;
		if (renameat(target->folder, name_in(target->staged), target->place,
			     name_in(config->destination)) == 0) {
			*in_place = false;
			return true;
		}
		if (errno != EBUSY && errno != EXDEV)
			return fail(error, "cannot replace %s: %s", config->destination,
				    strerror(errno));
	}
	/* Writing in place would change a hard link, too: copy. */
	if (backup && !keep_former(target, false, error))
		return false;
	if (!write_in_place(target, error))
		return false;
	*in_place = true;
	return true;
}

bool target_commit(struct target *target, bool *in_place, struct error *error)
{
	bool done = replace(target, in_place, error);

	target_drop(target);
	return done;
}

void target_drop(struct target *target)
{
	if (target->staged)
		unlinkat(target->folder, name_in(target->staged), 0);
	if (target->config)
		close_descriptors(target);
	free(steal(&target->staged));
}
