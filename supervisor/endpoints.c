#include "endpoints.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/env.h"
#include "base/log.h"
#include "config/schema.h"
#include "control/respond.h"
#include "endpoints_v3.h"
#include "graph.h"
#include "template/utf8.h"
#include "variables.h"

enum { TAG_MOST = 128, TAGS_MOST = 32 };	/* bytes; of one service, by this socket */

/* An exchange that is not answered at once. */
struct client {
	struct list link;		/* in waiting */
	struct exchange *exchange;
};

static void on_gone(struct exchange *exchange)
{
	struct client *client = exchange->owner;

	list_remove(&client->link);
	free(client);
}

static void keep(struct list *list, struct exchange *exchange)
{
	struct client *client = NEW(struct client);

	*client = (struct client){ .exchange = exchange };
	list_append(list, &client->link);
	exchange->owner = client;
	exchange->on_gone = on_gone;
}

static bool body_is(const struct exchange *exchange, const char *text)
{
	return exchange->request.body == strlen(text) && !memcmp(exchange->body, text, strlen(text));
}

void endpoints_log_change(const struct exchange *exchange, const char *what)
{
	log_info("%s, asked for by uid %ld, pid %ld", what, (long)(int)exchange->uid, (long)exchange->pid);
}

bool endpoints_begin_reload(struct endpoints *endpoints, const struct exchange *exchange, struct error *error)
{
	if (!endpoints->ops->reload(endpoints, false, error))
		return false;
	endpoints_log_change(exchange, "reload");
	endpoints->reload_asked = true;
	return true;
}

void endpoints_set_maintenance(struct endpoints *endpoints, const struct exchange *exchange, bool on)
{
	endpoints_log_change(exchange, on ? "maintenance on" : "maintenance off");
	endpoints->ops->maintain(endpoints, on);
}

/* ---- what can be asked ---- */

static json_t *make_status(struct endpoints *endpoints)
{
	struct status_frame frame = { .phase = "" };
	json_t *document;

	endpoints->ops->frame(endpoints, &frame);
	frame.requests = &endpoints->requests;
	frame.events_dropped = endpoints->events.dropped + endpoints->telemetry.events.dropped;
	document = status_document(endpoints->units, &frame);
	containerpilot_telemetry_add_status(&endpoints->containerpilot, document);
	return document;
}

static json_t *make_graph(struct endpoints *endpoints)
{
	CLEANUP(json_decrefp) json_t *status = make_status(endpoints);

	return graph_document(endpoints->units, status, true);
}

static void get_status(struct endpoints *endpoints, struct exchange *exchange)
{
	respond_json(exchange, make_status(endpoints));
}

static void answer_unknown_job(const struct endpoints *endpoints, struct exchange *exchange, const char *name)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	CLEANUP(strv_release) struct strv names = { 0 };
	AUTOFREE char *list = NULL;
	struct suggestion suggestion;

	list_each(node, &endpoints->units->jobs)
		strv_push(&names, list_entry(node, struct job_unit, link)->job.config->name);
	suggestion = suggest(name, &names);
	list = strv_join(&names, ", ");
	buf_print(&text, "there is no job %s%s%s: %s", name, suggestion.text,
		  suggestion.text[0] ? " The jobs are" : "; the jobs are", list);
	respond_text(exchange, 404, text.data);
}

static void get_health(struct endpoints *endpoints, struct exchange *exchange)
{
	struct error why = ERROR_INIT;
	struct job_unit *unit = NULL;
	char name[256];

	if (request_query(&exchange->request, "job", name, sizeof name)) {
		unit = units_find_job(endpoints->units, name);
		if (!unit) {
			answer_unknown_job(endpoints, exchange, name);
			return;
		}
	}
	if (unit ? status_job_is_healthy(unit, &why) : status_is_healthy(endpoints->units, &why))
		respond_text(exchange, 200, "healthy");
	else
		respond_text(exchange, 503, why.text);
}

static void get_events(struct endpoints *endpoints, struct exchange *exchange)
{
	event_stream_add(&endpoints->events, exchange);
}

static void get_graph(struct endpoints *endpoints, struct exchange *exchange)
{
	respond_json(exchange, make_graph(endpoints));
}

static void post_reload(struct endpoints *endpoints, struct exchange *exchange)
{
	struct error error = ERROR_INIT;
	char unused[8];
	bool plan = request_query(&exchange->request, "dry-run", unused, sizeof unused);

	if (plan ? endpoints->ops->reload(endpoints, true, &error)
		 : endpoints_begin_reload(endpoints, exchange, &error))
		keep(plan ? &endpoints->planning : &endpoints->waiting, exchange);
	else
		respond_text(exchange, 409, error.text);
}

