/* Input: the answers of a Consul to a service, three watches and their pool of connections, in any
 * order and in virtual time.  No real request is made: http_send() and the timers are replaced.
 *
 * Each byte is an action: an answer to a request that is under way, with a status, an index and a
 * body; the next timer; an event of the job.  Oracle: every request is well-formed, and a release
 * leaves no request and no timer behind.
 *
 * options: -max_len=2048
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/loop.h"
#include "consul/service.h"
#include "consul/watch/query_pool.h"
#include "consul/watch/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REQUESTS = 64, TIMERS = 64, WATCHES = 6, ACTIONS_MOST = 200, EVENTS_MOST = 1000 };

static struct {
	const uint8_t *at, *end;
	double now;
	struct http_request *requests[REQUESTS];
	size_t request_count;
	struct timer *timers[TIMERS];
	size_t timer_count;
} sim;

static void require(bool truth)
{
	if (!truth)
		__builtin_trap();
}

/* ---- what the linker replaces ---- */

#define SILENT(level) \
	void __wrap_log_##level(const char *format, ...) __attribute__((format(printf, 1, 2))); \
	void __wrap_log_##level(const char *format, ...) \
	{ \
		CLEANUP(buf_release) struct buf text = BUF_INIT; \
		va_list args; \
		va_start(args, format); \
		buf_vprint(&text, format, args); \
		va_end(args); \
	}
SILENT(debug)
SILENT(info)
SILENT(warn)
SILENT(error)

double __wrap_monotonic_now(void);
double __wrap_monotonic_now(void) { return sim.now; }
double __wrap_boottime_now(void);
double __wrap_boottime_now(void) { return sim.now; }

ssize_t __wrap_getrandom(void *bytes, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *bytes, size_t size, unsigned flags)
{
	(void)flags;
	memset(bytes, 0x55, size);
	return (ssize_t)size;
}

void __wrap_timer_init(struct timer *timer, struct loop *loop, timer_fn *fn);
void __wrap_timer_init(struct timer *timer, struct loop *loop, timer_fn *fn)
{
	*timer = (struct timer){ .loop = loop, .fn = fn };
}

bool __wrap_timer_is_set(const struct timer *timer);
bool __wrap_timer_is_set(const struct timer *timer) { return timer->ev.active; }

void __wrap_timer_stop(struct timer *timer);
void __wrap_timer_stop(struct timer *timer)
{
	for (size_t i = 0; i < sim.timer_count; i++)
		if (sim.timers[i] == timer)
			sim.timers[i] = sim.timers[--sim.timer_count];
	timer->ev.active = 0;
}

void __wrap_timer_set(struct timer *timer, double seconds);
void __wrap_timer_set(struct timer *timer, double seconds)
{
	__wrap_timer_stop(timer);
	require(sim.timer_count < TIMERS && isfinite(seconds));
	sim.timers[sim.timer_count++] = timer;
	timer->ev.active = 1;
	timer->ev.at = sim.now + fmax(seconds, 0);
}

void __wrap_netlink_start(struct netlink *netlink);
void __wrap_netlink_start(struct netlink *netlink) { (void)netlink; }

bool __wrap_http_is_busy(const struct http_request *request);
bool __wrap_http_is_busy(const struct http_request *request) { return request->http; }

void __wrap_http_cancel(struct http_request *request);
void __wrap_http_cancel(struct http_request *request)
{
	for (size_t i = 0; i < sim.request_count; i++)
		if (sim.requests[i] == request)
			sim.requests[i] = sim.requests[--sim.request_count];
	request->http = NULL;
}

static void require_json(const char *text)
{
	json_error_t where;
	json_t *json = json_loads(text, 0, &where);

	require(json != NULL);
	json_decref(json);
}

