#include "command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/printable.h"
#include "base/setting.h"
#include "containerpilot_flags.h"

char *command_config_path(const struct call *call, struct load_error *error)
{
	const char *other = getenv("CONTAINERPILOT");
	struct error reason = ERROR_INIT;
	char *path = NULL;

	if (call->config)
		return copy_string(call->config);
	if (!setting_get("PILOTFISH_CONFIG", &path, &reason)) {
		load_error_add(error, &reason);
		return NULL;
	}
	if (!path && other && *other)
		path = copy_string(containerpilot_path(other));
	return path ? path : copy_string(DEFAULT_CONFIG);
}

/* A message of a template has several lines. */
static int fail_text(int code, const char *line)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	const char *end;

	for (; (end = strchr(line, '\n')); line = end + 1) {
		printable_add(&text, line, (size_t)(end - line), PRINTABLE_PLAIN);
		buf_add_char(&text, '\n');
	}
	printable_add(&text, line, strlen(line), PRINTABLE_PLAIN);
	fprintf(stderr, "pilotfish: %s\n", text.data);
	return code;
}

int command_fail(int code, const struct error *error)
{
	return fail_text(code, error->text);
}

int command_fail_load(const struct load_error *error)
{
	for (size_t i = 0; i < error->mistakes.count; i++)
		fail_text(error->code, error->mistakes.items[i]);
	return error->code;
}

int command_usage(const char *format, ...)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	AUTOFREE char *printable = NULL;
	va_list args;

	va_start(args, format);
	buf_vprint(&text, format, args);
	va_end(args);
	printable = printable_copy(text.data);
	fprintf(stderr, "pilotfish: %s; try `pilotfish help`\n", printable);
	return EX_USAGE;
}

/* --color, else https://no-color.org. */
bool command_is_coloured(const struct call *call)
{
	const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");

	if (call->color && strcmp(call->color, "auto"))
		return !strcmp(call->color, "always");
	return isatty(STDOUT_FILENO) && !(none && *none) && !(terminal && !strcmp(terminal, "dumb"));
}

int command_print_json(const json_t *document)
{
	AUTOFREE char *text = json_dumps(document, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);

	puts(text);
	return EX_OK;
}

double command_timeout(const struct call *call, double preset)
{
	return call->timeout > 0 ? call->timeout : preset;
}