static void post_maintenance(struct endpoints *endpoints, struct exchange *exchange)
{
	bool on = body_is(exchange, "on");

	if (!on && !body_is(exchange, "off")) {
		respond_text(exchange, 400, "the body must be \"on\" or \"off\"");
		return;
	}
	endpoints_set_maintenance(endpoints, exchange, on);
	respond_text(exchange, 200, on ? "maintenance is on" : "maintenance is off");
}

static void send_signal(const struct job_unit *unit, struct exchange *exchange, const char *signal)
{
	struct hook *hook = unit->job.hook;
	int signo = signal_parse(signal);
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	if (!signo) {
		buf_print(&text, "%s is no signal", signal);
		respond_text(exchange, 400, text.data);
		return;
	}
	if (!hook || !hook->pid) {
		buf_print(&text, "%s has no process: %s", unit->job.config->name, job_state_name(unit->job.state));
		respond_text(exchange, 409, text.data);
		return;
	}
	buf_print(&text, "%s to %s", signal_name(signo), unit->job.config->name);
	endpoints_log_change(exchange, text.data);
	hook->ops->signal(hook, signo);
	respond_text(exchange, 200, text.data);
}

/* The job in the path.  NULL: there is none, and that is answered. */
static struct job_unit *find_job(const struct endpoints *endpoints, struct exchange *exchange)
{
	struct job_unit *unit = NULL;
	char name[256] = "";

	if (request_segment(&exchange->request, 2, name, sizeof name))
		unit = units_find_job(endpoints->units, name);
	if (!unit)
		answer_unknown_job(endpoints, exchange, name);
	return unit;
}

static void post_signal(struct endpoints *endpoints, struct exchange *exchange)
{
	const struct job_unit *unit = find_job(endpoints, exchange);
	char signal[32] = "";

	if (!unit)
		return;
	memcpy(signal, exchange->body, exchange->request.body < sizeof signal ? exchange->request.body : 0);
	send_signal(unit, exchange, signal);
}

static void change_job(struct endpoints *endpoints, struct exchange *exchange, enum job_change change)
{
	struct job_unit *unit = find_job(endpoints, exchange);
	AUTOFREE char *what = NULL;
	struct error error = ERROR_INIT;
	double seconds;

	if (!unit)
		return;
	what = format_string("%s of %s", job_change_name(change), unit->job.config->name);
	if (!endpoints->ops->may_change(endpoints, &seconds, &error))
		respond_text(exchange, 409, error.text);
	else if (job_requests_serve(&endpoints->jobs, exchange, unit, change, seconds))
		endpoints_log_change(exchange, what);
}

static void post_start(struct endpoints *endpoints, struct exchange *exchange)
{
	change_job(endpoints, exchange, CHANGE_START);
}

static void post_stop(struct endpoints *endpoints, struct exchange *exchange)
{
	change_job(endpoints, exchange, CHANGE_STOP);
}

static void post_restart(struct endpoints *endpoints, struct exchange *exchange)
{
	change_job(endpoints, exchange, CHANGE_RESTART);
}

/* The tag in the body; "" if it cannot be one, which is answered. */
static void read_tag(struct exchange *exchange, char tag[TAG_MOST + 1])
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	size_t size = exchange->request.body;
	bool fine = size && size <= TAG_MOST;

	for (size_t i = 0; fine && i < size; i++)
		fine = isgraph((unsigned char)exchange->body[i]) || (unsigned char)exchange->body[i] >= 0x80;
	fine = fine && utf8_is_valid(exchange->body, size);
	memcpy(tag, exchange->body, fine ? size : 0);
	tag[fine ? size : 0] = '\0';
	if (fine)
		return;
	buf_print(&text, "the body must be a tag of 1 to %d bytes without blanks", TAG_MOST);
	respond_text(exchange, 400, text.data);
}

static void tag_services(struct endpoints *endpoints, struct exchange *exchange, bool on)
{
	struct job_unit *unit = find_job(endpoints, exchange);
	AUTOFREE char *what = NULL;
	char tag[TAG_MOST + 1];

	if (!unit)
		return;
	if (!unit->service_count) {
		what = format_string("%s has no service in Consul", unit->job.config->name);
		respond_text(exchange, 409, what);
		return;
	}
	read_tag(exchange, tag);
	if (!*tag)
		return;
	if (on && unit->services->tags.count >= TAGS_MOST) {
		respond_text(exchange, 409, "the service has too many tags");
		return;
	}
	what = format_string("tag %s %s %s", tag, on ? "added to" : "removed from", unit->job.config->name);
	endpoints_log_change(exchange, what);
	for (size_t i = 0; i < unit->service_count; i++)
		service_tag(&unit->services[i], tag, on);
	respond_text(exchange, 200, what);
}

static void post_tag(struct endpoints *endpoints, struct exchange *exchange)
{
	tag_services(endpoints, exchange, true);
}

