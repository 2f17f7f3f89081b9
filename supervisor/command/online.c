#include "online.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/url.h"
#include "consul/agent.h"
#include "command.h"
#include "needs.h"

enum { BATCH = 60 };			/* questions in one request; Consul takes 64 */

struct online {
	struct loop loop;
	struct agent agent;
	struct agent_request request;
	struct needs needs;
	size_t next, asked;		/* the first need of the request under way, and their number */
	struct error failure;
	int code;
};

static void end(struct online *online, int code)
{
	online->code = code;
	loop_stop(&online->loop);
}

static const char *address_of(const struct online *online)
{
	return online->agent.config->address;
}

static void fail_with(struct online *online, int code, const char *what)
{
	struct error why = ERROR_INIT;

	agent_explain(&online->request, &why);
	fail(&online->failure, "consul at %s%s: %s", address_of(online), what, why.text);
	end(online, code);
}

/* ---- what authorize cannot know ---- */

static void ask_probes(struct online *online);

static void on_probed(struct agent_request *request, enum agent_answer answer)
{
	struct online *online = container_of(request, struct online, request);
	struct need *need = &online->needs.items[online->next];
	bool denied = request->http.status == 403;

	(void)answer;
	if (!request->http.status) {
		fail_with(online, EX_UNAVAILABLE, "");
		return;
	}
	if (denied && need->allowed && need->probe->access)
		need->access = need->probe->access;
	need->allowed = !denied;
	online->next++;
	ask_probes(online);
}

static void send_probe(struct online *online, const struct need *need)
{
	const struct probe *probe = need->probe;
	CLEANUP(buf_release) struct buf path = BUF_INIT;
	const char *place = strstr(probe->path, "%s");

	buf_append(&path, probe->path, place ? (size_t)(place - probe->path) : strlen(probe->path));
	if (place) {
		url_escape(&path, need->segment);
		buf_add(&path, place + 2);
	}
	if (!strcmp(probe->method, "GET"))
		url_add(&path, "dc", need->dc);
	online->request.on_reply = on_probed;
	if (probe->body)
		agent_put(&online->request, path.data, copy_string(probe->body), AGENT_TIMEOUT);
	else
		agent_get(&online->request, path.data, AGENT_TIMEOUT);
}

static void ask_probes(struct online *online)
{
	for (; online->next < online->needs.count; online->next++) {
		const struct need *need = &online->needs.items[online->next];

		if (need->probe && need->allowed == need->probe->if_allowed) {
			send_probe(online, need);
			return;
		}
	}
	end(online, EX_OK);
}

/* ---- what authorize knows ---- */

static void ask_batch(struct online *online);

/* False: the answer is not about what was asked. */
static bool take_batch(struct online *online, const json_t *answer)
{
	if (json_array_size(answer) != online->asked)
		return false;
	for (size_t i = 0; i < online->asked; i++) {
		const json_t *allow = json_object_get(json_array_get(answer, i), "Allow");

		if (!json_is_boolean(allow))
			return false;
		online->needs.items[online->next + i].allowed = json_is_true(allow);
	}
	online->next += online->asked;
	return true;
}

static void on_batch(struct agent_request *request, enum agent_answer answer)
{
	struct online *online = container_of(request, struct online, request);

	if (request->http.status == 401) {
		online->agent.acl_off = true;
		end(online, EX_OK);
	} else if (answer == ANSWER_DENIED) {
		fail_with(online, EX_NOPERM, " refuses our token");
	} else if (answer == ANSWER_MISSING || answer == ANSWER_REFUSED) {
		fail_with(online, EX_UNAVAILABLE, " cannot tell the rights of a token (it can since 1.7)");
	} else if (answer != ANSWER_OK) {
		fail_with(online, EX_UNAVAILABLE, "");
	} else if (!take_batch(online, request->json)) {
		fail(&online->failure, "consul at %s: an answer that is not about our rights", address_of(online));
		end(online, EX_UNAVAILABLE);
	} else if (online->next < online->needs.count) {
		ask_batch(online);
	} else {
		online->next = 0;
		ask_probes(online);
	}
}

/* Needs of one datacentre that follow each other. */
static void ask_batch(struct online *online)
{
	const struct need *first = &online->needs.items[online->next];
	CLEANUP(buf_release) struct buf path = BUF_INIT;
	json_t *questions = json_array();
	size_t left = online->needs.count - online->next;

	for (online->asked = 0; online->asked < left && online->asked < BATCH; online->asked++) {
		const struct need *need = first + online->asked;

		if (!text_equal(need->dc, first->dc))
			break;
		json_array_append_new(questions, json_pack("{ss ss ss}", "Resource", need->resource,
							   "Access", need->access, "Segment", need->segment));
	}
	buf_add(&path, "/v1/internal/acl/authorize");
	if (left)
		url_add(&path, "dc", first->dc);
	agent_post_json(&online->request, path.data, questions, AGENT_TIMEOUT);
}

/* ---- the outcome ---- */

static void print_outcome(struct online *online)
{
	CLEANUP(buf_release) struct buf policy = BUF_INIT;
	size_t lines = needs_print_missing(&online->needs, &policy);
	const char *whose = online->agent.token_header ? "our token" : "no token is given, and the anonymous one";

	if (online->agent.acl_off) {
		printf("consul at %s answers; its ACLs are off, so no rights are needed\n", address_of(online));
		return;
	}
	if (!lines) {
		printf("consul at %s answers; %s has all rights that are needed\n", address_of(online), whose);
		return;
	}
	fputs(policy.data, stdout);
	fflush(stdout);
	fail(&online->failure, "consul at %s: %s lacks rights; a policy with the %zu lines on standard output "
	     "grants them", address_of(online), whose, lines);
	online->code = EX_NOPERM;
}

static void run(struct online *online)
{
	agent_request_init(&online->request, &online->agent, "rights", on_batch);
	ask_batch(online);
	loop_run(&online->loop);
	if (online->code == EX_OK)
		print_outcome(online);
	agent_request_release(&online->request);
}

int online_check(const struct config *config)
{
	struct online online = { .failure = ERROR_INIT };

	if (!config->consul.enabled) {
		puts("there is no Consul in it, so nothing is tested online");
		return EX_OK;
	}
	loop_init(&online.loop);
	log_open(&online.loop, "stderr", LEVEL_ERROR, FORMAT_TEXT);	/* we print errors ourselves */
	needs_of(config, &online.needs);
	if (agent_init(&online.agent, &online.loop, &config->consul, &online.failure)) {
		run(&online);
		agent_release(&online.agent);
	} else {
		online.code = EX_DATAERR;
	}
	needs_release(&online.needs);
	log_close();
	loop_release(&online.loop);
	if (*online.failure.text)
		command_fail(online.code, &online.failure);
	return online.code;
}
