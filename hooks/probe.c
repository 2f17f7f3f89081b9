#include "probe.h"

#include <string.h>

#include "base/alloc.h"

struct probe {
	struct hook hook;
	const struct health_config *config;
	struct http *http;
	struct http_request request;
	struct http_tls tls;
	struct deferred cancelled;	/* calls on_done() outside of the canceller */
	char *url;
	struct strv headers;		/* "name: value" */
};

enum { BODY_LIMIT = 1024 * 1024, BODY_EXCERPT = 1024, FAILED = 2 << 8 };

static void finish(struct probe *probe, int status)
{
	probe->hook.status = status;
	probe->hook.user->on_done(probe->hook.user);
}

static int judge_http(const struct probe *probe, struct buf *excerpt)
{
	const struct http_request *request = &probe->request;
	const struct health_config *config = probe->config;
	bool in_range = request->status >= config->status_min &&
			request->status <= config->status_max;
	bool has_body = !config->body || memmem(request->reply.data, request->reply.used,
						config->body, strlen(config->body));

	buf_print(excerpt, "HTTP %ld", request->status);
	if (!has_body && in_range)
		buf_print(excerpt, ", the body lacks '%s'", config->body);
	if (request->reply.used) {
		buf_add(excerpt, ": ");
		buf_append(excerpt, request->reply.data,
			   utf8_cut(request->reply.data, request->reply.used, BODY_EXCERPT));
	}
	return in_range && has_body ? 0 : FAILED;
}

static void on_reply(struct http_request *request)
{
	struct probe *probe = container_of(request, struct probe, request);
	struct buf unused = BUF_INIT, *excerpt = probe->hook.excerpt ? probe->hook.excerpt : &unused;
	int status = FAILED;

	if (!request->error.text[0] && probe->config->tcp) {
		buf_print(excerpt, "connected to %s", probe->config->tcp);
		status = 0;
	} else if (request->status) {
		status = judge_http(probe, excerpt);
	} else {
		buf_add(excerpt, request->error.text);
	}
	buf_release(&unused);
	finish(probe, status);
}

static bool probe_start(struct hook *hook, const struct hook_context *context, struct error *error)
{
	struct probe *probe = container_of(hook, struct probe, hook);

	(void)context;
	(void)error;
	http_send(probe->http, &probe->request);
	return true;
}

static void on_cancelled(struct deferred *deferred)
{
	finish(container_of(deferred, struct probe, cancelled), SIGKILL);
}

static void probe_signal(struct hook *hook, int signo)
{
	struct probe *probe = container_of(hook, struct probe, hook);

	if (signo != SIGKILL || !http_is_busy(&probe->request))
		return;
	http_cancel(&probe->request);
	defer(&probe->cancelled);
}

static void probe_free(struct hook *hook)
{
	struct probe *probe = container_of(hook, struct probe, hook);

	deferred_cancel(&probe->cancelled);
	http_forget(&probe->request);
	strv_release(&probe->headers);
	free(probe->url);
	free(probe);
}

static const struct hook_ops probe_ops = {
	.start = probe_start,
	.signal = probe_signal,
	.free = probe_free,
};

static void add_headers(struct probe *probe)
{
	const struct strv *headers = &probe->config->headers;

	for (size_t i = 0; i < headers->count; i++) {
		const char *name = headers->items[i];
		size_t length = strcspn(name, "=");

		strv_push_taken(&probe->headers,
				format_string("%.*s: %s", (int)length, name, name + length + 1));
	}
}

struct hook *probe_new(struct http *http, const struct health_config *config)
{
	struct probe *probe = NEW(struct probe);

	*probe = (struct probe){
		.hook = { .ops = &probe_ops },
		.config = config,
		.http = http,
		.url = config->tcp ? format_string("http://%s/", config->tcp)
				   : copy_string(config->http),
		.tls = { .verify = config->verify, .ca_file = config->ca_file },
	};
	add_headers(probe);
	probe->request = (struct http_request){
		.method = config->tcp ? "CONNECT" : config->method,
		.url = probe->url,
		.headers = (const char *const *)probe->headers.items,
		.unix_socket = config->socket,
		.tls = &probe->tls,
		.fresh = true,		/* a kept connection would delay the server's graceful end */
		/* No timeout: health.c ends the probe, by awake time. */
		.limit = BODY_LIMIT,
		.on_reply = on_reply,
	};
	deferred_init(&probe->cancelled, http->loop, on_cancelled);
	return &probe->hook;
}
