#include "load.h"

#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/file.h"
#include "libconf.h"
#include "listing.h"
#include "sugar.h"

static json_t *parse(const char *path, const char *text, size_t size, struct load_error *error)
{
	json_t *tree = libconf_parse(path, text, size, &error->error);

	error->code = EX_DATAERR;
	if (!tree)
		return NULL;
	if (sugar_expand(tree, &error->error))
		return tree;
	fail_in(&error->error, "%s", path);
	json_decref(tree);
	return NULL;
}

static struct config *decode(const char *path, json_t *tree, struct load_error *error)
{
	struct config *config = tree ? config_decode(tree, &error->error) : NULL;

	if (tree && !config)
		fail_in(&error->error, "%s", path);
	json_decref(tree);
	return config;
}

json_t *load_tree(const char *path, struct load_error *error)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	error->code = EX_NOINPUT;
	if (!file_read(path, TEXT_LIMIT, &text, &error->error))
		return NULL;
	return parse(path, text.data, text.used, error);
}

struct config *load_config(const char *path, struct load_error *error)
{
	return decode(path, load_tree(path, error), error);
}

struct config *load_text(const char *text, const char *name, struct load_error *error)
{
	return decode(name, parse(name, text, strlen(text), error), error);
}
