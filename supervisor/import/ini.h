/* ini.h - the files of Python's ConfigParser as supervisord reads them.
 *
 * "[section]", "key = value" or "key: value", continued by indented lines.  Comments are lines that begin
 * with ';' or '#', and what follows a blank and one of these.  Of a key that is given twice the last value
 * counts, and sections of one name are one.
 */
#ifndef INI_H
#define INI_H

#include "import.h"

/* Of one section; it has at most IMPORT_COUNT_LIMIT keys. */
enum { INI_COMMENTS_MOST = 100 };

struct ini_entry {
	char *key;			/* in lower case */
	char *value;			/* its lines with a newline between */
	const char *file;
	unsigned line, column;		/* of the value */
};

struct ini_section {
	char *name;
	const char *file;
	unsigned line;
	struct ini_entry *entries;
	size_t count, room;
	struct strv comments;		/* above it and in it, without their marks */
};

struct ini {
	struct ini_section *sections;
	size_t count, room;
	struct strv files;		/* that were read */
	struct strv comments;		/* that belong to no section yet */
};

/* Adds the file's sections.  False: the import has an error. */
bool ini_read(struct ini *ini, const char *path, const char *text, struct import *import);
void ini_release(struct ini *ini);

const struct ini_section *ini_find(const struct ini *ini, const char *name);	/* NULL: none */
const struct ini_entry *ini_get(const struct ini_section *section, const char *key);	/* NULL: none */

/* "FILE:LINE:COLUMN: found "VALUE", expected WHAT"; always false. */
bool ini_refuse(struct import *import, const struct ini_entry *entry, const char *what);

#endif
