#include "s6_job.h"

#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/process.h"
#include "s6_files.h"

enum { FD_LEAST = 3, FD_MOST = 1023 };

void s6_service_release(struct s6_service *service)
{
	free(service->name);
	free(service->folder);
	free(service->path);
	strv_release(&service->contents);
	strv_release(&service->dependencies);
}

/* ---- scripts ---- */

static void note_script(struct import *import, const struct s6_service *service, const char *folder,
			const char *name)
{
	AUTOFREE char *path = format_string("%s/%s", folder, name);
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	AUTOFREE char *first = NULL;
	struct stat status;

	s6_script(folder, name, &text);
	first = copy_bytes(text.data, strncmp(text.data, "#!", 2) ? 0 : strcspn(text.data, "\r\n"));
	if (strstr(first, "execlineb") || strstr(first, "with-contenv"))
		import_note(import, "jobs[%s].exec: the script begins with \"%.80s\", which needs programs of s6-overlay in the "
			    "image; pilotfish gives the environment to its jobs anyway.", service->job, first);
	if (!stat(path, &status) && !(status.st_mode & 0111))
		import_note(import, "jobs[%s].exec: the file is not executable.", service->job);
}

static void set_program(json_t *job, const char *key, const char *folder, const char *name)
{
	AUTOFREE char *path = name ? format_string("%s/%s", folder, name) : copy_string(folder);

	json_object_set_new(job, key, import_program(path));
}

/* ---- small files ---- */

static bool set_millis(struct import *import, const struct s6_service *service, json_t *object,
		       const char *name, const char *key)
{
	char text[32];
	long millis;

	if (!s6_number(import, service->folder, name, &millis))
		return false;
	if (millis > 0) {
		duration_print((double)millis / 1e3, text);
		import_set(object, key, text);
	}
	return true;
}

static bool set_readiness(struct import *import, struct s6_service *service, json_t *job)
{
	json_t *readiness;
	long fd;

	if (!s6_number(import, service->folder, "notification-fd", &fd))
		return false;
	if (fd < 0)
		return true;
	if (fd < FD_LEAST || fd > FD_MOST) {
		import_note(import, "jobs[%s]: notification-fd is %ld; pilotfish takes numbers from %d to %d.", service->job, fd,
			    FD_LEAST, FD_MOST);
		return true;
	}
	readiness = json_pack("{s:I}", "fd", (json_int_t)fd);
	service->is_ready_by_fd = true;
	json_object_set_new(job, "readiness", readiness);
	return set_millis(import, service, readiness, "timeout-up", "timeout");
}

static bool set_stop(struct import *import, const struct s6_service *service, json_t *job)
{
	bool fine;
	AUTOFREE char *text = s6_text(import, service->folder, "down-signal", &fine);
	long millis;

	if (!fine)
		return false;
	if (text && signal_parse(text))
		import_set(job, "stopSignal", text);
	else if (text)
		return import_fail(import, "%s/down-signal:1:1: found \"%.40s\", expected a signal such as SIGTERM",
				   service->folder, text);
	if (!s6_number(import, service->folder, "timeout-kill", &millis))
		return false;
	if (millis > 0)
		import_allow_stop(import, (double)millis / 1e3);
	return set_millis(import, service, job, "timeout-kill", "stopTimeout");
}

/* ---- finish ---- */

/* The usual way to let the container end with a service. */
static bool ends_container(const struct s6_service *service)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	s6_script(service->folder, "finish", &text);
	return memmem(text.data, text.used, "s6-svscanctl", 12) || memmem(text.data, text.used, "bin/halt", 8);
}

static void set_finish(struct import *import, const struct s6_service *service, json_t *job)
{
	AUTOFREE char *path = format_string("%s/finish", service->path);

	if (!s6_has(service->folder, "finish"))
		return;
	if (ends_container(service)) {
		json_object_set_new(job, "essential", json_true());
		import_note(import, "jobs[%s].essential: the script finish ends the container, and so does this. The script "
			    "itself is left out.", service->job);
		return;
	}
	json_object_set_new(job, "postStop", json_pack("[o,s,s,o]", import_string(path), "0", "0",
						       import_string(service->name)));
	import_note(import, "jobs[%s].postStop: the script finish. s6 runs it after each end, with the exit code and the signal "
		    "as arguments; pilotfish runs it once the job has stopped for good, and the arguments are always 0.",
		    service->job);
}

/* ---- jobs ---- */

static json_t *add_job(struct import *import, struct s6_service *service)
{
	return import_add(import, "jobs", service->name, &service->job);
}

static void set_needs(json_t *job, json_t *needs)
{
	if (json_array_size(needs))
		json_object_set(job, "needs", needs);
	json_decref(needs);
}

