#include "agent.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/setting.h"
#include "base/url.h"
#include "config/secret.h"
#include "agent_address.h"

enum {
	TOKEN_MAX = 4096, REASON_MAX = 200,
	CONNECTIONS_MAX = 92,		/* of the 200 that Consul accepts from an address */
	WAIT = 60,			/* seconds; limits how long a stale index hides changes */
	SHORT_WAIT = 5,			/* while others are queued */
};
#define ANSWER_MAX ((size_t)64 << 20)	/* of a GET or POST; below, of a PUT */
#define RECEIPT_MAX ((size_t)64 << 10)
#define CONNECTION_LIMIT "limits.http_max_conns_per_client (200 by default)"
#define CONNECT_TIMEOUT 6.0		/* a resolver tries its first server for 5 s */

static void take_token(struct agent *agent, const char *token)
{
	AUTOFREE char *header = format_string("X-Consul-Token: %s", token);

	if (agent->token_header && !strcmp(agent->token_header, header))
		return;
	free(agent->token_header);
	agent->token_header = steal(&header);
	agent->token_number++;
}

static bool read_token(struct agent *agent, const char *path, struct error *error)
{
	char text[TOKEN_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	if (size < 0)
		return fail(error, "%s: %m", path);
	text[size] = '\0';
	if (strlen(text) != (size_t)size || !text[strspn(text, " \t\r\n")])
		return fail(error, "%s: the file has no token", path);
	if (!setting_trim(text, error))
		return fail_in(error, "%s", path);
	take_token(agent, text);
	return true;
}

/* If the file cannot be read, the last token stays in use. */
static void refresh_token(struct agent *agent)
{
	const char *path = agent->config->token_file;
	struct error error = ERROR_INIT;
	struct stat now;

	if (!path)
		return;
	if (stat(path, &now))
		memset(&now, 0, sizeof now);
	else if (file_is_unchanged(&agent->token_file, &now))
		return;
	agent->token_file = now;
	if (read_token(agent, path, &error)) {
		agent->token_wrong = false;
		return;
	}
	if (!agent->token_wrong)
		log_warn("consul token: %s", error.text);
	agent->token_wrong = true;
}

unsigned agent_token(struct agent *agent)
{
	refresh_token(agent);
	return agent->token_number;
}

static const char *address_of(const struct agent *agent)
{
	return agent->unix_socket ? agent->unix_socket : agent->config->address;
}

static void on_addresses(struct netlink *netlink)
{
	struct agent *agent = container_of(netlink, struct agent, netlink);

	list_each(node, &agent->address_watchers) {
		struct address_watcher *watcher = list_entry(node, struct address_watcher, link);

		watcher->on_change(watcher);
	}
}

void agent_watch_addresses(struct agent *agent, struct address_watcher *watcher)
{
	netlink_start(&agent->netlink);
	list_append(&agent->address_watchers, &watcher->link);
}

bool agent_init(struct agent *agent, struct loop *loop, const struct consul_config *config,
		struct error *error)
{
	*agent = (struct agent){
		.config = config,
		.tls = {
			.ca_file = config->tls.ca_file,
			.ca_path = config->tls.ca_path,
			.client_cert = config->tls.client_cert,
			.client_key = config->tls.client_key,
			.verify = config->tls.verify,
		},
	};
	http_init(&agent->http, loop);
	parser_init(&agent->parser, loop);
	netlink_init(&agent->netlink, loop, on_addresses);
	list_init(&agent->address_watchers);
	query_limit_init(&agent->query_limit);
	agent->http.connections_max = CONNECTIONS_MAX;
	budget_init(&agent->budget, loop, "consul.memory", config->memory_limit);
	source_init(&agent->source, &loop->bus, "consul", NULL);
	if (!agent_address_parse(agent, config->address, error)) {
		agent_release(agent);
		return fail_in(error, ".address");
	}
	if (config->token)
		take_token(agent, config->token);
	if (!config->tls.verify && !strncmp(agent->base, "https", 5))
		log_warn("consul at %s: its certificate is not verified", address_of(agent));
	if (secret_is_sent_openly(config))
		log_warn("consul at %s: the token is sent unencrypted over http to another host; "
			 "use https", address_of(agent));
	return true;
}

void agent_release(struct agent *agent)
{
	http_release(&agent->http);
	parser_release(&agent->parser);
	netlink_release(&agent->netlink);
	budget_release(&agent->budget);
	source_release(&agent->source);
	free(agent->base);
	free(agent->connect_to);
	free(agent->unix_socket);
	free(agent->token_header);
	answer_counts_release(&agent->answers);
}

static void now_up(struct agent *agent)
{
	char span[32];

	if (agent->state == AGENT_UP)
		return;
	if (agent->state == AGENT_DOWN) {
		duration_print(monotonic_now() - agent->down_since, span);
		log_info("consul at %s answers again after %s", address_of(agent), span);
	}
	agent->state = AGENT_UP;
	source_publish(&agent->source, EVENT_HEALTHY);
}

/* Other processes of this address may have all connections that the agent takes from it. */
static void now_down(struct agent *agent, const struct http_request *http)
{
	agent->acl_off = false;
	if (agent->state == AGENT_DOWN)
		return;
	log_warn("consul at %s does not answer: %s%s", address_of(agent), http->error.text,
		 http->turned_away ? "; it may be starting, or this address has reached its limit, "
				     CONNECTION_LIMIT : "");
	agent->state = AGENT_DOWN;
	agent->down_since = monotonic_now();
	source_publish(&agent->source, EVENT_UNHEALTHY);
}

/* A truncated or oversized answer is trouble of the request, not of the agent. */
static bool has_answered(const struct http_request *http)
{
	return http->status || http->size;
}

/* Agents before 1.9 answer 500 where newer ones answer 404. */
static bool is_unknown(const struct http_request *http)
{
	static const char *const words[] = {
		"does not have associated TTL", "Unknown check", "Unknown service",
	};

	for (size_t i = 0; http->status == 500 && i < sizeof words / sizeof *words; i++)
		if (strstr(http->reply.data, words[i]))
			return true;
	return false;
}

static enum agent_answer judge(const struct agent_request *request)
{
	const struct http_request *http = &request->http;

	if (http->status >= 200 && http->status < 300)
		return http->no_leader && !request->cached ? ANSWER_TROUBLE : ANSWER_OK;
	if (http->status == 404 || is_unknown(http))
		return ANSWER_MISSING;
	if (http->status == 401 || http->status == 403)
		return ANSWER_DENIED;
	if (http->status >= 300 && http->status < 500 && http->status != 429)
		return ANSWER_REFUSED;
	return ANSWER_TROUBLE;
}

static void take_parse(struct agent_request *request, struct parse *parse)
{
	request->http.error = parse->error;
	if (parse->good) {
		request->json = steal(&parse->json);
		request->reading = steal(&parse->reading);
		charge_set(&request->charge, parse->weight);
	}
}

static void on_parsed(struct parse *parse)
{
	struct agent_request *request = parse->owner;
	bool good = parse->good;

	request->parse = NULL;
	take_parse(request, parse);
	parse_free(parse);
	request->on_reply(request, good ? ANSWER_OK : ANSWER_TROUBLE);
}

static void parse_answer(struct agent_request *request)
{
	struct agent *agent = request->agent;
	struct http_request *http = &request->http;
	struct parse *parse = NEW(struct parse);

	*parse = (struct parse){
		.error = ERROR_INIT,
		.charge = { .budget = &agent->budget },
		.reading = request->new_reading ? request->new_reading(request) : NULL,
		.on_done = on_parsed,
		.owner = request,
	};
	parse->text = http_take_reply(http);
	request->parse = parse;
	parse_start(&agent->parser, parse);
}

/* Others of our connections are in use, so the agent lives. */
static void on_turned_away(struct agent *agent)
{
	if (query_limit_turned_away(&agent->query_limit))
		log_warn("consul at %s closes new connections: this address has reached its limit, "
			 CONNECTION_LIMIT, address_of(agent));
}

static void send_queued(struct agent *agent);

/* By the first part of the path behind /v1/. */
static void count_answer(const struct agent_request *request)
{
	const char *part = request->url + strlen(request->agent->base) + strlen("/v1/");

	answer_counts_add(&request->agent->answers, part, strcspn(part, "/?"), request->http.status);
}

static void on_http_reply(struct http_request *http)
{
	struct agent_request *request = container_of(http, struct agent_request, http);
	struct agent *agent = request->agent;
	enum agent_answer answer = judge(request);

	count_answer(request);
	query_limit_leave(&agent->query_limit, &request->queued);
	if (http->local_address[0] && strcmp(agent->local_address, http->local_address)) {
		memcpy(agent->local_address, http->local_address, sizeof agent->local_address);
		netlink_touch(&agent->netlink);
	}
	if (has_answered(http))
		now_up(agent);
	else if (http->turned_away && agent->state == AGENT_UP && agent->http.busy)
		on_turned_away(agent);
	else if (!request->own_http)
		now_down(agent, http);
	if (answer == ANSWER_DENIED)
		memset(&agent->token_file, 0, sizeof agent->token_file);	/* read it again */
	send_queued(agent);
	if (answer == ANSWER_OK && strcmp(http->method, "PUT"))
		parse_answer(request);
	else
		request->on_reply(request, answer);
}

static void on_unmade(struct timer *timer)
{
	struct agent_request *request = container_of(timer, struct agent_request, unmade);

	request->on_reply(request, ANSWER_REFUSED);
}

void agent_request_init(struct agent_request *request, struct agent *agent, const char *name,
			agent_reply_fn *on_reply)
{
	*request = (struct agent_request){
		.agent = agent,
		.name = copy_string(name),
		.on_reply = on_reply,
		.charge = { .budget = &agent->budget },
	};
	timer_init(&request->unmade, agent->http.loop, on_unmade);
}

void agent_forget_answer(struct agent_request *request)
{
	json_decref(request->json);
	request->json = NULL;
	if (request->reading)
		request->reading->free(request->reading);
	request->reading = NULL;
	charge_set(&request->charge, 0);
	http_forget_reply(&request->http);
}

struct reading *agent_take_reading(struct agent_request *request, bool missing)
{
	struct reading *reading = missing ? request->new_reading(request) : steal(&request->reading);

	if (missing)
		reading->run(reading, NULL);
	return reading;
}

json_t *agent_receipt(const struct agent_request *request)
{
	const struct buf *reply = &request->http.reply;
	json_error_t where;

	return json_loadb(reply->data, reply->used, 0, &where);
}

void agent_request_release(struct agent_request *request)
{
	if (!request->agent)
		return;
	agent_cancel(request);
	agent_forget_answer(request);
	free(request->name);
	free(request->url);
	free(request->body);
	*request = (struct agent_request){ 0 };
}

static char *make_url(const struct agent *agent, const char *path)
{
	const struct { const char *name, *value; } scope[] = {
		{ "ns", agent->config->namespace },
		{ "partition", agent->config->partition },
	};
	CLEANUP(buf_release) struct buf url = BUF_INIT;

	buf_print(&url, "%s%s", agent->base, path);
	for (size_t i = 0; i < sizeof scope / sizeof *scope; i++)
		url_add(&url, scope[i].name, scope[i].value);
	return buf_take(&url);
}

/* Takes `body`. */
static void ask(struct agent_request *request, const char *method, const char *path, char *body,
		double timeout)
{
	struct agent *agent = request->agent;
	const char *headers[3] = { NULL };
	size_t count = 0;

	agent_cancel(request);
	agent_forget_answer(request);
	refresh_token(agent);
	if (agent->token_header)
		headers[count++] = agent->token_header;
	if (body)
		headers[count++] = "Content-Type: application/json";
	free(request->url);
	free(request->body);
	request->url = make_url(agent, path);
	request->body = body;

	request->http.method = method;
	request->http.url = request->url;
	request->http.connect_to = agent->connect_to;
	request->http.unix_socket = agent->unix_socket;
	request->http.body = body;
	request->http.headers = headers;
	request->http.auth = agent->config->auth;
	request->http.tls = &agent->tls;
	request->http.timeout = timeout;
	request->http.connect_timeout = CONNECT_TIMEOUT;
	request->http.budget = strcmp(method, "PUT") ? &agent->budget : NULL;
	request->http.limit = strcmp(method, "PUT") ? ANSWER_MAX : RECEIPT_MAX;
	request->http.on_reply = on_http_reply;
	http_send(request->own_http ? request->own_http : &agent->http, &request->http);
	request->http.headers = NULL;		/* they were on our stack */
}

void agent_get(struct agent_request *request, const char *path, double timeout)
{
	ask(request, "GET", path, NULL, timeout);
}

static void send_wait(struct agent_request *request, const char *path, unsigned long index)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	int wait = list_empty(&request->agent->query_limit.queue) ? WAIT : SHORT_WAIT;

	buf_print(&text, "%s%cwait=%ds", path, strchr(path, '?') ? '&' : '?', wait);
	if (index)
		buf_print(&text, "&index=%lu", index);
	else
		buf_add(&text, "&consistent");
	/* Consul adds up to a sixteenth of the wait. */
	ask(request, "GET", text.data, NULL, wait * 17.0 / 16 + 5);
}

