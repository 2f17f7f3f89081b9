#include "endpoints_v3.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "control/respond.h"
#include "endpoints.h"
#include "variables.h"

enum { LOGGED_MOST = 10 };		/* values of one body that no metric takes */

static void succeed(struct exchange *exchange)
{
	respond_text(exchange, 200, "");
}

/* Go's decoder takes the last of two values of one name, and null for an object without members.  NULL: the
 * body is neither, and that is answered. */
static json_t *read_object(struct exchange *exchange)
{
	json_error_t why;
	json_t *body = json_loadb(exchange->body, exchange->request.body, JSON_DECODE_ANY, &why);
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	if (json_is_object(body))
		return body;
	if (json_is_null(body))
		return json_object();
	if (body)
		buf_add(&text, "the body must be a JSON object");
	else
		buf_print(&text, "the body must be a JSON object: %s", why.text);
	json_decref(body);
	respond_text(exchange, 422, text.data);
	return NULL;
}

static void post_environ(struct endpoints *endpoints, struct exchange *exchange)
{
	CLEANUP(json_decrefp) json_t *body = read_object(exchange);
	AUTOFREE char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	CLEANUP(buf_release) struct buf answer = BUF_INIT;

	(void)endpoints;
	if (!body)
		return;
	if (json_object_size(body) && variables_change(text, strlen(text), &answer) != 200) {
		respond_text(exchange, 422, answer.data);
		return;
	}
	if (answer.used)
		endpoints_log_change(exchange, answer.data);
	succeed(exchange);
}

/* False: `answer` says why not. */
static bool set_metric(struct endpoints *endpoints, const char *name, json_t *value, struct buf *answer)
{
	CLEANUP(json_decrefp) json_t *one = json_object();
	AUTOFREE char *text = NULL;

	json_object_set(one, name, value);
	text = json_dumps(one, JSON_COMPACT);
	return user_metrics_set(&endpoints->metrics, text, strlen(text), answer) == 200;
}

static void post_metric(struct endpoints *endpoints, struct exchange *exchange)
{
	CLEANUP(json_decrefp) json_t *body = read_object(exchange);
	size_t refused = 0;
	const char *name;
	json_t *value;

	if (!body)
		return;
	json_object_foreach(body, name, value) {
		CLEANUP(buf_release) struct buf answer = BUF_INIT;

		if (!set_metric(endpoints, name, value, &answer) && refused++ < LOGGED_MOST)
			log_error("metric: %s", answer.data);
	}
	if (refused > LOGGED_MOST)
		log_error("metric: and %zu more values that no metric takes", refused - LOGGED_MOST);
	succeed(exchange);
}

static void post_reload(struct endpoints *endpoints, struct exchange *exchange)
{
	struct error error = ERROR_INIT;

	if (!endpoints_begin_reload(endpoints, exchange, &error))
		log_error("not reloaded: %s", error.text);
	succeed(exchange);
}

static void maintain(struct endpoints *endpoints, struct exchange *exchange, bool on)
{
	endpoints_set_maintenance(endpoints, exchange, on);
	succeed(exchange);
}

static void post_enable(struct endpoints *endpoints, struct exchange *exchange)
{
	maintain(endpoints, exchange, true);
}

static void post_disable(struct endpoints *endpoints, struct exchange *exchange)
{
	maintain(endpoints, exchange, false);
}

static void ping(struct endpoints *endpoints, struct exchange *exchange)
{
	(void)endpoints;
	succeed(exchange);
}

const struct endpoint *endpoints_v3(void)
{
	static const struct endpoint table[] = {
		{ "POST", "/v3/environ", post_environ },
		{ "POST", "/v3/env", post_environ },
		{ "POST", "/v3/metric", post_metric },
		{ "POST", "/v3/reload", post_reload },
		{ "POST", "/v3/maintenance/enable", post_enable },
		{ "POST", "/v3/maintenance/disable", post_disable },
		{ NULL, "/v3/ping", ping },
		{ 0 }
	};

	return table;
}
