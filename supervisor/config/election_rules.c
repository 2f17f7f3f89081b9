#include "rules.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "config.h"
#include "lease.h"

/* "NAME-election" is the name of a service. */
enum { LONGEST_NAME = LONGEST_LABEL - 9, LONGEST_ID = 128, LONGEST_KEY = 512 };

static bool has_control(const char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			return true;
	return false;
}

static bool check_key(const char *key, struct error *error)
{
	size_t length = strlen(key);

	if (length > LONGEST_KEY || has_control(key))
		return fail(error, ".key: has at most %d bytes and no control characters",
			    LONGEST_KEY);
	return (*key != '/' && key[length - 1] != '/' && !strstr(key, "//")) ||
	       fail(error, ".key: each '/' must stand between two names, found \"%.64s\"", key);
}

bool is_election_id(const char *text)
{
	size_t length = strlen(text);

	return length && length <= LONGEST_ID && isalnum((unsigned char)*text) &&
	       strspn(text, ELECTION_ID_CHARACTERS) == length;
}

static bool choose_id(struct election_config *election, struct error *error)
{
	char host[LONGEST_ID + 1] = "";

	if (!election->id && !gethostname(host, sizeof host - 1) && *host)
		election->id = copy_string(host);
	if (!election->id)
		return fail(error, ".id: missing, and this host has no name");
	return is_election_id(election->id) ||
	       fail(error, ".id: must be at most %d letters, digits and characters of \"._:@-\", and "
		    "begin with a letter or a digit, found \"%.64s\"", LONGEST_ID, election->id);
}

/* Without `candidate` these keys mean nothing. */
static bool check_observer(const struct election_config *election, const json_t *tree,
			   struct error *error)
{
	static const char *const keys[] = { "canLead", "tag", "service" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys && !election->candidate; i++)
		if (json_object_get(tree, keys[i]))
			return fail(error, ".%s: needs candidate = true", keys[i]);
	return true;
}

/* A file that is there is read: an election would refuse it only when it is made. */
static bool check_epoch_file(const char *path, struct error *error)
{
	unsigned long ignored;

	if (path && *path != '/')
		return fail(error, ".epochFile: must be an absolute path, found \"%.64s\"", path);
	return !path || access(path, F_OK) || file_read_number(path, &ignored, error) ||
	       fail_in(error, ".epochFile");
}

static bool check_texts(const struct election_config *election, struct error *error)
{
	if (!is_label(election->name, LONGEST_NAME))
		return fail(error, ".name: must be at most %d letters, digits and '-', found \"%.80s\"",
			    LONGEST_NAME, election->name);
	if (election->service && !service_name_check(election->service, error))
		return fail_in(error, ".service");
	return check_epoch_file(election->epoch_file, error) && check_key(election->key, error);
}

bool election_rules(void *object, const json_t *tree, struct error *error)
{
	struct election_config *election = object;

	election->tree = json_incref((json_t *)tree);
	if (!election->key)
		election->key = format_string("service/%s/leader", election->name);
	return check_texts(election, error) && choose_id(election, error) &&
	       check_observer(election, tree, error) && lease_check(election, error);
}
