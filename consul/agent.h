/* agent.h - the Consul agent: its address, our token, and whether it answers.
 *
 * Turns paths into requests, and logs trouble with Consul: one line for each change of state, not
 * for each try.  The agent has a state (does it answer at all?), published as `healthy` and
 * `unhealthy` of the source `consul`.  Each request has its own state (refused, unknown, ...).
 *
 * An agent closes connections beyond limits.http_max_conns_per_client at once.  Then blocking queries are
 * queued (query_limit.h), so that other requests find a connection of ours when one of them has ended.
 *
 * The token file is read before the first request, when the file has changed, and after a 403.
 *
 * An address is "host:port", "host" or "[::1]:8500", optionally between "http://" or "https://" and
 * a path, or it is "unix:///path".
 */
#ifndef AGENT_H
#define AGENT_H

#include <sys/stat.h>

#include "config/config.h"
#include "base/http.h"
#include "base/netlink.h"
#include "base/answer_counts.h"
#include "answer_parse.h"
#include "query_limit.h"

struct query_pool;

struct agent {
	const struct consul_config *config;	/* borrowed */
	struct http http;
	char *base;			/* "http://127.0.0.1:8500" */
	char *connect_to;		/* if the name in `base` is only for TLS; else NULL */
	char *unix_socket;		/* NULL: TCP */
	struct http_tls tls;
	char *token_header;		/* "X-Consul-Token: ..."; NULL: no token */
	unsigned token_number;		/* of the tokens so far */
	struct stat token_file;		/* at the time of the last read */
	bool token_wrong;		/* the file could not be read, which is logged */
	struct netlink netlink;
	struct list address_watchers;
	char local_address[64];		/* our address towards Consul; "" until known */
	bool acl_off;			/* ACLs are off, until it restarts */
	enum agent_state { AGENT_UNKNOWN, AGENT_UP, AGENT_DOWN } state;
	double down_since;		/* monotonic */
	struct query_limit query_limit;		/* of blocking queries */
	struct source source;		/* "consul": healthy, unhealthy */
	struct budget budget;		/* memory for answers and what is made of them */
	struct parser parser;
	struct answer_counts answers;		/* by the part of the API, such as "health", and the status */
	struct query_pool *pool;	/* of its feeds; NULL: no feeds */
};

/* Told when the machine's addresses, or our address towards Consul, may have changed.  Embedded in
 * its owner; zeroed: not told. */
struct address_watcher {
	void (*on_change)(struct address_watcher *watcher);
	struct list link;
};

/* The meaning of an answer. */
enum agent_answer {
	ANSWER_OK,			/* 2xx; with valid JSON, unless to a PUT */
	ANSWER_MISSING,			/* 404, or an older agent's 500 for an unknown object */
	ANSWER_DENIED,			/* 401, 403: the token */
	ANSWER_TROUBLE,			/* no answer, nonsense, 5xx or 429: retry later */
	ANSWER_REFUSED,			/* any other status: the request is wrong */
};

struct agent_request;
typedef void agent_reply_fn(struct agent_request *request, enum agent_answer answer);

/* A request to the agent.  Its owner embeds it. */
struct agent_request {
	struct http_request http;
	struct agent *agent;
	struct http *own_http;		/* its connections, whose loss is no state of the agent's;
					 * NULL: the agent's */
	char *name;			/* for the log: its purpose */
	char *url, *body;		/* owned */
	struct queued_query queued;		/* as a blocking query */
	bool cached;			/* set by the owner: from the agent's cache, of no leader */
	struct timer unmade;		/* on_reply is due for a request that could not be made */
	/* Set by the owner; NULL: on_reply gets JSON.  Called when an answer has come. */
	struct reading *(*new_reading)(struct agent_request *request);
	json_t *json;			/* of an ANSWER_OK, unless to a PUT; owned */
	struct reading *reading;	/* of an ANSWER_OK, instead of `json`; owned */
	struct parse *parse;		/* under way */
	struct charge charge;		/* for `json` or `reading` */
	agent_reply_fn *on_reply;
	enum agent_answer logged_failure;	/* ANSWER_OK: none */
};

/* In seconds.  A blocking query adds its `wait`. */
#define AGENT_TIMEOUT 10.0
#define AGENT_SHORT_TIMEOUT 2.0		/* for requests that a newer one may be waiting for */

bool agent_init(struct agent *agent, struct loop *loop, const struct consul_config *config,
		struct error *error);
void agent_watch_addresses(struct agent *agent, struct address_watcher *watcher);
void agent_release(struct agent *agent);	/* after all its requests */

void agent_request_init(struct agent_request *request, struct agent *agent, const char *name,
			agent_reply_fn *on_reply);
void agent_request_release(struct agent_request *request);

/* `path` begins with "/v1/"; takes `body` (NULL: none).  agent_wait() is a blocking query: it waits
 * up to a minute for data newer than `index`.  Without an index (0) it does not wait, and is read
 * `consistent`: after a start or an election, a leader answers other reads from a state that lacks
 * the end of its log. */
void agent_get(struct agent_request *request, const char *path, double timeout);
void agent_get_consistent(struct agent_request *request, const char *path);
void agent_wait(struct agent_request *request, const char *path, unsigned long index);
void agent_put(struct agent_request *request, const char *path, char *body, double timeout);
void agent_post(struct agent_request *request, const char *path, char *body, double timeout);

/* Both take `body` and send its text.  If there is none (`body` is NULL, or holds a string that is not
 * UTF-8), nothing is sent: that is an error of ours, logged, and on_reply gets ANSWER_REFUSED. */
void agent_put_json(struct agent_request *request, const char *path, json_t *body, double timeout);
void agent_post_json(struct agent_request *request, const char *path, json_t *body, double timeout);
bool agent_is_busy(const struct agent_request *request);
void agent_cancel(struct agent_request *request);
void agent_forget_answer(struct agent_request *request);	/* its JSON and its text */
/* The reading of an ANSWER_OK, or NULL.  `missing`: that of an object that Consul does not have. */
struct reading *agent_take_reading(struct agent_request *request, bool missing);
json_t *agent_receipt(const struct agent_request *request);	/* of a PUT; new, or NULL */

void agent_explain(const struct agent_request *request, struct error *error);	/* in words */

/* The number of the token in use, after a look at the token file; 0: no token. */
unsigned agent_token(struct agent *agent);

/* The owner reports the outcome of each request.  A failure is logged if the last outcome was a
 * different one, and only if there was an answer: the agent itself logs that there is none. */
void agent_log_failure(struct agent_request *request, enum agent_answer answer,
		    const struct error *error);
void agent_log_success(struct agent_request *request);

#endif
