/* `pilotfish ps`: the whole application as a table or as JSON; with --watch at each change anew. */
#include "command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/printable.h"
#include "application.h"
#include "consul_config.h"
#include "text_table.h"

enum { LINE_MOST = 400 };		/* bytes of a text above the tables */
#define COLLECT 0.05			/* changes of this time are one */
static const double default_timeout = 15;

struct ps {
	const struct call *call;
	struct loop loop;
	struct agent agent;
	struct application application;
	struct timer deadline, collect;
	struct io output;		/* with --watch: notices that its reader is gone */
	bool complete;			/* all was known once */
	char *shown;			/* the text that was printed last; NULL: none */
	struct error failure;
	int code;
};

/* ---- as text ---- */

static void print_candidates(const json_t *candidates, struct buf *cell)
{
	json_t *candidate;
	size_t i;

	json_array_foreach(candidates, i, candidate) {
		buf_add(cell, i ? ", " : "");
		cell_text(json_object_get(candidate, "id"), cell);
		buf_add(cell, " (");
		cell_text(json_object_get(candidate, "status"), cell);
		buf_add(cell, ")");
	}
}

static void print_paused(const json_t *pause, struct buf *cell)
{
	buf_add(cell, json_is_object(pause) ? "yes" : "no");
}

static const struct column service_columns[] = {
	{ "SERVICE", "name", cell_text }, { "ID", "id", cell_text }, { "NODE", "node", cell_text },
	{ "ADDRESS", "address", cell_text }, { "PORT", "port", cell_count }, { "STATUS", "status", cell_text },
	{ "STARTED", "started", cell_time }, { "CHECK", "output", cell_text }, { 0 }
};
static const struct column election_columns[] = {
	{ "ELECTION", "election", cell_text }, { "LEADER", "leader", cell_text },
	{ "ADDRESS", "address", cell_text }, { "EPOCH", "epoch", cell_number }, { "SINCE", "since", cell_time },
	{ "PAUSED", "paused", print_paused }, { "CANDIDATES", "candidates", print_candidates }, { 0 }
};
static const struct column hidden_columns[] = {
	{ "HIDDEN FROM US", "what", cell_text }, { "RULE THAT IS MISSING", "rule", cell_text }, { 0 }
};

static void print_line(const char *title, const json_t *value, struct buf *out)
{
	const char *text = json_string_value(value);

	if (!text)
		return;
	buf_add(out, title);
	printable_add(out, text, utf8_cut(text, strlen(text), LINE_MOST), PRINTABLE_PLAIN);
	buf_add(out, "\n");
}

static void print_table(const json_t *document, bool coloured, struct buf *out)
{
	const json_t *consul = json_object_get(document, "consul");
	const json_t *services = json_object_get(document, "services");

	print_line("consul at ", json_object_get(consul, "address"), out);
	print_line("consul does not answer, so this may be outdated: ", json_object_get(consul, "problem"), out);
	print_line("not healthy: ", json_object_get(document, "trouble"), out);
	if (!json_array_size(services))
		buf_add(out, "no pilotfish has registered a service\n");
	text_table_print(service_columns, services, coloured, out);
	text_table_print(election_columns, json_object_get(document, "elections"), coloured, out);
	text_table_print(hidden_columns, json_object_get(document, "hidden"), coloured, out);
}

/* One line for each document with --watch, so that a reader can tell them apart. */
static void print_document(const struct call *call, const json_t *document, struct buf *out)
{
	size_t format = call->watch ? JSON_COMPACT : JSON_INDENT(2);
	AUTOFREE char *text = NULL;

	if (!call->json) {
		print_table(document, command_is_coloured(call), out);
		return;
	}
	text = json_dumps(document, format | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
	buf_print(out, "%s\n", text);
}

/* ---- to the terminal ---- */

/* The lines that fit, each cut by the terminal, over those of before. */
static void draw(const char *text, struct buf *out)
{
	struct winsize size = { .ws_row = 0 };
	unsigned lines = 1;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row)
		size.ws_row = 24;
	buf_add(out, "\x1b[?7l\x1b[H");
	for (const char *end; (end = strchr(text, '\n')) && lines < size.ws_row; text = end + 1, lines++)
		buf_print(out, "%.*s\x1b[K\n", (int)(end - text), text);
	buf_add(out, "\x1b[J\x1b[?7h");
}

static bool is_drawn(const struct ps *ps)
{
	return ps->call->watch && !ps->call->json && isatty(STDOUT_FILENO);
}

/* False: nothing reads it any more. */
static bool print_text(const struct ps *ps, const char *text)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT;

	if (is_drawn(ps))
		draw(text, &out);
	else
		buf_print(&out, "%s%s", ps->shown && !ps->call->json ? "\n" : "", text);
	return fwrite(out.data, 1, out.used, stdout) == out.used && !fflush(stdout);
}

/* ---- what happens ---- */

static void end(struct ps *ps, int code)
{
	ps->code = code;
	loop_stop(&ps->loop);
}

static void fail_with(struct ps *ps, int code, const char *why)
{
	fail(&ps->failure, "%s", why);
	end(ps, code);
}

static int code_of(const json_t *document)
{
	return json_is_string(json_object_get(document, "trouble")) ? 1 : EX_OK;
}

