/* config.h - a configuration as plain data.
 *
 * struct config owns everything below it.  Each job, watch, template and election is a separate
 * allocation that keeps the tree from which it was decoded: a reload compares trees, and an
 * unchanged job keeps its old struct.  References to sources (`when`, `needs`) are still names;
 * app.c links them.  Times are seconds; 0 means "none" unless a comment says otherwise.  Defaults
 * and manual are in tables*.c.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/confine.h"
#include "base/event.h"
#include "base/log.h"
#include "base/process.h"
#include "base/strv.h"
#include "base/verdict.h"

struct when_config {
	char *source;			/* NULL: none; the job starts with pilotfish */
	enum event_code code;		/* EVENT_NONE: not given */
	bool each;			/* run on every event, else on the first */
	bool queue;			/* each event causes a run, also those during a run */
	double interval;		/* between runs; the first is at once, */
	double delay;			/* or after this time */
	double timeout;			/* of the wait for the event */
	bool unknown;			/* by compat.unknown_sources: the event never comes */
};

struct need_config {
	char *source;
	enum event_code code;
};

struct backoff_config {
	double min, max;
	double reset;			/* a run at least this long resets the pause to min */
};

enum { UNLIMITED = -1, ON_FAILURE = -2 };	/* as restarts */

struct exec_config {
	struct strv argv;		/* empty: nothing to run */
	struct identity identity;
	char *cwd;
	struct strv env;		/* "K=V", added to ours */
	struct strv unset_env;		/* names, removed from all of that */
	int umask;			/* -1: ours */
	struct limit *limits;
	size_t limit_count;
	long nice;
	long oom_score;			/* NO_OOM_SCORE: ours */
	bool no_new_privs;
	struct confinement confinement;
	bool pass_token;		/* the environment keeps Consul's token and password */
	int death_signal;		/* sent to the child when pilotfish is killed; 0: none */
	bool raw;			/* its output is not captured */
};

struct health_config {
	bool set;
	struct exec_config exec;	/* one of exec, http, tcp; none: healthy while the job runs */
	char *http;			/* URL */
	char *tcp;			/* "host:port" */
	char *method, *ca_file;		/* of http */
	struct strv headers;		/* "name=value" */
	bool verify;			/* the certificate of https */
	char *socket;			/* unix socket for http */
	long status_min, status_max;	/* the HTTP statuses that pass */
	char *body;			/* text that the answer must contain; NULL: none */
	double interval, timeout, ttl, start_period;
	long failures, successes;	/* in a row, until the job's health changes */
	bool warning;			/* exit code 1 is a warning */
	bool log_output;		/* each line of exec's */
	enum health_events { EVENTS_OF_CHANGES, EVENTS_OF_CHECKS } events;
};

struct readiness_config {		/* neither fd nor notify: none */
	long fd;			/* of the pipe for a newline; 0: none */
	bool notify;			/* sd_notify(3) */
	double watchdog, timeout;
};

struct service_config {
	char *name;
	char *id;			/* NULL: NAME-HOSTNAME */
	long port;
	struct strv tags;
	struct strv meta;		/* "key=value" */
	long weight_passing, weight_warning;
	struct strv interfaces;		/* empty: the default of address.h */
	double ttl;
	bool enable_tag_override;
	double deregister_after;	/* deregisterCriticalServiceAfter */
	enum health_status initial_status;
	char *leader_tag;		/* an additional tag while we lead; NULL: none */
	bool leader_only;		/* in the catalogue only while we lead */
};

struct job_config {
	json_t *tree;			/* with hooks expanded */
	char *name;
	struct exec_config exec;
	struct when_config when;
	struct need_config *needs;
	size_t need_count;
	double needs_timeout;		/* after the trigger */
	char *runs;			/* "election.NAME": runs while we lead it; NULL: see `when` */
	long restarts;			/* or UNLIMITED, ON_FAILURE */
	struct backoff_config backoff;
	double timeout, stop_timeout, drain;
	double pre_stop_timeout;	/* 0: as stop_timeout */
	char *metric;			/* that the output of a run sets; NULL: none */
	int stop_signal;
	bool stop_group;		/* the stop signal goes to the whole process group */
	bool essential;
	struct health_config health;
	struct readiness_config readiness;
	struct service_config own;	/* for decoding; with a port, job_rules() moves it to services[0] */
	struct service_config *services;
	size_t service_count;
};