bool s6_add_longrun(struct import *import, struct s6_service *service, json_t *needs)
{
	json_t *job = add_job(import, service);

	set_program(job, "exec", service->path, "run");
	import_set(job, "restarts", "unlimited");
	set_needs(job, needs);
	if (!s6_has(service->folder, "run"))
		return import_fail(import, "%s: found a longrun without the file run, expected one", service->folder);
	note_script(import, service, service->folder, "run");
	set_finish(import, service, job);
	if (s6_has(service->folder, "log"))
		import_note(import, "jobs[%s]: the logger in the folder log is left out: pilotfish logs all output.", service->job);
	if (s6_has(service->folder, "producer-for"))
		import_note(import, "jobs[%s]: its output went to a logger; pilotfish logs it.", service->job);
	if (s6_has(service->folder, "flag-essential"))
		import_note(import, "jobs[%s]: flag-essential: `pilotfish stop` stops any job.", service->job);
	return set_readiness(import, service, job) && set_stop(import, service, job);
}

/* The line without comments and newlines.  It is execline's, of which simple commands are a shell's. */
static char *command_line(const char *text)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		size_t blank = strspn(text, " \t\r");

		if (text[blank] != '#' && text[blank] != '\n' && text[blank]) {
			buf_add(&line, line.used ? " " : "");
			buf_append(&line, text + blank, strcspn(text + blank, "\r\n"));
		}
	}
	return buf_take(&line);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Commands of execline that other programs do not have, or that run a further program. */
static bool needs_execline(const char *line)
{
	static const char *const builtins[] = {
		"backtick", "cd", "define", "elglob", "emptyenv", "exec", "exit", "export", "fdclose", "fdmove", "foreground",
		"background", "forx", "getpid", "heredoc", "homeof", "if", "ifelse", "ifte", "ifthenelse", "importas",
		"loopwhilex", "multidefine", "multisubstitute", "pipeline", "piperw", "redirfd", "runblock", "tryexec",
		"umask", "unexport", "wait", "withstdinas", "forstdin", "forbacktickx", "dollarat", "shift", "trap", "posix-cd",
	};
	CLEANUP(strv_release) struct strv words = { 0 };
	struct error error = ERROR_INIT;

	if (strpbrk(line, "{}$'") || !strv_split(&words, line, &error) || !words.count)
		return true;
	for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
		if (!strcmp(base_name(words.items[0]), builtins[i]))
			return true;
	return false;
}

/* with-contenv reads the environment, which our jobs have. */
static const char *behind_contenv(const char *line)
{
	size_t length = strcspn(line, " \t");
	AUTOFREE char *word = copy_bytes(line, length);

	return !strcmp(base_name(word), "with-contenv") ? line + length + strspn(line + length, " \t") : line;
}

/* The file is "up" or "down". */
static bool set_command(struct import *import, const struct s6_service *service, const char *file,
			json_t *job)
{
	const char *name = json_string_value(json_object_get(job, "name"));
	bool fine;
	AUTOFREE char *text = s6_text(import, service->folder, file, &fine);
	AUTOFREE char *line = text ? command_line(text) : NULL;
	AUTOFREE char *path = format_string("%s/%s", service->path, file);
	const char *command;

	if (!fine)
		return false;
	if (!line)
		return import_fail(import, "%s: found a oneshot without the file %s, expected one", service->folder, file);
	command = behind_contenv(line);
	if (!*command) {
		import_set(job, "exec", "true");
	} else if (!needs_execline(command)) {
		import_set(job, "exec", command);
	} else {
		json_object_set_new(job, "exec", json_pack("[s,s,o]", "execlineb", "-P", import_string(path)));
		import_note(import, "jobs[%s].exec: a script of execline, which the image needs for it; a shell can do the "
			    "same.", name);
	}
	return true;
}

static bool add_down(struct import *import, const struct s6_service *service)
{
	AUTOFREE char *name = format_string("%s-down", service->job);
	const char *given;
	json_t *job;

	if (!s6_has(service->folder, "down"))
		return true;
	job = import_add(import, "jobs", name, &given);
	if (!set_command(import, service, "down", job))
		return false;
	json_object_set_new(job, "when", json_pack("{s:s, s:s}", "source", "global", "once", "shutdown"));
	import_note(import, "jobs[%s]: the file down of %s. It runs when the shutdown begins, while other jobs stop.", given,
		    service->name);
	return set_millis(import, service, job, "timeout-down", "timeout");
}

bool s6_add_oneshot(struct import *import, struct s6_service *service, json_t *needs)
{
	json_t *job = add_job(import, service);
	bool fine = set_command(import, service, "up", job);

	set_needs(job, needs);
	return fine && set_millis(import, service, job, "timeout-up", "timeout") && add_down(import, service);
}

bool s6_add_script(struct import *import, struct s6_service *script, json_t *needs)
{
	AUTOFREE char *folder = copy_string(script->folder);
	char *slash = strrchr(folder, '/');
	json_t *job = add_job(import, script);

	set_program(job, "exec", script->path, NULL);
	set_needs(job, needs);
	*slash = '\0';
	note_script(import, script, folder, slash + 1);
	return true;
}