/* Nothing is visible, and our token lacks rights: that is no answer. */
static bool sees_nothing(const json_t *document)
{
	return !json_array_size(json_object_get(document, "services")) &&
	       !json_array_size(json_object_get(document, "elections")) &&
	       json_array_size(json_object_get(document, "hidden"));
}

static void refuse(struct ps *ps, const json_t *document)
{
	const json_t *hidden = json_object_get(document, "hidden"), *entry;
	CLEANUP(buf_release) struct buf why = BUF_INIT;
	size_t i;

	buf_add(&why, "our token may not read the catalogue; it needs ");
	json_array_foreach(hidden, i, entry) {
		buf_print(&why, "%s%s", i ? ", " : "", json_string_value(json_object_get(entry, "rule")));
	}
	fail_with(ps, EX_NOPERM, why.data);
}

static void show(struct ps *ps)
{
	CLEANUP(json_decrefp) json_t *document = application_json(&ps->application);
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	if (!ps->shown && sees_nothing(document)) {
		refuse(ps, document);
		return;
	}
	print_document(ps->call, document, &text);
	if (ps->shown && !strcmp(ps->shown, text.data))
		return;
	if (!print_text(ps, text.data))
		end(ps, EX_OK);
	else if (!ps->call->watch)
		end(ps, code_of(document));
	free(ps->shown);
	ps->shown = buf_take(&text);
}

static void on_collected(struct timer *timer)
{
	struct ps *ps = container_of(timer, struct ps, collect);

	ps->complete = ps->complete || application_is_known(&ps->application);
	if (!ps->complete)
		return;
	timer_stop(&ps->deadline);
	show(ps);
}

static void on_change(struct application *application)
{
	struct ps *ps = container_of(application, struct ps, application);

	if (!timer_is_set(&ps->collect))
		timer_set(&ps->collect, ps->complete ? COLLECT : 0);
}

static void on_failed(struct application *application, int code, const char *why)
{
	fail_with(container_of(application, struct ps, application), code, why);
}

static void on_deadline(struct timer *timer)
{
	struct ps *ps = container_of(timer, struct ps, deadline);
	char span[32];

	duration_print(command_timeout(ps->call, default_timeout), span);
	application_explain(&ps->application, &ps->failure);
	fail_in(&ps->failure, "not within %s", span);
	end(ps, EX_UNAVAILABLE);
}

static void on_signal(struct loop *loop, const struct signalfd_siginfo *info)
{
	struct ps *ps = container_of(loop, struct ps, loop);

	if (info->ssi_signo != SIGWINCH) {
		end(ps, 128 + (int)info->ssi_signo);
	} else if (ps->shown && is_drawn(ps) && !print_text(ps, ps->shown)) {
		end(ps, EX_OK);
	}
}

/* The reading end of a pipe is closed. */
static void on_output(struct io *io, int events)
{
	(void)events;
	end(container_of(io, struct ps, output), EX_OK);
}

/* ---- the beginning and the end ---- */

static void watch_output(struct ps *ps)
{
	struct stat output;

	io_init(&ps->output, &ps->loop, on_output);
	if (ps->call->watch && !fstat(STDOUT_FILENO, &output) && S_ISFIFO(output.st_mode))
		io_set(&ps->output, STDOUT_FILENO, IO_READ);
}

static void take_signals(struct ps *ps)
{
	static const int taken[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		sigaddset(&set, taken[i]);
	loop_take_signals(&ps->loop, &set, on_signal);
}

static void run(struct ps *ps, const struct config *config)
{
	static const struct application_ops ops = { on_change, on_failed };

	take_signals(ps);
	watch_output(ps);
	timer_init(&ps->deadline, &ps->loop, on_deadline);
	timer_init(&ps->collect, &ps->loop, on_collected);
	timer_set(&ps->deadline, command_timeout(ps->call, default_timeout));
	application_start(&ps->application, &ps->agent, config, &ops);
	loop_run(&ps->loop);
	application_stop(&ps->application);
	timer_stop(&ps->deadline);
	timer_stop(&ps->collect);
	io_stop(&ps->output);
	free(ps->shown);
}

static int show_application(const struct call *call, const struct config *config)
{
	struct ps ps = { .call = call, .failure = ERROR_INIT };

	loop_init(&ps.loop);
	log_open(&ps.loop, "stderr", LEVEL_ERROR, FORMAT_TEXT);		/* we print errors ourselves */
	if (agent_init(&ps.agent, &ps.loop, &config->consul, &ps.failure)) {
		run(&ps, config);
		agent_release(&ps.agent);
	} else {
		ps.code = EX_DATAERR;
	}
	log_close();
	loop_release(&ps.loop);
	if (*ps.failure.text)
		command_fail(ps.code, &ps.failure);
	return ps.code;
}

int cmd_ps(const struct call *call)
{
	CLEANUP(load_error_release) struct load_error error = { .code = EX_DATAERR };
	struct config *config = consul_config_find(call, &error);
	int code;

	if (!config)
		return command_fail_load(&error);
	config->consul.once = !call->watch;
	code = show_application(call, config);
	config_free(config);
	return code;
}