void agent_wait(struct agent_request *request, const char *path, unsigned long index)
{
	struct query_limit *limit = &request->agent->query_limit;

	agent_cancel(request);
	if (!query_limit_admits(limit, &request->queued, path, index))
		return;
	send_wait(request, path, index);
	query_limit_enter(limit, &request->queued);
}

static void send_queued(struct agent *agent)
{
	struct queued_query *query;

	while ((query = query_limit_next(&agent->query_limit))) {
		AUTOFREE char *path = copy_string(query->path);

		agent_wait(container_of(query, struct agent_request, queued), path, query->index);
	}
}

void agent_get_consistent(struct agent_request *request, const char *path)
{
	AUTOFREE char *text = format_string("%s%cconsistent", path, strchr(path, '?') ? '&' : '?');

	agent_get(request, text, AGENT_TIMEOUT);
}

void agent_put(struct agent_request *request, const char *path, char *body, double timeout)
{
	ask(request, "PUT", path, body, timeout);
}

void agent_post(struct agent_request *request, const char *path, char *body, double timeout)
{
	ask(request, "POST", path, body, timeout);
}

static void refuse_unmade(struct agent_request *request)
{
	struct http_request *http = &request->http;

	agent_cancel(request);
	agent_forget_answer(request);
	http->status = 0;
	http->error = (struct error)ERROR_INIT;
	fail(&http->error, "the request has a text that is not UTF-8");
	if (request->logged_failure != ANSWER_REFUSED)
		log_error("%s: %s, so it is not sent", request->name, http->error.text);
	request->logged_failure = ANSWER_REFUSED;
	timer_set(&request->unmade, 0);
}

