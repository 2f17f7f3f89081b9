#include "supervisord_program.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/process.h"
#include "configuration_print.h"

enum { USUAL_PRIORITY = 999, NUMBER_MOST = 1000000 };

/* One process of a program. */
struct program {
	const struct ini_section *section, *common;	/* common: [supervisord]; NULL: none */
	struct expansion expansion;
	json_t *job, *env;
	const char *name;		/* of the job */
};

static struct import *import_of(const struct program *program)
{
	return program->expansion.import;
}

static bool refuse(const struct program *program, const struct ini_entry *entry, const char *expected)
{
	return ini_refuse(import_of(program), entry, expected);
}

/* ---- types of values ---- */

static bool read_bool(const struct program *program, const struct ini_entry *entry, bool *value)
{
	static const char *const words[2][4] = {
		{ "no", "false", "off", "0" }, { "yes", "true", "on", "1" },
	};

	for (int i = 0; i < 8; i++)
		if (!strcasecmp(entry->value, words[i / 4][i % 4])) {
			*value = i / 4;
			return true;
		}
	return refuse(program, entry, "true or false");
}

static bool read_number(const struct program *program, const struct ini_entry *entry, long *value)
{
	char *end;

	*value = strtol(entry->value, &end, 10);
	return (*entry->value && !*end && *value >= 0 && *value <= NUMBER_MOST) ||
	       refuse(program, entry, "a whole number up to 1000000");
}

static bool set_expanded(const struct program *program, const struct ini_entry *entry, const char *key)
{
	json_t *value = supervisord_expand(&program->expansion, entry);

	return value && !json_object_set_new(program->job, key, value);
}

static bool set_seconds(const struct program *program, const struct ini_entry *entry, json_t *object,
			const char *key)
{
	char text[32];
	long seconds;

	if (!read_number(program, entry, &seconds))
		return false;
	duration_print((double)seconds, text);
	import_set(object, key, text);
	return true;
}

/* ---- options ---- */

static bool take_command(struct program *program, const struct ini_entry *entry)
{
	CLEANUP(strv_release) struct strv words = { 0 };
	struct ini_entry line = *entry;
	AUTOFREE char *text = copy_string(entry->value);
	struct error error = ERROR_INIT;

	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	line.value = text;
	if (!strv_split(&words, text, &error) || !words.count)
		return refuse(program, entry, "a command whose quotes are closed");
	return set_expanded(program, &line, "exec");
}

static bool take_directory(struct program *program, const struct ini_entry *entry)
{
	return set_expanded(program, entry, "cwd");
}

static bool take_user(struct program *program, const struct ini_entry *entry)
{
	if (strcmp(entry->value, "root") && strcmp(entry->value, "0"))
		import_note(import_of(program), "jobs[%s].user: with a user, programs gain no rights by set-user-ID files "
			    "such as sudo; noNewPrivs = false allows that.", program->name);
	return set_expanded(program, entry, "user");
}

static bool take_umask(struct program *program, const struct ini_entry *entry)
{
	if (!*entry->value || strlen(entry->value) > 4 || entry->value[strspn(entry->value, "01234567")])
		return refuse(program, entry, "an octal number such as 022");
	import_set(program->job, "umask", entry->value);
	return true;
}

static bool take_environment(struct program *program, const struct ini_entry *entry)
{
	return supervisord_environment(&program->expansion, entry, program->env);
}

static bool take_autostart(struct program *program, const struct ini_entry *entry)
{
	bool value;

	if (!read_bool(program, entry, &value))
		return false;
	if (value)
		return true;
	json_object_set_new(program->job, "when", json_pack("{s:s, s:s}", "source", "SIGUSR1", "once", "signalled"));
	import_note(import_of(program), "jobs[%s].when: autostart = false: `pilotfish start %s` starts it, and so does "
		    "this signal to pilotfish.", program->name, program->name);
	return true;
}

static bool take_autorestart(struct program *program, const struct ini_entry *entry)
{
	bool value = false;

	if (!strcasecmp(entry->value, "unexpected"))
		return true;
	if (!read_bool(program, entry, &value))
		return false;
	import_set(program->job, "restarts", value ? "unlimited" : "never");
	return true;
}

static bool take_startsecs(struct program *program, const struct ini_entry *entry)
{
	json_t *backoff;

	if (!strcmp(entry->value, "0"))
		return true;
	backoff = json_object();
	json_object_set_new(program->job, "backoff", backoff);
	import_note(import_of(program), "jobs[%s].backoff.reset: startsecs: after a run of at least this length the pause "
		    "before a restart is short again.", program->name);
	return set_seconds(program, entry, backoff, "reset");
}

