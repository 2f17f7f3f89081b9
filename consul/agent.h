/* agent.h - the Consul agent: how to reach it, with which right, and how it is.
 *
 * Turns paths into requests, and is the one place that says in the log that Consul does not
 * answer, refuses us, or is back: once a state, not once a try.  Whether there is an answer at all
 * is one state of the agent, and the events healthy and unhealthy of the source `consul`; what a
 * request in particular comes to is a state of that request.
 *
 * The token is read from its file before the first request, when the file has changed, and after a
 * 403.
 *
 * An address is "host:port", "host", "[::1]:8500", each also with "http://" or "https://" before
 * it and a path behind it, or "unix:///path".
 */
#ifndef AGENT_H
#define AGENT_H

#include <sys/stat.h>

#include "config/config.h"
#include "base/http.h"

struct query_pool;

struct agent {
	const struct consul_config *config;	/* borrowed */
	struct http http;
	char *base;			/* "http://127.0.0.1:8500" */
	char *connect_to;		/* where that is, if the name is only for TLS; else NULL */
	char *unix_socket;		/* or NULL */
	struct http_tls tls;
	char *token_header;		/* "X-Consul-Token: ..."; NULL: no token */
	struct stat token_file;		/* as it was when it was read */
	bool token_wrong;		/* it could not be read; said so already */
	char local_address[64];		/* our address towards Consul; "" until known */
	bool acl_off;			/* known to have no access rules, until it restarts */
	enum agent_state { AGENT_UNKNOWN, AGENT_UP, AGENT_DOWN } state;
	double down_since;		/* monotonic */
	struct source source;		/* "consul": healthy, unhealthy */
	struct query_pool *pool;		/* of its feeds; NULL: there is none */
};

/* What an answer means to everybody. */
enum agent_answer {
	ANSWER_OK,			/* 2xx, and its JSON is JSON */
	ANSWER_MISSING,			/* 404, or an older agent's 500 for what is unknown */
	ANSWER_DENIED,			/* 401, 403: the token */
	ANSWER_TROUBLE,			/* nothing, nonsense, 5xx or 429: try again later */
	ANSWER_REFUSED,			/* any other: the request is wrong */
};

struct agent_request;
typedef void agent_reply_fn(struct agent_request *request, enum agent_answer answer);

/* A request to the agent.  Its owner embeds it. */
struct agent_request {
	struct http_request http;
	struct agent *agent;
	struct http *own_http;		/* connections of its own, of which the agent's state knows
					 * nothing; NULL: the agent's */
	char *name;			/* for the log: what it is for */
	char *url, *body;		/* owned */
	json_t *json;			/* of an answer that is OK and not to a PUT; owned */
	agent_reply_fn *on_reply;
	enum agent_answer logged_failure;	/* logged, and still so; ANSWER_OK: none */
};

/* Seconds an answer may take.  A blocking query adds what it waits by intention. */
#define AGENT_TIMEOUT 10.0
#define AGENT_SHORT_TIMEOUT 2.0		/* where something newer may be waiting behind it */

bool agent_init(struct agent *agent, struct loop *loop, const struct consul_config *config,
		struct error *error);
void agent_release(struct agent *agent);	/* after all its requests */

void agent_request_init(struct agent_request *request, struct agent *agent, const char *name,
			agent_reply_fn *on_reply);
void agent_request_release(struct agent_request *request);

/* `path` begins with "/v1/"; takes `body` (NULL: none).  agent_wait() is a blocking query: for up
 * to a minute, until there is something newer than `index` (0: does not wait). */
void agent_get(struct agent_request *request, const char *path, double timeout);
void agent_wait(struct agent_request *request, const char *path, unsigned long index);
void agent_put(struct agent_request *request, const char *path, char *body, double timeout);
void agent_post(struct agent_request *request, const char *path, char *body, double timeout);
bool agent_is_busy(const struct agent_request *request);
void agent_cancel(struct agent_request *request);
void agent_forget_answer(struct agent_request *request);	/* its JSON and its text */
json_t *agent_receipt(const struct agent_request *request);	/* of a PUT; a new one, or NULL */

void agent_explain(const struct agent_request *request, struct error *error);	/* in words */

/* Owners say what a reply was worth to them.  A logged_failure is logged when it is a new one;
 * when there was no answer at all, the agent has said so already. */
void agent_log_failure(struct agent_request *request, enum agent_answer answer,
		    const struct error *error);
void agent_log_success(struct agent_request *request);

#endif