static void ask_json(struct agent_request *request, const char *method, const char *path,
		     json_t *body, double timeout)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	json_decref(body);
	if (text)
		ask(request, method, path, text, timeout);
	else
		refuse_unmade(request);
}

void agent_put_json(struct agent_request *request, const char *path, json_t *body, double timeout)
{
	ask_json(request, "PUT", path, body, timeout);
}

void agent_post_json(struct agent_request *request, const char *path, json_t *body, double timeout)
{
	ask_json(request, "POST", path, body, timeout);
}

bool agent_is_busy(const struct agent_request *request)
{
	return http_is_busy(&request->http) || request->parse || timer_is_set(&request->unmade) ||
	       query_limit_is_queued(&request->queued);
}

void agent_cancel(struct agent_request *request)
{
	timer_stop(&request->unmade);
	if (request->agent && query_limit_leave(&request->agent->query_limit, &request->queued))
		send_queued(request->agent);
	http_cancel(&request->http);
	if (request->parse)
		parse_abandon(request->parse);
	request->parse = NULL;
}

void agent_explain(const struct agent_request *request, struct error *error)
{
	const struct http_request *http = &request->http;
	size_t size = 0;

	if (!http->status || http->error.text[0]) {
		fail(error, "%s", http->error.text);
		return;
	}
	if (http->status >= 200 && http->status < 300) {
		fail(error, http->no_leader ? "an answer without a leader"
					    : "an answer that is not JSON");
		return;
	}
	while (size < http->reply.used && (unsigned char)http->reply.data[size] >= ' ')
		size++;
	size = utf8_cut(http->reply.data, size, REASON_MAX);
	fail(error, "%ld %.*s", http->status, (int)size, http->reply.data);
}

void agent_log_failure(struct agent_request *request, enum agent_answer answer,
		    const struct error *error)
{
	static const char *const verbs[] = {
		[ANSWER_MISSING] = "does not know",
		[ANSWER_DENIED] = "refuses our token for",
		[ANSWER_TROUBLE] = "cannot serve",
		[ANSWER_REFUSED] = "rejects",
	};

	if (!has_answered(&request->http) || request->logged_failure == answer)
		return;
	request->logged_failure = answer;
	log_warn("consul %s %s: %s", verbs[answer], request->name, error->text);
}

void agent_log_success(struct agent_request *request)
{
	if (request->logged_failure)
		log_info("consul serves %s again", request->name);
	request->logged_failure = ANSWER_OK;
}
