#include "process.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "file.h"

/* We read the files ourselves: getpwnam() loads name services, which may ask the network. */
static const char user_file[] = "/etc/passwd", group_file[] = "/etc/group";

static FILE *open_list(const char *path, struct error *error)
{
	int fd = file_open_regular(path, error);

	return fd < 0 ? NULL : fdopen(fd, "r");
}

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* False: not a number, or the highest one, which some calls take for "unchanged". */
static bool parse_id(const char *text, unsigned *id)
{
	size_t length = strspn(text, "0123456789");
	unsigned long long value;

	if (!length || length > 10 || text[length])
		return false;
	value = strtoull(text, NULL, 10);
	if (value >= (unsigned)-1)
		return false;
	*id = (unsigned)value;
	return true;
}

/* `name` NULL: finds the user by number.  NULL: not found, or an error. */
static const struct passwd *find_user(const char *name, uid_t uid, struct error *error)
{
	CLEANUP(close_file) FILE *file = open_list(user_file, error);
	const struct passwd *entry = NULL;

	while (file && (entry = fgetpwent(file)))
		if (name ? !strcmp(entry->pw_name, name) : entry->pw_uid == uid)
			break;
	return entry;
}

bool identity_find_group(const char *name, gid_t *gid, struct error *error)
{
	CLEANUP(close_file) FILE *file = NULL;
	const struct group *entry;

	if (parse_id(name, gid))
		return true;
	file = open_list(group_file, error);
	if (!file)
		return false;
	while ((entry = fgetgrent(file))) {
		if (!strcmp(entry->gr_name, name)) {
			*gid = entry->gr_gid;
			return true;
		}
	}
	return fail(error, "no group \"%s\" in %s", name, group_file);
}

static void add_group(struct identity *identity, gid_t gid)
{
	identity->groups = alloc_resize(identity->groups,
					(identity->group_count + 1) * sizeof gid);
	identity->groups[identity->group_count++] = gid;
}

static bool has_member(const struct group *group, const char *name)
{
	for (char **member = group->gr_mem; *member; member++)
		if (!strcmp(*member, name))
			return true;
	return false;
}

static void add_groups_of(struct identity *identity, const char *name)
{
	struct error unread = ERROR_INIT;
	CLEANUP(close_file) FILE *file = open_list(group_file, &unread);
	const struct group *entry;

	add_group(identity, identity->gid);
	while (file && (entry = fgetgrent(file)))
		if (entry->gr_gid != identity->gid && has_member(entry, name))
			add_group(identity, entry->gr_gid);
}

/* A number needs no entry in the file.  Without one the group has the user's number: our own group
 * may be root's. */
static bool find_identity(struct identity *identity, const char *name, struct error *error)
{
	bool numeric = parse_id(name, &identity->uid);
	struct error unread = ERROR_INIT;
	const struct passwd *entry = find_user(numeric ? NULL : name, identity->uid, &unread);

	if (!entry && !numeric)
		return unread.text[0] ? fail(error, "%s", unread.text)
				      : fail(error, "no user \"%s\" in %s", name, user_file);
	identity->gid = identity->uid == geteuid() ? getegid() : (gid_t)identity->uid;
	if (entry) {
		identity->uid = entry->pw_uid;
		identity->gid = entry->pw_gid;
		identity->home = copy_string(entry->pw_dir);
		identity->user = copy_string(entry->pw_name);
	}
	identity->set = true;
	return true;
}

bool identity_parse(struct identity *identity, const char *user, const char *group,
		    struct error *error)
{
	AUTOFREE char *name = copy_string(user);
	struct identity found = { 0 };
	char *colon = strchr(name, ':');
	unsigned number;

	if (colon) {
		*colon = '\0';
		if (group)
			return fail(error, "the group is given twice, by \"%s\" and \"%s\"", user,
				    group);
		group = colon + 1;
	}
	if (!find_identity(&found, name, error))
		return false;
	if (group) {
		if (!identity_find_group(group, &found.gid, error)) {
			identity_release(&found);
			return false;
		}
	} else if (!parse_id(name, &number)) {
		add_groups_of(&found, name);
	}
	*identity = found;
	return true;
}

void identity_release(struct identity *identity)
{
	free(identity->groups);
	free(identity->home);
	free(identity->user);
	*identity = (struct identity){ 0 };
}