static bool take_startretries(struct program *program, const struct ini_entry *entry)
{
	long retries;

	if (!read_number(program, entry, &retries))
		return false;
	import_note(import_of(program), "jobs[%s].restarts: startretries = %ld: pilotfish goes on, with longer and longer "
		    "pauses; a number here is a limit for all restarts.", program->name, retries);
	return true;
}

static bool take_exitcodes(struct program *program, const struct ini_entry *entry)
{
	if (strcmp(entry->value, "0") != 0)
		import_note(import_of(program), "jobs[%s].restarts: exitcodes = %s: for pilotfish success is 0 alone; a "
			    "shell around the program can change its code.", program->name, entry->value);
	return true;
}

static bool take_stopsignal(struct program *program, const struct ini_entry *entry)
{
	const char *name = entry->value + (strncasecmp(entry->value, "SIG", 3) ? 0 : 3);
	AUTOFREE char *whole = format_string("SIG%s", name);

	if (!signal_parse(entry->value))
		return refuse(program, entry, "a signal such as TERM");
	import_set(program->job, "stopSignal", *entry->value >= '0' && *entry->value <= '9' ? entry->value : whole);
	return true;
}

static bool take_stopwaitsecs(struct program *program, const struct ini_entry *entry)
{
	long seconds;

	if (!read_number(program, entry, &seconds))
		return false;
	if (!seconds)
		return refuse(program, entry, "at least 1");
	import_allow_stop(import_of(program), (double)seconds);
	return set_seconds(program, entry, program->job, "stopTimeout");
}

static bool take_stopasgroup(struct program *program, const struct ini_entry *entry)
{
	bool value;

	if (!read_bool(program, entry, &value))
		return false;
	if (value)
		json_object_set_new(program->job, "stopGroup", json_true());
	return true;
}

static bool take_priority(struct program *program, const struct ini_entry *entry)
{
	long priority;

	if (!read_number(program, entry, &priority))
		return false;
	if (priority != USUAL_PRIORITY)
		import_note(import_of(program), "jobs[%s]: priority = %ld: pilotfish starts all jobs at once, unless one "
			    "waits for another, as with needs = [ \"db running\" ].", program->name, priority);
	return true;
}

static bool take_logfile(struct program *program, const struct ini_entry *entry)
{
	if (strncmp(entry->value, "/dev/", 5) && strncmp(entry->value, "/proc/", 6) && strcasecmp(entry->value, "AUTO"))
		import_note(import_of(program), "jobs[%s]: %s = %s: pilotfish logs all output, line by line, to its own "
			    "standard output.", program->name, entry->key, entry->value);
	else if (!strcmp(entry->value, "/dev/null"))
		import_note(import_of(program), "jobs[%s]: %s = /dev/null: pilotfish logs all output; only a shell around "
			    "the program could drop it.", program->name, entry->key);
	return true;
}

static bool take_nothing(struct program *program, const struct ini_entry *entry)
{
	(void)program, (void)entry;
	return true;
}

static bool take_unknown(struct program *program, const struct ini_entry *entry)
{
	import_note(import_of(program), "jobs[%s]: %s = %s: left out, as pilotfish has nothing like it.", program->name,
		    entry->key, entry->value);
	return true;
}

/* A key that asks for what pilotfish does anyway has no note. */
static const struct option {
	const char *key;
	bool (*take)(struct program *program, const struct ini_entry *entry);
} options[] = {
	{ "command", take_command }, { "directory", take_directory }, { "user", take_user }, { "umask", take_umask },
	{ "environment", take_environment }, { "autostart", take_autostart }, { "autorestart", take_autorestart },
	{ "startsecs", take_startsecs }, { "startretries", take_startretries }, { "exitcodes", take_exitcodes },
	{ "stopsignal", take_stopsignal }, { "stopwaitsecs", take_stopwaitsecs }, { "stopasgroup", take_stopasgroup },
	{ "killasgroup", take_nothing }, { "priority", take_priority },
	{ "stdout_logfile", take_logfile }, { "stderr_logfile", take_logfile },
	{ "redirect_stderr", take_nothing }, { "process_name", take_nothing }, { "numprocs", take_nothing },
	{ "numprocs_start", take_nothing }, { "stdout_logfile_maxbytes", take_nothing },
	{ "stdout_logfile_backups", take_nothing }, { "stderr_logfile_maxbytes", take_nothing },
	{ "stderr_logfile_backups", take_nothing }, { "stdout_capture_maxbytes", take_nothing },
	{ "stderr_capture_maxbytes", take_nothing }, { "stdout_events_enabled", take_nothing },
	{ "stderr_events_enabled", take_nothing }, { "stdout_syslog", take_nothing }, { "stderr_syslog", take_nothing },
	{ "serverurl", take_nothing },
	{ NULL, take_unknown },
};

static bool take_option(struct program *program, const struct ini_entry *entry)
{
	const struct option *option = options;

	while (option->key && strcmp(option->key, entry->key) != 0)
		option++;
	return option->take(program, entry);
}