enum watch_kind { WATCH_SERVICE, WATCH_KEY, WATCH_PREFIX };

struct watch_config {
	json_t *tree;
	char *name;
	enum watch_kind kind;
	char *service, *key, *prefix;	/* one of them, by `kind` */
	struct strv tags;
	char *dc, *near;
	bool passing;			/* passing instances only, else all */
	double settle;
	/* published at the first answer, if the set is empty; if not: changed, healthy */
	enum first_empty { FIRST_EMPTY_CHANGED, FIRST_EMPTY_UNHEALTHY } first_empty;
};

struct target_config {
	char *destination;		/* absolute */
	int perms;			/* -1: those of the existing file, else 0644 */
	struct identity identity;	/* not set: the owner of the existing file, else ours */
	/* Keep the previous content as DESTINATION.bak, as a hard link, or as a copy where a link is
	 * impossible.  If neither is possible, the new content is refused. */
	bool backup;
	bool create_dirs;		/* create missing directories, 0755 and ours */
};

struct bounded_command {
	struct exec_config exec;	/* empty: none; %f in it means the staged file */
	double timeout;
};

struct wait_config {
	double min;			/* collect changes until none came for this long */
	double max;			/* but not for longer than this */
};

struct template;

struct template_config {
	json_t *tree;
	char *name;
	char *source, *contents;	/* one of them: a path or the text itself */
	struct buf text;		/* the template's text when the configuration was read */
	struct template *template;	/* parsed from `text` */
	char *left, *right;		/* delimiters */
	bool error_on_missing_key;
	struct target_config target;
	struct bounded_command check;
	struct wait_config wait;
	enum on_empty { ON_EMPTY_RENDER, ON_EMPTY_KEEP } on_empty;
	long min_instances;		/* with fewer the file is kept */
	bool new_is_change;		/* writing the first file counts as a change */
	enum { PRINT_NOTHING, PRINT_TEXT, PRINT_TITLED } print;	/* print it, and write no file */
};

/* How a dead candidate's session ends: by a TTL check in the catalogue, within `ttl`; or by the
 * session's own TTL, which Consul doubles. */
enum election_bind { BIND_ALIVE, BIND_SESSION };

struct election_config {
	json_t *tree;
	char *name;
	char *key;			/* of the lock; default: "service/NAME/leader" */
	char *id;			/* of this candidate; default: the host's name */
	char *job;			/* the job that leads; NULL: only jobs with `runs` */
	enum election_bind bind;
	double ttl, lock_delay;
	double promote_timeout, demote_timeout;
	long priority;			/* 0 to 100; the highest tries first when the lock is free */
	bool candidate;			/* else it only follows */
	char *tag, *service;		/* of the leader's job in the catalogue; or NULL */
	struct bounded_command can_lead;	/* empty: it always can */
	char *epoch_file;		/* keeps the highest epoch seen; NULL: memory does */
};

struct tls_config {
	char *ca_file, *ca_path, *client_cert, *client_key, *server_name;
	bool verify;
};

#define CONSUL_MEMORY "256M"		/* the default: room for some ten thousand instances */

struct consul_config {
	json_t *tree;
	bool enabled;
	char *scheme;			/* for decoding only; `address` contains it */
	char *address;			/* "http://host:port", "https://..." or "unix:///path" */
	char *token, *token_file, *auth;	/* auth: "user:password" */
	char *datacenter, *namespace, *partition;
	struct tls_config tls;
	double settle;
	char *memory;
	size_t memory_limit;		/* bytes; of `memory` */
	bool once;			/* ask without blocking: after we exit, the agent would keep
					 * the connection of a blocking query */
};

struct log_config {
	enum log_level level;
	enum log_format format;
	char *output;
};

#define CONTROL_SOCKET "/run/pilotfish/control.sock"

struct control_config {
	char *socket;			/* a path; NULL: none */
	bool chosen;			/* else a socket that cannot be made is no error */
	int mode;
	gid_t group;			/* (gid_t)-1: ours */
};

