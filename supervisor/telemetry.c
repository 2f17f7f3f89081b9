#include "telemetry.h"

#include <string.h>

#include "base/alloc.h"
#include "config/address.h"
#include "control/respond.h"
#include "metrics.h"
#include "page.h"

static void get_metrics(struct telemetry *telemetry, struct exchange *exchange)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	enum exposition_format format = strstr(exchange->request.accept, "application/openmetrics-text") ?
						EXPOSITION_OPEN : EXPOSITION_PROMETHEUS;
	json_t *status = telemetry->ops->status(telemetry);

	metrics_print(status, format, &text);
	json_decref(status);
	telemetry->ops->print_more(telemetry, format, &text);
	exposition_end(&text, format);
	exchange_answer(exchange, 200, exposition_content_type(format), text.data, text.used);
}

static void get_status(struct telemetry *telemetry, struct exchange *exchange)
{
	respond_json(exchange, telemetry->ops->status(telemetry));
}

static void get_alive(struct telemetry *telemetry, struct exchange *exchange)
{
	(void)telemetry;
	respond_text(exchange, 200, "alive");
}

static void get_ready(struct telemetry *telemetry, struct exchange *exchange)
{
	struct error why = ERROR_INIT;

	if (telemetry->ops->is_ready(telemetry, &why))
		respond_text(exchange, 200, "ready");
	else
		respond_text(exchange, 503, why.text);
}

static void get_graph(struct telemetry *telemetry, struct exchange *exchange)
{
	respond_json(exchange, telemetry->ops->graph(telemetry));
}

static void get_events(struct telemetry *telemetry, struct exchange *exchange)
{
	event_stream_add(&telemetry->events, exchange);
}

static void get_page(struct telemetry *telemetry, struct exchange *exchange)
{
	(void)telemetry;
	page_answer(exchange);
}

static void on_request(struct responder *responder, struct exchange *exchange)
{
	static const struct {
		const char *path;
		void (*serve)(struct telemetry *telemetry, struct exchange *exchange);
		bool of_page;
	} table[] = {
		{ "/metrics", get_metrics, false }, { "/status", get_status, false },
		{ "/livez", get_alive, false }, { "/readyz", get_ready, false },
		{ "/healthz", get_ready, false }, { "/graph", get_graph, true },
		{ "/events", get_events, true }, { "/", get_page, true }, { "/page.css", get_page, true },
		{ "/page.js", get_page, true }, { "/icon.svg", get_page, true },
	};
	struct telemetry *telemetry = container_of(responder, struct telemetry, responder);
	const char *method = exchange->request.method;

	if (telemetry->page)
		exchange->headers = page_headers();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (strcmp(table[i].path, exchange->request.path) != 0)
			continue;
		if (table[i].of_page && !telemetry->page)
			break;
		if (!strcmp(method, "GET") || !strcmp(method, "HEAD"))
			table[i].serve(telemetry, exchange);
		else
			respond_text(exchange, 405, "this path takes another method");
		return;
	}
	respond_text(exchange, 404, "there is no such path");
}

void telemetry_init(struct telemetry *telemetry, struct loop *loop, const struct telemetry_ops *ops)
{
	*telemetry = (struct telemetry){ .ops = ops, .loop = loop, .listening.fd = -1 };
	event_stream_init(&telemetry->events, &loop->bus, TELEMETRY_STREAMS);
}

/* free() the result. */
static char *choose_address(const struct telemetry_config *config, struct error *error)
{
	char *address;

	if (!config->interfaces.count)
		return copy_string(config->address);
	address = address_find(&config->interfaces, error);
	if (!address)
		fail_in(error, ".interfaces");
	return address;
}

bool telemetry_stage(const struct telemetry *telemetry, const struct telemetry_config *config,
		     struct listening *made, struct error *error)
{
	AUTOFREE char *address = config->port ? choose_address(config, error) : NULL;

	*made = (struct listening){ .fd = -1 };
	if (!config->port)
		return true;
	return (address && listen_tcp(made, &telemetry->listening, address, config->port, error)) ||
	       fail_in(error, "telemetry");
}

void telemetry_adopt(struct telemetry *telemetry, const struct listening *made, bool page)
{
	telemetry->page = page;
	if (!page)
		event_stream_end(&telemetry->events);
	if (listening_is(made, &telemetry->listening))
		return;
	telemetry_close(telemetry);
	if (!made->path)
		return;
	telemetry->listening = *made;
	responder_init(&telemetry->responder, telemetry->loop, made->fd, on_request);
}

void telemetry_close(struct telemetry *telemetry)
{
	if (!telemetry->listening.path)
		return;
	responder_release(&telemetry->responder);
	listening_close(&telemetry->listening);
}