/* The last value of a key counts. */
static bool take_options(struct program *program)
{
	const struct ini_section *section = program->section;

	for (size_t i = 0; i < section->count; i++)
		if (ini_get(section, section->entries[i].key) == &section->entries[i] &&
		    !take_option(program, &section->entries[i]))
			return false;
	return true;
}

/* The keys of [supervisord] that are about all programs. */
static bool take_common(struct program *program)
{
	static const char *const keys[] = { "environment", "directory", "umask" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const struct ini_entry *entry = ini_get(program->common, keys[i]);

		if (entry && !take_option(program, entry))
			return false;
	}
	return true;
}

/* ---- programs and their processes ---- */

/* A name by process_name that is a plain text; else NAME, or NAME_00 if there are several. */
static char *process_name(const struct program *program, bool *fine)
{
	const struct expansion *expansion = &program->expansion;
	const struct ini_entry *entry = ini_get(program->section, "process_name");
	CLEANUP(json_decrefp) json_t *value = entry ? supervisord_expand(expansion, entry) : NULL;

	*fine = !entry || value;
	if (json_is_string(value))
		return copy_string(json_string_value(value));
	return expansion->count > 1 ? format_string("%s_%02ld", expansion->program, expansion->number)
				    : copy_string(expansion->program);
}

static bool add_process(struct program *program)
{
	bool fine, is_first;
	AUTOFREE char *name = process_name(program, &fine);

	if (!fine)
		return false;
	if (json_array_size(json_object_get(import_of(program)->tree, "jobs")) == IMPORT_COUNT_LIMIT)
		return import_fail(import_of(program), "%s:%u: found more than %d programs, expected fewer",
				   program->section->file, program->section->line, IMPORT_COUNT_LIMIT);
	is_first = !program->job;
	program->job = import_add(import_of(program), "jobs", name, &program->name);
	json_object_set_new(program->job, "exec", json_null());
	for (size_t i = 0; i < program->section->comments.count && is_first; i++)
		import_note(import_of(program), "jobs[%s]: %s", program->name, program->section->comments.items[i]);
	program->env = json_object();
	import_set(program->job, "restarts", "onFailure");
	fine = take_common(program) && take_options(program);
	import_set_env(program->job, steal(&program->env));
	return fine;
}

static bool read_count(const struct program *program, const char *key, long preset, long *count)
{
	const struct ini_entry *entry = ini_get(program->section, key);

	*count = preset;
	return !entry || read_number(program, entry, count);
}

static bool add_program(struct program *program)
{
	struct expansion *expansion = &program->expansion;
	long first;

	expansion->program = strchr(program->section->name, ':') + 1;
	expansion->group = expansion->program;
	if (!ini_get(program->section, "command"))
		return import_fail(import_of(program), "%s:%u:1: found [%s] without a command, expected command = ...",
				   program->section->file, program->section->line, program->section->name);
	if (!read_count(program, "numprocs", 1, &expansion->count) || !read_count(program, "numprocs_start", 0, &first))
		return false;
	for (long i = 0; i < expansion->count; i++) {
		size_t notes = import_of(program)->notes.count;

		expansion->number = first + i;
		if (!add_process(program))
			return false;
		if (i)
			strv_truncate(&import_of(program)->notes, notes);
	}
	return true;
}

static void note_only_job(struct import *import)
{
	const json_t *jobs = json_object_get(import->tree, "jobs");

	if (json_array_size(jobs) == 1)
		import_note(import, "jobs[%s]: when the only job has ended for good, pilotfish ends with its exit code; "
			    "supervisord would go on.",
			    json_string_value(json_object_get(json_array_get(jobs, 0), "name")));
	else
		import_note(import, ": supervisord never ends by itself. A job with essential = true ends pilotfish, with "
			    "its exit code, when it has ended for good.");
}

static void note_here(struct import *import, const struct ini *ini, const char *here)
{
	for (size_t i = 0; i < ini->count; i++)
		for (size_t n = 0; n < ini->sections[i].count; n++)
			if (strstr(ini->sections[i].entries[n].value, "%(here)s")) {
				import_note(import, ": %%(here)s became %s, the folder of the file that was imported.",
					    here);
				return;
			}
}

bool supervisord_programs(struct import *import, const struct ini *ini, const char *here)
{
	const struct ini_section *common = ini_find(ini, "supervisord");

	note_here(import, ini, here);
	for (size_t i = 0; i < ini->count; i++) {
		struct program program = {
			.section = &ini->sections[i], .common = common,
			.expansion = { .import = import, .here = here },
		};

		if (!strncmp(program.section->name, "program:", 8) && !add_program(&program))
			return false;
	}
	note_only_job(import);
	return true;
}
