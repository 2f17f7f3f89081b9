/* config.h - what a configuration says, as plain data.
 *
 * struct config owns everything below it.  Each job, watch, template and election is an allocation
 * of its own that keeps the tree it was decoded from: a reload compares trees, and what did not
 * change keeps its old struct.  Names that refer to others (`when`, `needs`) are still
 * names; app.c links them to sources.  Times are seconds; 0 means "none" unless it says
 * otherwise.  Defaults are in the tables of config.c, together with the manual.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/event.h"
#include "base/log.h"
#include "base/process.h"
#include "base/strv.h"
#include "base/verdict.h"

struct when_config {
	char *source;			/* NULL: the start of pilotfish, "global" */
	enum event_code code;		/* EVENT_NONE: not given */
	bool each;			/* every time, else once */
	double interval;		/* run at once and then this often */
	double timeout;			/* give up waiting */
};

struct need_config {
	char *source;
	enum event_code code;
};

struct backoff_config {
	double min, max;
	double reset;			/* up for so long: begin at min again */
};

enum { UNLIMITED = -1, ON_FAILURE = -2 };	/* as restarts */

struct exec_config {
	struct strv argv;		/* empty: nothing to run */
	struct identity identity;
	char *cwd;
	struct strv env;		/* "K=V", on top of ours */
	int umask;			/* -1: ours */
	struct limit *limits;
	size_t limit_count;
	long nice;
	long oom_score;			/* NO_OOM_SCORE: ours */
	bool no_new_privs;
	int death_signal;		/* that it gets when pilotfish is killed; 0: none */
	bool raw;			/* its output is not captured */
};

struct health_config {
	bool set;
	struct exec_config exec;	/* one of exec, http, tcp; none: healthy as long as it runs */
	char *http;			/* URL */
	char *tcp;			/* "host:port" */
	char *socket;			/* unix socket for http */
	long status_min, status_max;	/* of an http answer that passes; 200 to 399 */
	char *body;			/* text that the answer must contain; NULL: any */
	double interval, timeout, ttl, start_period;
	long failures, successes;	/* in a row, until it is believed */
	bool warning;			/* exit code 1 is a warning */
};

struct service_config {
	char *name;
	long port;
	struct strv tags;
	struct strv meta;		/* "key=value" */
	long weight_passing, weight_warning;
	struct strv interfaces;		/* empty: the default, address.h */
	double ttl;
	bool enable_tag_override;
	double deregister_after;	/* deregisterCriticalServiceAfter */
	enum health_status initial_status;
	char *leader_tag;		/* one more tag while we lead; NULL: none */
	bool leader_only;		/* is in the catalogue only while we lead */
};

struct job_config {
	json_t *tree;			/* after sugar */
	char *name;
	struct exec_config exec;
	struct when_config when;
	struct need_config *needs;
	size_t need_count;
	char *runs;			/* "election.NAME": runs while we lead that; NULL: as `when` says */
	long restarts;			/* or UNLIMITED, ON_FAILURE */
	struct backoff_config backoff;
	double timeout, stop_timeout, drain;
	int stop_signal;
	bool stop_group;		/* the stop signal goes to the whole group */
	bool essential;
	struct health_config health;
	struct service_config own;	/* as decoded; with a port it becomes the first of `services` */
	struct service_config *services;
	size_t service_count;
};

enum watch_kind { WATCH_SERVICE, WATCH_KEY, WATCH_PREFIX };

struct watch_config {
	json_t *tree;
	char *name;
	enum watch_kind kind;
	char *service, *key, *prefix;	/* the one that `kind` says is set */
	struct strv tags;
	char *dc, *near;
	bool passing;			/* only what is in service, else any */
	double settle;
};

