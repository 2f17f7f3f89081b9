#include "supervisord.h"

#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/process.h"
#include "supervisord_program.h"

static const char *const prefixes[] = {
	"program:", "group:", "eventlistener:", "fcgi-program:", "supervisord]", "include]", "supervisorctl]",
	"unix_http_server]", "inet_http_server]", "rpcinterface:",
};

bool supervisord_recognises(const char *path, const char *text)
{
	(void)path;
	for (; text && *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *line = text + strspn(text, " \t");

		for (size_t i = 0; *line == '[' && i < sizeof prefixes / sizeof *prefixes; i++)
			if (!strncmp(line + 1, prefixes[i], strlen(prefixes[i])))
				return true;
	}
	return false;
}

/* ---- [include] ---- */

static bool read_file(struct import *import, struct ini *ini, const char *path)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	if (ini->files.count == IMPORT_COUNT_LIMIT)
		return import_fail(import, "%s: found more than %d files, expected fewer", path, IMPORT_COUNT_LIMIT);
	return import_read_file(import, path, &text) && ini_read(ini, path, text.data, import);
}

/* Patterns are relative to the folder of the configuration. */
static bool read_pattern(struct import *import, struct ini *ini, const char *here, const char *pattern)
{
	AUTOFREE char *whole = *pattern == '/' ? copy_string(pattern) : format_string("%s/%s", here, pattern);
	glob_t found = { 0 };
	bool fine = true;

	if (glob(whole, 0, NULL, &found) || !found.gl_pathc)
		import_note(import, ": [include]: there is no file %s.", whole);
	for (size_t i = 0; i < found.gl_pathc && fine; i++)
		fine = read_file(import, ini, found.gl_pathv[i]);
	globfree(&found);
	return fine;
}

static bool read_included(struct import *import, struct ini *ini, const char *here)
{
	const struct ini_entry *entry = ini_get(ini_find(ini, "include"), "files");
	const struct expansion expansion = { .import = import, .program = "", .group = "", .here = here };
	CLEANUP(json_decrefp) json_t *expanded = entry ? supervisord_expand(&expansion, entry) : NULL;
	CLEANUP(strv_release) struct strv patterns = { 0 };
	struct error error = ERROR_INIT;
	const char *text = json_string_value(expanded);

	if (!entry)
		return true;
	if (!text || !strv_split(&patterns, text, &error))
		return ini_refuse(import, entry, "names of files, without variables of the environment");
	for (size_t i = 0; i < patterns.count; i++)
		if (!read_pattern(import, ini, here, patterns.items[i]))
			return false;
	return true;
}

/* ---- sections that are no programs ---- */

static void note_group(struct import *import, const struct ini_section *section)
{
	const struct ini_entry *programs = ini_get(section, "programs");

	import_note(import, ": [%s] (%s): pilotfish has no groups; its verbs take the names of jobs.", section->name,
		    programs ? programs->value : "no programs");
}

static void note_listener(struct import *import, const struct ini_section *section)
{
	const struct ini_entry *command = ini_get(section, "command");

	import_note(import, ": [%s] (%s): there is no protocol of event listeners; let a job wait for an event with "
		    "when, or read `pilotfish events`.", section->name, command ? command->value : "no command");
}

static void note_fcgi(struct import *import, const struct ini_section *section)
{
	import_note(import, ": [%s]: left out, as pilotfish passes no socket to a program; let it listen itself.",
		    section->name);
}

static void note_socket(struct import *import, const struct ini_section *section)
{
	import_note(import, ": [%s]: pilotfish has a control socket of its own, /run/pilotfish/control.sock; see the "
		    "key control and pilotfish-control(7).", section->name);
}

static void note_inet(struct import *import, const struct ini_section *section)
{
	const struct ini_entry *port = ini_get(section, "port");

	import_note(import, ": [%s] (%s): pilotfish takes no requests for changes by TCP; the key telemetry opens a port "
		    "for metrics, status and a page.", section->name, port ? port->value : "no port");
}

static void note_none(struct import *import, const struct ini_section *section)
{
	(void)import, (void)section;
}

static void note_other(struct import *import, const struct ini_section *section)
{
	import_note(import, ": [%s], line %u of %s: left out, as pilotfish has nothing like it.", section->name,
		    section->line, section->file);
}

static const struct {
	const char *name;		/* that the section's name begins with */
	void (*note)(struct import *import, const struct ini_section *section);
} others[] = {
	{ "program:", note_none },
	{ "supervisord", note_none },
	{ "supervisorctl", note_none },
	{ "include", note_none },
	{ "rpcinterface:supervisor", note_none },
	{ "group:", note_group },
	{ "eventlistener:", note_listener },
	{ "fcgi-program:", note_fcgi },
	{ "unix_http_server", note_socket },
	{ "inet_http_server", note_inet },
	{ "", note_other },
};