struct telemetry_config {
	char *address;			/* numeric; unless there are interfaces (address.h) */
	struct strv interfaces;
	long port;			/* 0: none */
	bool page;
	struct metric_config **metrics;
	size_t metric_count;
};

/* A metric that `pilotfish metric set` sets. */
struct metric_config {
	char *name, *help;
	bool exact_name;		/* no rule for its end */
	enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_SUMMARY } type;
	struct strv labels;		/* names */
	double *buckets;		/* the upper bounds, ascending, without the infinite one */
	size_t bucket_count;		/* 0 unless it is a histogram */
};

/* Habits of ContainerPilot in place of ours. */
struct compat_config {
	enum compat_signals {
		SIGNALS_PILOTFISH, SIGNALS_CONTAINERPILOT2, SIGNALS_CONTAINERPILOT3
	} signals;
	bool variables;			/* CONTAINERPILOT_PID and others, for children */
	bool unknown_sources;		/* of `when` are no error */
	enum compat_exit { EXIT_STATUS_OF_JOB, EXIT_STATUS_ZERO } exit_status;
};

struct config {
	json_t *tree;			/* everything, with hooks expanded: pilotfish expand */
	struct log_config logging;
	struct control_config control;
	struct telemetry_config telemetry;
	struct consul_config consul;
	struct compat_config compat;
	struct strv warnings;		/* of what works, but hardly as meant */
	bool has_secrets;		/* Consul's token or password, or {{secret "X"}} */
	struct strv secrets;		/* the values of {{secret "X"}} */
	int containerpilot;		/* the version that reads this file; 0: it is our own */
	struct strv notes;		/* of what has changed in the translation from that */
	double stop_timeout;
	struct job_config **jobs;
	size_t job_count;
	json_t *job_index;		/* of each job's name in `jobs` */
	struct watch_config **watches;
	size_t watch_count;
	struct template_config **templates;
	size_t template_count;
	struct election_config **elections;
	size_t election_count;
};

/* The part of a job in an election. */
enum election_role {
	ROLE_NONE,
	ROLE_WORKLOAD,			/* the election's `job` */
	ROLE_RUNNER,			/* has `runs` */
	ROLE_PROMOTER,			/* NAME.onElected */
	ROLE_DEMOTER,			/* NAME.onDeposed */
};
enum election_role election_role_of(const struct election_config *election,
				    const struct job_config *job);

/* Triggered by the stop of another job, or by the shutdown. */
bool job_config_is_stop_hook(const struct job_config *job);

/* Decodes and checks a tree after sugar_expand().  NULL if `mistakes`, which may have those of
 * sugar_expand(), is not empty then (mistakes.h). */
struct config *config_decode(json_t *tree, struct strv *mistakes);
void config_free(struct config *config);	/* NULL-safe */
void job_config_free(struct job_config *config);
void watch_config_free(struct watch_config *config);
void template_config_free(struct template_config *config);
void election_config_free(struct election_config *config);
void metric_config_free(struct metric_config *config);
#define JOB_NONE ((size_t)-1)
size_t config_job_index(const struct config *config, const char *name);	/* in config->jobs */
/* Of the job that publishes as `source`: "NAME", or "NAME.health". */
size_t config_source_index(const struct config *config, const char *source);
struct job_config *config_find_job(const struct config *config, const char *name);	/* or NULL */
double job_pre_stop_limit(const struct job_config *job);	/* 0: none */
bool health_has_check(const struct health_config *health);	/* else: healthy while the job runs */
bool readiness_is_set(const struct readiness_config *readiness);
const char *program_of(const struct exec_config *exec);	/* without its folder; "" if there is none */
bool job_is_consul_agent(const struct job_config *job);		/* its program is `consul` */
void consul_config_release(struct consul_config *config);

/* The reference of all keys, for a terminal or as mdoc for pilotfish.conf(5). */
void config_print_manual(struct buf *out, bool mdoc);

/* The JSON Schema (draft 2020-12) of what `pilotfish expand` prints, with or without its hooks. */
json_t *config_json_schema(void);

#endif