struct target_config {
	char *destination;		/* absolute */
	int perms;			/* -1: those of the file that is there, else 0644 */
	struct identity identity;	/* not set: the owner of the file that is there, else ours */
	/* The former content is kept as DESTINATION.bak, one generation: a hard link, or a copy where
	 * a link cannot be.  Where it cannot be kept the new content is refused. */
	bool backup;
	bool create_dirs;		/* missing directories are made, 0755 and ours */
};

struct bounded_command {
	struct exec_config exec;	/* empty: none; %f in it stands for the staged file */
	double timeout;
};

struct wait_config {
	double min;			/* changes are collected until there was none for so long */
	double max;			/* but at most so long */
};

struct template;

struct template_config {
	json_t *tree;
	char *name;
	char *source, *contents;	/* a path or the text itself: one of them */
	struct buf text;		/* as it was when the configuration was read */
	struct template *template;	/* made of it */
	char *left, *right;		/* delimiters */
	bool error_on_missing_key;
	struct target_config target;
	struct bounded_command check;
	struct wait_config wait;
	enum on_empty { ON_EMPTY_RENDER, ON_EMPTY_KEEP } on_empty;	/* KEEP: it is not there yet */
	long min_instances;		/* nor is a service with fewer */
	bool new_is_change;		/* the first file that is written is a change, too */
	enum { PRINT_NOTHING, PRINT_TEXT, PRINT_TITLED } print;	/* to standard output, writing nothing */
};

/* How a candidate's session ends when it dies: by a TTL check of its own in the catalogue, within
 * `ttl`; or by the session's own TTL, which Consul lets run twice. */
enum election_bind { BIND_ALIVE, BIND_SESSION };

struct election_config {
	json_t *tree;
	char *name;
	char *key;			/* of the lock; by default "service/NAME/leader" */
	char *id;			/* of this candidate: by default the host's name */
	char *job;			/* who is primary, or not; NULL: only jobs with `runs` */
	enum election_bind bind;
	double ttl, lock_delay;
	double promote_timeout, demote_timeout;
	long priority;			/* 0 to 100: who goes first when the lock is free */
	bool candidate;			/* else it only follows */
	char *tag, *service;		/* that the job of the leader has in the catalogue; or NULL */
	struct bounded_command can_lead;	/* empty: always */
	char *epoch_file;		/* where the highest epoch seen is kept; NULL: in memory */
};

struct tls_config {
	char *ca_file, *ca_path, *client_cert, *client_key, *server_name;
	bool verify;
};

struct consul_config {
	json_t *tree;
	bool enabled;
	char *scheme;			/* as decoded; it is in `address` */
	char *address;			/* "http://host:port", "https://..." or "unix:///path" */
	char *token, *token_file, *auth;	/* auth: "user:password" */
	char *datacenter, *namespace, *partition;
	struct tls_config tls;
	double settle;
	bool once;			/* the first answer is enough.  An agent would keep the connection
					 * of a blocking query that nobody waits for any more */
};

struct log_config {
	enum log_level level;
	enum log_format format;
	char *output;
};

struct config {
	json_t *tree;			/* the whole, after sugar: pilotfish expand */
	struct log_config logging;
	struct consul_config consul;
	double stop_timeout;
	struct job_config **jobs;
	size_t job_count;
	struct watch_config **watches;
	size_t watch_count;
	struct template_config **templates;
	size_t template_count;
	struct election_config **elections;
	size_t election_count;
};

/* Decode and check a tree that sugar() has been through.  NULL: error has the key's path. */
struct config *config_decode(json_t *tree, struct error *error);
void config_free(struct config *config);	/* NULL is fine */
void job_config_free(struct job_config *config);
void watch_config_free(struct watch_config *config);
void template_config_free(struct template_config *config);
void election_config_free(struct election_config *config);
struct job_config *config_find_job(const struct config *config, const char *name);	/* or NULL */
void consul_config_release(struct consul_config *config);

/* The reference of all keys: for a terminal, or as mdoc for pilotfish.conf(5). */
void config_print_manual(struct buf *out, bool mdoc);

#endif
