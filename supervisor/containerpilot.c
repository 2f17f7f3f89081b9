#include "containerpilot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/env.h"
#include "command/containerpilot_flags.h"
#include "command/control_client.h"
#include "app.h"
#include "init_options.h"
#include "verbs.h"

#define VARIABLE "CONTAINERPILOT"
#define DEFAULT_SOCKET "/var/run/containerpilot.socket"

enum { EXIT_USAGE = 2 };

static const double client_timeout = 5, reload_timeout = 60;

static bool has_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return path && !strcmp(slash ? slash + 1 : path, "containerpilot");
}

static bool is_verb(const char *word)
{
	for (const struct verb *verb = verb_table(); verb->name; verb++)
		if (!strcmp(verb->name, word))
			return true;
	return false;
}

bool containerpilot_is_meant(int argc, char **argv)
{
	const char *first = argc > 1 ? argv[1] : NULL, *variable = getenv(VARIABLE);

	if (has_name(argc ? argv[0] : NULL))
		return true;
	if (init_options_are_meant(1, argv))	/* by another program's name */
		return false;
	if (first && containerpilot_flags_have(first))
		return true;
	return variable && *variable && !getenv("PILOTFISH_CONFIG") &&
	       (!first || (*first != '-' && !is_verb(first)));
}

/* ---- the configuration ---- */

static bool find_source(const struct containerpilot_flags *flags, struct load_source *source,
			struct error *error)
{
	const char *value = flags->config ? flags->config : getenv(VARIABLE);

	if (!value || !*value)
		return fail(error, "there is no configuration: -config PATH is required, or " VARIABLE " in the "
			    "environment, with a path, file://PATH or the text itself");
	*source = (struct load_source){
		.path = containerpilot_path(value), .command = flags->command, .containerpilot = true,
	};
	if (source->path)
		return true;
	source->path = flags->config ? "-config" : VARIABLE;
	source->text = value;
	return true;
}

struct run_call {
	struct app_call app;
	struct load_source source;
};

static struct config *load(const struct app_call *app, struct task *task, struct load_error *error)
{
	return load_config_from(&container_of(app, const struct run_call, app)->source, task, error);
}

static int run(const struct containerpilot_flags *flags)
{
	struct run_call call = { .app = { .load = load, .failure = EXIT_FAILURE } };
	struct error error = ERROR_INIT;

	if (!find_source(flags, &call.source, &error))
		return command_fail(EXIT_FAILURE, &error);
	call.app.name = call.source.path;
	return app_run(&call.app);
}

/* ---- what needs no running one ---- */

static bool print_version(const struct containerpilot_flags *flags, int *code)
{
	CLEANUP(json_decrefp) json_t *version = flags->version ? version_document() : NULL;
	const char *commit = json_string_value(json_object_get(version, "commit"));

	if (!version)
		return false;
	printf("Version: %s\nGitHash: %s\n", json_string_value(json_object_get(version, "version")),
	       commit ? commit : "unknown");
	*code = EXIT_SUCCESS;
	return true;
}

static bool write_text(const char *path, const char *text, struct error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	bool fine = file && fputs(text, file) >= 0;

	fine = file && !fclose(file) && fine;
	return fine || fail(error, "-out: cannot write %s: %s", path, strerror(errno));
}

static bool render(const struct containerpilot_flags *flags, int *code)
{
	CLEANUP(load_error_release) struct load_error why = { .code = 0 };
	const char *out = flags->out ? flags->out : "-";
	struct load_source source = { .path = NULL };
	struct error error = ERROR_INIT;
	AUTOFREE char *text = NULL;

	if (!flags->render)
		return false;
	*code = EXIT_FAILURE;
	if (find_source(flags, &source, &error))
		text = load_rendered_from(&source, &why);
	else
		load_error_add(&why, &error);
	if (!text)
		command_fail_load(&why);
	else if (strcmp(out, "-") && !write_text(strncmp(out, "file://", 7) ? out : out + 7, text, &error))
		command_fail(EXIT_FAILURE, &error);
	else
		*code = EXIT_SUCCESS;
	if (text && *code == EXIT_SUCCESS && !strcmp(out, "-"))
		fputs(text, stdout);
	return true;
}

/* ---- clients of a running one ---- */

