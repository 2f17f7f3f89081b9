#include "telemetry.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "control/respond.h"
#include "control/listen.h"
#include "metrics.h"

static void get_metrics(struct telemetry *telemetry, struct exchange *exchange)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	enum metrics_format format = strstr(exchange->request.accept, "application/openmetrics-text") ?
					     METRICS_OPEN : METRICS_PROMETHEUS;
	json_t *status = telemetry->ops->status(telemetry);

	metrics_print(status, format, &text);
	json_decref(status);
	exchange_answer(exchange, 200, metrics_content_type(format), text.data, text.used);
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

/* From a document, as all that is told. */
static void get_ready(struct telemetry *telemetry, struct exchange *exchange)
{
	json_t *status = telemetry->ops->status(telemetry);
	const char *trouble = json_string_value(json_object_get(status, "trouble"));
	const char *phase = json_string_value(json_object_get(status, "phase"));

	if (!strcmp(phase, "stopping"))
		respond_text(exchange, 503, "stopping");
	else if (json_is_true(json_object_get(status, "maintenance")))
		respond_text(exchange, 503, "in maintenance");
	else
		respond_text(exchange, trouble ? 503 : 200, trouble ? trouble : "ready");
	json_decref(status);
}

static void on_request(struct responder *responder, struct exchange *exchange)
{
	static const struct {
		const char *path;
		void (*serve)(struct telemetry *telemetry, struct exchange *exchange);
	} table[] = {
		{ "/metrics", get_metrics }, { "/status", get_status }, { "/livez", get_alive },
		{ "/readyz", get_ready }, { "/healthz", get_ready },
	};
	struct telemetry *telemetry = container_of(responder, struct telemetry, responder);
	const char *method = exchange->request.method;

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (strcmp(table[i].path, exchange->request.path) != 0)
			continue;
		if (!strcmp(method, "GET") || !strcmp(method, "HEAD"))
			table[i].serve(telemetry, exchange);
		else
			respond_text(exchange, 405, "this path takes another method");
		return;
	}
	respond_text(exchange, 404, "there is no such path");
}

void telemetry_init(struct telemetry *telemetry, const struct telemetry_ops *ops)
{
	*telemetry = (struct telemetry){ .ops = ops, .port.fd = -1 };
}

static bool is_present(const struct telemetry *telemetry, const struct telemetry_port *made)
{
	return made->place && made->place == telemetry->port.place;
}

bool telemetry_stage(const struct telemetry *telemetry, const struct telemetry_config *config,
		     struct telemetry_port *made, struct error *error)
{
	AUTOFREE char *place = format_string("%s port %ld", config->address, config->port);

	*made = (struct telemetry_port){ .fd = -1 };
	if (!config->port)
		return true;
	if (telemetry->port.place && !strcmp(telemetry->port.place, place)) {
		*made = telemetry->port;
		return true;
	}
	made->fd = listen_tcp(config->address, config->port, error);
	if (made->fd < 0)
		return fail_in(error, "telemetry");
	made->place = steal(&place);
	return true;
}

void telemetry_adopt(struct telemetry *telemetry, struct loop *loop, struct telemetry_port *made)
{
	if (is_present(telemetry, made))
		return;
	telemetry_close(telemetry);
	if (!made->place)
		return;
	telemetry->port = *made;
	responder_init(&telemetry->responder, loop, made->fd, on_request);
}

void telemetry_drop(const struct telemetry *telemetry, struct telemetry_port *made)
{
	if (!made->place || is_present(telemetry, made))
		return;
	close(made->fd);
	free(steal(&made->place));
}

void telemetry_close(struct telemetry *telemetry)
{
	if (!telemetry->port.place)
		return;
	responder_release(&telemetry->responder);
	free(steal(&telemetry->port.place));
}