void __wrap_http_send(struct http *http, struct http_request *request);
void __wrap_http_send(struct http *http, struct http_request *request)
{
	__wrap_http_cancel(request);
	require(sim.request_count < REQUESTS && isfinite(request->timeout));
	require(!strncmp(request->url, "http://consul:8500/v1/", 22));
	for (const char *c = request->url; *c; c++)
		require((unsigned char)*c > ' ' && (unsigned char)*c < 0x7f);
	if (request->body && *request->body)
		require_json(request->body);
	request->http = http;
	sim.requests[sim.request_count++] = request;
}

/* ---- input ---- */

static unsigned take(void)
{
	return sim.at < sim.end ? *sim.at++ : 0;
}

static char *take_text(void)
{
	const uint8_t *end = memchr(sim.at, '\0', (size_t)(sim.end - sim.at));
	size_t length = (size_t)((end ? end : sim.end) - sim.at);
	char *text = copy_bytes((const char *)sim.at, length);

	sim.at += length + (end != NULL);
	return text;
}

/* For an empty text: an answer as Consul gives it. */
static const char *plausible(const char *url)
{
	static const struct { const char *path, *body; } rows[] = {
		{ "/v1/health/service/", "[{\"Node\":{\"Node\":\"n\"},\"Service\":{\"ID\":\"a\",\"Service\":\"a\","
		  "\"Address\":\"1.1.1.1\",\"Port\":8},\"Checks\":[{\"CheckID\":\"c\",\"Status\":\"passing\"}]}]" },
		{ "/v1/health/state/", "[{\"Node\":\"n\",\"CheckID\":\"c\",\"Status\":\"passing\",\"ServiceID\":\"d\","
		  "\"ServiceName\":\"d\",\"ModifyIndex\":7}]" },
		{ "/v1/catalog/services", "{\"d\":[\"x\"],\"a\":[]}" },
		{ "/v1/catalog/nodes", "[{\"Node\":\"n\",\"Address\":\"1.1.1.1\"}]" },
		{ "/v1/internal/acl/authorize", "[{\"Allow\":true},{\"Allow\":false}]" },
		{ "?keys", "[\"b\",\"c/d\"]" },
		{ "/v1/kv/", "[{\"Key\":\"b\",\"Value\":\"eA==\",\"ModifyIndex\":7}]" },
		{ "/v1/agent/services", "{\"web-x\":{\"ID\":\"web-x\",\"Service\":\"web\",\"Address\":\"192.0.2.1\","
		  "\"Port\":80}}" },
		{ "/v1/agent/checks", "{\"c\":{\"CheckID\":\"c\",\"ServiceID\":\"web-x\",\"Status\":\"critical\"}}" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strstr(url, rows[i].path))
			return rows[i].body;
	return "";
}

/* ---- what is under test ---- */

static struct {
	struct loop loop;
	struct consul_config consul;
	struct agent agent;
	struct source job, global;
	struct service_config config;
	struct verdict verdict;
	struct service service;
	struct watch_config watch_configs[WATCHES];
	struct watch watches[WATCHES];
} own;

static void settle(void)
{
	for (int i = 0; i < EVENTS_MOST && bus_drain(&own.loop.bus); i++)
		;
}

static void start(void)
{
	static const char *const names[WATCHES] = { "a", "b", "c", "d", "e", "f" };
	struct error error = ERROR_INIT;

	memset(&own, 0, sizeof own);
	bus_init(&own.loop.bus);
	list_init(&own.loop.deferred);
	own.consul = (struct consul_config){ .address = (char *)"consul", .tls.verify = true };
	require(agent_init(&own.agent, &own.loop, &own.consul, &error));
	source_init(&own.job, &own.loop.bus, "app", NULL);
	source_init(&own.global, &own.loop.bus, "global", NULL);
	own.config = (struct service_config){
		.name = (char *)"web", .port = 80, .ttl = 30, .initial_status = STATUS_WARNING,
		.weight_passing = 10, .weight_warning = 1, .deregister_after = 60,
		.leader_tag = (char *)"primary",
	};
	strv_push(&own.config.interfaces, "static:127.0.0.1");
	strv_push(&own.config.tags, "v2");
	own.verdict.output = (struct buf)BUF_INIT;
	service_init(&own.service, &own.agent, &own.config, &own.job, &own.verdict);
	for (size_t i = 0; i < WATCHES; i++) {
		struct watch_config *config = &own.watch_configs[i];

		*config = (struct watch_config){ .name = (char *)names[i], .kind = i % 3, .settle = 3 };
		config->service = config->key = config->prefix = (char *)names[i];
		watch_init(&own.watches[i], &own.agent, config);
		own.agent.pool->connections_max = 3;	/* the others are parked */
	}
	settle();
}

static void end(void)
{
	service_release(&own.service);
	for (size_t i = 0; i < WATCHES; i++)
		watch_release(&own.watches[i]);
	agent_release(&own.agent);
	source_release(&own.job);
	source_release(&own.global);
	bus_release(&own.loop.bus);
	buf_release(&own.verdict.output);
	strv_release(&own.config.interfaces);
	strv_release(&own.config.tags);
	require(!sim.request_count && !sim.timer_count);
}

/* ---- actions ---- */

static void act_answer(void)
{
	static const long statuses[] = { 200, 200, 200, 404, 403, 500, 429, 0 };
	static const unsigned long indexes[] = { 0, 1, 7, 8, 100, 1ul << 40, ULONG_MAX, 5 };
	unsigned which = take(), how = take();
	AUTOFREE char *text = take_text();
	struct http_request *request;

	if (!sim.request_count)
		return;
	request = sim.requests[which % sim.request_count];
	__wrap_http_cancel(request);
	request->status = statuses[how & 7];
	request->index = request->status ? indexes[how >> 3 & 7] : 0;
	request->connected = request->status || how & 0x80;
	request->error.text[0] = '\0';
	snprintf(request->local_address, sizeof request->local_address, "%s", "192.0.2.1");
	if (!request->status)
		snprintf(request->error.text, sizeof request->error.text, "%s", *text ? text : "refused");
	if (!request->reply.data)
		request->reply = (struct buf)BUF_INIT;
	buf_clear(&request->reply);
	if (request->status)
		buf_add(&request->reply, *text ? text : plausible(request->url));
	request->on_reply(request);
}

/* The timer that is due next, or a span without one. */
static void act_time(void)
{
	double span = 0.01 * take();
	struct timer *next = NULL;

	for (size_t i = 0; i < sim.timer_count; i++)
		if (!next || sim.timers[i]->ev.at < next->ev.at)
			next = sim.timers[i];
	if (!next || next->ev.at > sim.now + 100 * span) {
		sim.now += span;
		return;
	}
	sim.now = fmax(sim.now, next->ev.at);
	__wrap_timer_stop(next);
	next->fn(next);
}

static void act_job(void)
{
	static const enum event_code codes[] = {
		EVENT_RUNNING, EVENT_HEALTHY, EVENT_UNHEALTHY, EVENT_WARNING, EVENT_EXIT_FAILED,
		EVENT_DRAINING, EVENT_STOPPED, EVENT_RUNNING,
	};

	source_publish(&own.job, codes[take() & 7]);
}

static void act_verdict(void)
{
	AUTOFREE char *text = take_text();

	own.verdict.known = true;
	own.verdict.status = STATUS_CRITICAL + (int)(sim.now) % 3;
	buf_clear(&own.verdict.output);
	buf_add(&own.verdict.output, text);
}

static void act_role(void)
{
	unsigned which = take();

	if (which & 1)
		service_set_role(&own.service, which & 2);
	else
		service_set_maintenance(&own.service, which & 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const actions[])(void) = {
		act_answer, act_answer, act_answer, act_time, act_time, act_job, act_verdict, act_role,
	};

	memset(&sim, 0, sizeof sim);
	sim.at = data;
	sim.end = data + size;
	sim.now = 1000;
	start();
	for (int i = 0; i < ACTIONS_MOST && sim.at < sim.end; i++) {
		actions[take() & 7]();
		settle();
	}
	end();
	return 0;
}