/* A broken file must not hinder its operator. */
static char *guess_socket(const char *reason)
{
	const char *given = env_get("PILOTFISH_SOCKET");
	const char *path = given && *given == '/' ? given : DEFAULT_SOCKET;
	struct error note = ERROR_INIT;

	fail(&note, "the control socket %s is asked: %.300s", path, reason);
	command_fail(EXIT_FAILURE, &note);
	return copy_string(path);
}

/* NULL: the configuration has no socket. */
static char *find_socket(const struct containerpilot_flags *flags)
{
	CLEANUP(load_error_release) struct load_error why = { .code = 0 };
	struct error error = ERROR_INIT;
	struct load_source source = { .path = NULL };
	struct config *config;
	char *path;

	if (!find_source(flags, &source, &error))
		return guess_socket(error.text);
	config = load_config_from(&source, NULL, &why);
	if (!config)
		return guess_socket(why.mistakes.items[0]);
	path = steal(&config->control.socket);
	if (!path)
		fprintf(stderr, "pilotfish: %s: control.socket is \"off\"\n", source.path);
	config_free(config);
	return path;
}

static int ask(const struct containerpilot_flags *flags, const char *option, struct control_request *request)
{
	AUTOFREE char *socket = find_socket(flags);
	struct error error = ERROR_INIT;
	bool fine = false;

	if (!socket)
		return EXIT_FAILURE;
	if (control_ask(&(struct call){ .socket = socket }, request, &error) == 0)
		fine = request->status == 200 ||
		       fail(&error, "%.*s", (int)strcspn(request->answer.data, "\n"), request->answer.data);
	buf_release(&request->answer);
	if (fine)
		return EXIT_SUCCESS;
	fail_in(&error, "%s", option);
	return command_fail(EXIT_FAILURE, &error);
}

static bool reload(const struct containerpilot_flags *flags, int *code)
{
	struct control_request request = { .method = "POST", .path = "/v4/reload", .timeout = reload_timeout };

	if (flags->reload)
		*code = ask(flags, "-reload", &request);
	return flags->reload;
}

static bool maintain(const struct containerpilot_flags *flags, int *code)
{
	struct control_request request = {
		.method = "POST", .path = "/v3/maintenance/disable", .timeout = client_timeout,
	};

	if (!flags->maintenance)
		return false;
	if (!strcmp(flags->maintenance, "enable"))
		request.path = "/v3/maintenance/enable";
	*code = ask(flags, "-maintenance", &request);
	return true;
}

static bool put(const struct containerpilot_flags *flags, const char *option, const char *path,
		const json_t *pairs, int *code)
{
	AUTOFREE char *text = pairs ? json_dumps(pairs, JSON_COMPACT) : NULL;
	struct control_request request = {
		.method = "POST", .path = path, .body = text, .timeout = client_timeout,
	};

	if (pairs)
		*code = ask(flags, option, &request);
	return pairs;
}

static bool put_variables(const struct containerpilot_flags *flags, int *code)
{
	return put(flags, "-putenv", "/v3/environ", flags->variables, code);
}

static bool put_metrics(const struct containerpilot_flags *flags, int *code)
{
	return put(flags, "-putmetric", "/v3/metric", flags->metrics, code);
}

static bool ping(const struct containerpilot_flags *flags, int *code)
{
	struct control_request request = { .method = "GET", .path = "/v3/ping", .timeout = client_timeout };

	if (!flags->ping)
		return false;
	*code = ask(flags, "-ping", &request);
	if (*code == EXIT_SUCCESS)
		puts("ok");
	return true;
}

/* ---- all of them ---- */

static int print_usage(const struct error *error)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	if (error->text[0])
		command_fail(EXIT_USAGE, error);
	containerpilot_flags_print_usage(&text);
	fputs(text.data, stderr);
	return EXIT_USAGE;
}

int containerpilot_main(char **argv)
{
	/* False: not asked for.  The first one counts. */
	static bool (*const actions[])(const struct containerpilot_flags *flags, int *code) = {
		print_version, render, reload, maintain, put_variables, put_metrics, ping,
	};
	CLEANUP(containerpilot_flags_release) struct containerpilot_flags flags;
	struct error error = ERROR_INIT;
	int code;

	if (!containerpilot_flags_parse(&flags, argv + !!argv[0], &error) || flags.help)
		return print_usage(&error);
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (actions[i](&flags, &code))
			return code;
	return run(&flags);
}