static void post_untag(struct endpoints *endpoints, struct exchange *exchange)
{
	tag_services(endpoints, exchange, false);
}

static void get_variables(struct endpoints *endpoints, struct exchange *exchange)
{
	char secrets[8] = "";

	(void)endpoints;
	request_query(&exchange->request, "secrets", secrets, sizeof secrets);
	respond_json(exchange, variables_document(!strcmp(secrets, "1")));
}

/* The log gets names alone. */
static void post_variables(struct endpoints *endpoints, struct exchange *exchange)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	int status = variables_change(exchange->body, exchange->request.body, &text);

	(void)endpoints;
	if (status == 200)
		endpoints_log_change(exchange, text.data);
	respond_text(exchange, status, text.data);
}

/* It may be sent every second, and changes nothing that runs: the log does not get it. */
static void post_metric(struct endpoints *endpoints, struct exchange *exchange)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	int status = user_metrics_set(&endpoints->metrics, exchange->body, exchange->request.body, &text);

	respond_text(exchange, status, text.data);
}

static const struct endpoint table[] = {
	{ "GET",  "/v4/status", get_status },
	{ "GET",  "/v4/health", get_health },
	{ "GET",  "/v4/events", get_events },
	{ "GET",  "/v4/graph", get_graph },
	{ "POST", "/v4/reload", post_reload },
	{ "POST", "/v4/maintenance", post_maintenance },
	{ "POST", "/v4/jobs/*/signal", post_signal },
	{ "POST", "/v4/jobs/*/start", post_start },
	{ "POST", "/v4/jobs/*/stop", post_stop },
	{ "POST", "/v4/jobs/*/restart", post_restart },
	{ "POST", "/v4/jobs/*/tag", post_tag },
	{ "POST", "/v4/jobs/*/untag", post_untag },
	{ "GET",  "/v4/env", get_variables },
	{ "POST", "/v4/env", post_variables },
	{ "POST", "/v4/metric", post_metric },
	{ 0 }
};

static bool path_matches(const char *pattern, const char *path)
{
	for (; *pattern; pattern++) {
		if (*pattern == '*') {
			path += strcspn(path, "/");
			continue;
		}
		if (*pattern != *path++)
			return false;
	}
	return !*path;
}

/* The row for the path and the method.  NULL: none; the exchange has a route if a row has the path. */
static const struct endpoint *find_endpoint(const struct endpoint *rows, struct exchange *exchange)
{
	const struct request *request = &exchange->request;
	const char *method = strcmp(request->method, "HEAD") ? request->method : "GET";

	for (; rows->path; rows++) {
		if (!path_matches(rows->path, request->path))
			continue;
		exchange->route = rows->path;
		if (!rows->method || !strcmp(rows->method, method))
			return rows;
	}
	return NULL;
}

static void on_request(struct responder *responder, struct exchange *exchange)
{
	struct endpoints *endpoints = container_of(responder, struct endpoints, responder);
	const struct endpoint *found = find_endpoint(table, exchange);

	if (!found)
		found = find_endpoint(endpoints_v3(), exchange);
	if (found)
		found->serve(endpoints, exchange);
	else if (exchange->route)
		respond_text(exchange, 405, "this path takes another method");
	else
		respond_text(exchange, 404, "there is no such path");
}

/* The next client of the list, which leaves it; NULL: there is none. */
static struct exchange *take_client(struct list *list)
{
	struct client *client = list_empty(list) ? NULL : list_entry(list->next, struct client, link);
	struct exchange *exchange = client ? client->exchange : NULL;

	if (client)
		list_remove(&client->link);
	free(client);
	return exchange;
}

void endpoints_reloaded(struct endpoints *endpoints, const char *refusal)
{
	if (endpoints->reload_asked && endpoints->containerpilot.on && !refusal)
		log_info("control: reloaded app via control plane");
	endpoints->reload_asked = false;
	for (struct exchange *exchange; (exchange = take_client(&endpoints->waiting)); )
		respond_text(exchange, refusal ? 422 : 200, refusal ? refusal : "reloaded");
}

void endpoints_planned(struct endpoints *endpoints, json_t *plan, const char *refusal)
{
	for (struct exchange *exchange; (exchange = take_client(&endpoints->planning)); )
		if (plan)
			respond_json(exchange, json_incref(plan));
		else
			respond_text(exchange, 422, refusal);
	json_decref(plan);
}

/* ---- the beginning and the end ---- */

static json_t *telemetry_status(struct telemetry *telemetry)
{
	return make_status(container_of(telemetry, struct endpoints, telemetry));
}

static json_t *telemetry_graph(struct telemetry *telemetry)
{
	return make_graph(container_of(telemetry, struct endpoints, telemetry));
}