static void note_others(struct import *import, const struct ini *ini)
{
	for (size_t i = 0; i < ini->count; i++) {
		size_t row = 0;

		while (strncmp(ini->sections[i].name, others[row].name, strlen(others[row].name)))
			row++;
		others[row].note(import, &ini->sections[i]);
	}
}

/* ---- [supervisord] ---- */

static void set_level(struct import *import, const struct ini_entry *entry)
{
	static const struct { const char *theirs, *ours; } levels[] = {
		{ "critical", "error" }, { "error", "error" }, { "warn", "warn" }, { "info", "info" },
		{ "debug", "debug" }, { "trace", "debug" }, { "blather", "debug" },
	};

	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		if (!strcasecmp(entry->value, levels[i].theirs)) {
			json_object_set_new(import->tree, "logging", json_pack("{s:s}", "level", levels[i].ours));
			return;
		}
	import_note(import, ": [supervisord] loglevel = %s: there is no such level.", entry->value);
}

static void note_logfile(struct import *import, const struct ini_entry *entry)
{
	if (!strncmp(entry->value, "/dev/", 5))
		return;
	import_note(import, ": [supervisord] %s = %s: pilotfish logs to its standard output; logging.output names a file.",
		    entry->key, entry->value);
}

static void note_user(struct import *import, const struct ini_entry *entry)
{
	if (strcmp(entry->value, "root") != 0)
		import_note(import, ": [supervisord] user = %s: pilotfish keeps its own user; start the container with "
			    "it, or give each job a user.", entry->value);
}

static void note_limit(struct import *import, const struct ini_entry *entry)
{
	import_note(import, ": [supervisord] %s = %s: jobs inherit pilotfish's limits; see the key rlimits of jobs.",
		    entry->key, entry->value);
}

static void note_unused(struct import *import, const struct ini_entry *entry)
{
	import_note(import, ": [supervisord] %s = %s: left out, as pilotfish has nothing like it.", entry->key,
		    entry->value);
}

static void note_nothing(struct import *import, const struct ini_entry *entry)
{
	(void)import, (void)entry;
}

static const struct {
	const char *key;
	void (*take)(struct import *import, const struct ini_entry *entry);
} own_options[] = {
	{ "loglevel", set_level }, { "logfile", note_logfile }, { "childlogdir", note_logfile }, { "user", note_user },
	{ "minfds", note_limit }, { "minprocs", note_limit },
	{ "nodaemon", note_nothing }, { "pidfile", note_nothing }, { "logfile_maxbytes", note_nothing },
	{ "logfile_backups", note_nothing }, { "silent", note_nothing }, { "identifier", note_nothing },
	{ "nocleanup", note_nothing }, { "strip_ansi", note_nothing },
	/* Programs inherit these. */
	{ "environment", note_nothing }, { "directory", note_nothing }, { "umask", note_nothing },
	{ NULL, note_unused },
};

static void take_own_options(struct import *import, const struct ini_section *section)
{
	for (size_t i = 0; section && i < section->count; i++) {
		const struct ini_entry *entry = &section->entries[i];
		size_t row = 0;

		while (own_options[row].key && strcmp(own_options[row].key, entry->key) != 0)
			row++;
		if (ini_get(section, entry->key) == entry)
			own_options[row].take(import, entry);
	}
}

static void note_comments(struct import *import, const struct ini *ini)
{
	for (size_t i = 0; i < ini->count; i++)
		for (size_t n = 0; n < ini->sections[i].comments.count; n++)
			if (strncmp(ini->sections[i].name, "program:", 8) != 0)
				import_note(import, ": %s", ini->sections[i].comments.items[n]);
	for (size_t n = 0; n < ini->comments.count; n++)
		import_note(import, ": %s", ini->comments.items[n]);
}

bool supervisord_read(struct import *import)
{
	CLEANUP(ini_release) struct ini ini = { 0 };
	AUTOFREE char *whole = realpath(import->path, NULL);
	char *slash = whole ? strrchr(whole, '/') : NULL;
	const char *here = slash && slash > whole ? whole : ".";

	if (slash && slash > whole)
		*slash = '\0';
	if (!ini_read(&ini, import->path, import->text, import) || !read_included(import, &ini, here))
		return false;
	note_comments(import, &ini);
	note_others(import, &ini);
	take_own_options(import, ini_find(&ini, "supervisord"));
	return supervisord_programs(import, &ini, here);
}