bool endpoints_are_ready(struct endpoints *endpoints, struct error *why)
{
	struct status_frame frame = { .phase = "" };

	endpoints->ops->frame(endpoints, &frame);
	if (!strcmp(frame.phase, "stopping"))
		return fail(why, "stopping");
	if (source_holds(&endpoints->units->global, EVENT_ENTER_MAINTENANCE))
		return fail(why, "in maintenance");
	return status_is_healthy(endpoints->units, why);
}

static void telemetry_print_more(struct telemetry *telemetry, enum exposition_format format, struct buf *out)
{
	const struct endpoints *endpoints = container_of(telemetry, struct endpoints, telemetry);

	containerpilot_telemetry_print(&endpoints->containerpilot, &endpoints->requests, format, out);
	user_metrics_print(&endpoints->metrics, format, out);
}

static bool telemetry_is_ready(struct telemetry *telemetry, struct error *why)
{
	return endpoints_are_ready(container_of(telemetry, struct endpoints, telemetry), why);
}

void endpoints_init(struct endpoints *endpoints, struct units *units, const struct endpoints_ops *ops)
{
	static const struct telemetry_ops telemetry_ops = {
		telemetry_status, telemetry_graph, telemetry_is_ready, telemetry_print_more,
	};

	*endpoints = (struct endpoints){ .units = units, .ops = ops };
	list_init(&endpoints->waiting);
	list_init(&endpoints->planning);
	event_stream_init(&endpoints->events, &units->loop->bus, RESPONDER_MOST);
	telemetry_init(&endpoints->telemetry, units->loop, &telemetry_ops);
	job_requests_init(&endpoints->jobs, units);
	user_metrics_init(&endpoints->metrics);
	units->metrics = &endpoints->metrics;
	containerpilot_telemetry_init(&endpoints->containerpilot, units);
}

static bool stage_socket(struct endpoints *endpoints, const struct control_config *config,
			 struct listening *made, struct error *error)
{
	const char *present = endpoints->listening.path;
	mode_t mode = (mode_t)config->mode;
	struct error why = ERROR_INIT;
	bool fine;

	*made = (struct listening){ .fd = -1 };
	if (!config->socket)
		return true;
	if (present && !strcmp(present, config->socket)) {
		*made = endpoints->listening;
		fine = listening_permit(made, mode, config->group, &why);
	} else {
		fine = listen_unix(made, config->socket, mode, config->group, &why);
	}
	if (!fine && config->chosen)
		return fail(error, "control.socket: %s", why.text);
	if (!fine)
		log_info("there is no control socket: %s", why.text);
	return true;
}

static void close_socket(struct endpoints *endpoints)
{
	if (!endpoints->listening.path)
		return;
	env_give("PILOTFISH_SOCKET", NULL);
	responder_release(&endpoints->responder);
	listening_close(&endpoints->listening);
}

static void adopt_socket(struct endpoints *endpoints, const struct listening *made)
{
	if (listening_is(made, &endpoints->listening))
		return;
	close_socket(endpoints);
	if (!made->path)
		return;
	endpoints->listening = *made;
	env_give("PILOTFISH_SOCKET", made->path);
	responder_init(&endpoints->responder, endpoints->units->loop, made->fd, on_request);
	endpoints->responder.answers = &endpoints->requests;
}

bool endpoints_stage(struct endpoints *endpoints, const struct config *config,
		     struct staged_endpoints *made, struct error *error)
{
	if (!stage_socket(endpoints, &config->control, &made->control, error))
		return false;
	made->page = config->telemetry.page;
	if (telemetry_stage(&endpoints->telemetry, &config->telemetry, &made->telemetry, error))
		return true;
	listening_drop(&made->control, &endpoints->listening);
	return false;
}

void endpoints_adopt(struct endpoints *endpoints, struct config *config, struct staged_endpoints *made)
{
	containerpilot_telemetry_switch(&endpoints->containerpilot, config->containerpilot);
	if (config->containerpilot && made->control.path)
		log_info("control: serving at %s", made->control.path);
	user_metrics_take(&endpoints->metrics, &config->telemetry);
	adopt_socket(endpoints, &made->control);
	telemetry_adopt(&endpoints->telemetry, &made->telemetry, made->page);
}

void endpoints_drop(struct endpoints *endpoints, struct staged_endpoints *made)
{
	listening_drop(&made->control, &endpoints->listening);
	listening_drop(&made->telemetry, &endpoints->telemetry.listening);
}

void endpoints_close(struct endpoints *endpoints)
{
	close_socket(endpoints);
	job_requests_release(&endpoints->jobs);
	telemetry_close(&endpoints->telemetry);
	user_metrics_release(&endpoints->metrics);
	containerpilot_telemetry_release(&endpoints->containerpilot);
	answer_counts_release(&endpoints->requests);
}
