#include "rules.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "base/alloc.h"
#include "base/duration.h"
#include "base/file.h"
#include "template/template.h"
#include "config.h"
#include "endpoint.h"
#include "scalar.h"

enum { META_PAIRS = 64, META_KEY = 128, META_VALUE = 512, MINUTE = 60 };
static const double DEFAULT_TTL = 10;

static bool has_key(const json_t *tree, const char *key)
{
	return json_object_get(tree, key);
}

static char *copy_key(const json_t *tree, const char *key)
{
	return has_key(tree, key) ? scalar_text(json_object_get(tree, key)) : NULL;
}

static bool read_identity(struct identity *identity, const json_t *tree, struct error *error)
{
	bool has_user = has_key(tree, "user");
	AUTOFREE char *group = copy_key(tree, "group");
	AUTOFREE char *user = has_user ? copy_key(tree, "user") : format_string("%u", geteuid());

	if ((!has_user && !group) || !user)
		return true;
	return identity_parse(identity, user, group, error) ||
	       fail_in(error, has_user ? ".user" : ".group");
}

bool paths_rules(void *object, const json_t *tree, struct error *error)
{
	const struct confinement *confinement = &((struct exec_config *)object)->confinement;
	const struct strv *lists[] = { &confinement->read, &confinement->write };

	(void)tree;
	for (int list = 0; list < 2; list++)
		for (size_t i = 0; i < lists[list]->count; i++)
			if (*lists[list]->items[i] != '/')
				return fail(error, ".%s: must be absolute paths, found \"%.64s\"",
					    list ? "write" : "read", lists[list]->items[i]);
	return confinement->read.count || confinement->write.count ||
	       fail(error, "read or write must be given");
}

/* A user other than root keeps no capabilities by default.  Without no_new_privs the kernel lets
 * only root install a filter or Landlock rules. */
static bool set_confinement(struct exec_config *exec, const json_t *tree, struct error *error)
{
	struct confinement *confinement = &exec->confinement;
	bool needed = confinement->restrictions || has_key(tree, "paths");

	if (has_key(tree, "user") && exec->identity.uid)
		confinement->drops = true;
	if (!has_key(tree, "noNewPrivs"))
		exec->no_new_privs = confinement->drops || needed;
	if (!has_key(tree, "passToken"))
		exec->pass_token = !has_key(tree, "user");
	return !needed || exec->no_new_privs ||
	       fail(error, ".noNewPrivs: must be true with restrict or paths");
}

bool exec_rules(void *object, const json_t *tree, struct error *error)
{
	struct exec_config *exec = object;

	return read_identity(&exec->identity, tree, error) && set_confinement(exec, tree, error);
}

/* A signal is a source with one event, so that the event may be omitted. */
static bool check_signal(struct when_config *when, struct error *error)
{
	int signo = signal_parse(when->source);

	if (!signo)
		return fail(error, ".source: there is no signal %.32s", when->source);
	if (signo == SIGKILL || signo == SIGSTOP || signo == SIGCHLD)
		return fail(error, ".source: a job cannot wait for %s", when->source);
	if (signo == SIGTERM || signo == SIGINT || signo == SIGQUIT)
		return fail(error, ".source: %s stops pilotfish; wait for \"shutdown\" of \"global\"",
			    when->source);
	if (when->code == EVENT_NONE) {
		when->code = EVENT_SIGNALLED;
		when->each = true;
	}
	return when->code == EVENT_SIGNALLED ||
	       fail(error, "the only event of a signal is \"signalled\"");
}

bool when_rules(void *object, const json_t *tree, struct error *error)
{
	struct when_config *when = object;
	bool event = has_key(tree, "once") || has_key(tree, "each"), interval = has_key(tree, "interval");

	if (has_key(tree, "once") + has_key(tree, "each") + interval > 1)
		return fail(error, "only one of once, each and interval may be given");
	if (!event)
		when->code = EVENT_NONE;
	if (when->delay > 0 && !interval)
		return fail(error, ".delay: only possible with interval");
	if (when->queue && (interval || has_key(tree, "once")))
		return fail(error, ".queue: only possible with each or a signal");
	if (interval)
		return !when->source ||
		       fail(error, "only one of interval and source may be given");
	if (when->source && !strncmp(when->source, "SIG", 3))
		return check_signal(when, error);
	if (!event)
		return fail(error, "once, each or interval is missing, so the job would never start");
	if (!when->source)
		when->source = copy_string("global");
	return true;
}

bool backoff_rules(void *object, const json_t *tree, struct error *error)
{
	const struct backoff_config *backoff = object;

	(void)tree;
	return backoff->min <= backoff->max || fail(error, ".min: must not be greater than max");
}

/* RFC 9110, 5.6.2 */
static bool is_token(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("!#$%&'*+-.^_`|~", text[i]))
			return false;
	return length;
}

static bool check_headers(const struct strv *headers, struct error *error)
{
	for (size_t i = 0; i < headers->count; i++) {
		const char *name = headers->items[i], *value = strchr(name, '=') + 1;

		if (!is_token(name, (size_t)(value - 1 - name)))
			return fail(error, ".headers: \"%.*s\" is not the name of a header",
				    (int)(value - 1 - name), name);
		for (; *value; value++)
			if (iscntrl((unsigned char)*value))
				return fail(error, ".headers: the value of \"%.*s\" has a control "
					    "character", (int)strcspn(name, "="), name);
	}
	return true;
}

static bool check_http(const struct health_config *health, const json_t *tree,
		       struct error *error)
{
	static const char *const keys[] = {
		"unixSocket", "status", "body", "method", "headers", "cafile", "verify",
	};

	if (health->http && !endpoint_check_url(health->http, error))
		return fail_in(error, ".http");
	for (size_t i = 0; i < sizeof keys / sizeof *keys && !health->http; i++)
		if (has_key(tree, keys[i]))
			return fail(error, ".%s: only possible with http", keys[i]);
	if (health->method && !is_token(health->method, strlen(health->method)))
		return fail(error, ".method: must be a method such as \"GET\", found \"%.32s\"",
			    health->method);
	if (health->ca_file && !file_check_readable(health->ca_file, error))
		return fail_in(error, ".cafile");
	return check_headers(&health->headers, error);
}

static bool check_tcp(const char *tcp, struct error *error)
{
	return !tcp || endpoint_check_tcp(tcp, error) || fail_in(error, ".tcp");
}

/* An empty list is no command, and only a job can do without one. */
static bool check_not_empty(const struct exec_config *exec, const json_t *tree, struct error *error)
{
	return exec->argv.count || !has_key(tree, "exec") ||
	       fail(error, ".exec: must be a command such as \"prog arg\" or [ \"prog\", \"arg\" ], "
		    "found an empty list");
}

bool health_rules(void *object, const json_t *tree, struct error *error)
{
	struct health_config *health = object;
	int checks = !!health->exec.argv.count + !!health->http + !!health->tcp;

	health->set = true;
	if (!check_not_empty(&health->exec, tree, error))
		return false;
	if (checks > 1)
		return fail(error, "only one of exec, http and tcp may be given");
	if (checks && !health->interval)
		return fail(error, ".interval: missing");
	if (!has_key(tree, "timeout"))
		health->timeout = health->interval;
	if (!has_key(tree, "ttl"))
		health->ttl = 3 * health->interval;
	if (!has_key(tree, "ttl") && health->ttl < DEFAULT_TTL)
		health->ttl = DEFAULT_TTL;
	return check_http(health, tree, error) && check_tcp(health->tcp, error);
}

static bool check_meta(const struct strv *meta, struct error *error)
{
	if (meta->count > META_PAIRS)
		return fail(error, "has %zu pairs; Consul accepts at most %d", meta->count,
			    META_PAIRS);
	for (size_t i = 0; i < meta->count; i++) {
		const char *key = meta->items[i];
		size_t length = strcspn(key, "=");

		for (size_t c = 0; c < length; c++)
			if (!isalnum((unsigned char)key[c]) && !strchr("_-", key[c]))
				return fail(error, "the key \"%.*s\" may contain only letters, "
					    "digits, '_' and '-'", (int)length, key);
		if (length < 1 || length > META_KEY)
			return fail(error, "a key must have 1 to %d characters", META_KEY);
		if (!strncmp(key, "consul-", 7))
			return fail(error, "keys that begin with \"consul-\" are reserved for Consul");
		if (strlen(key + length + 1) > META_VALUE)
			return fail(error, "the value of \"%.*s\" is longer than %d bytes",
				    (int)length, key, META_VALUE);
	}
	return true;
}

bool registration_rules(void *object, const json_t *tree, struct error *error)
{
	const struct service_config *service = object;
	char found[32];

	(void)tree;
	if (!check_meta(&service->meta, error))
		return fail_in(error, ".meta");
	if (service->deregister_after > 0 && service->deregister_after < MINUTE) {
		duration_print(service->deregister_after, found);
		return fail(error, ".consul.deregisterCriticalServiceAfter: must be 0 or at least 1m, "
			    "found %s", found);
	}
	for (size_t i = 0; i < service->interfaces.count; i++)
		if (!address_check(service->interfaces.items[i], error))
			return fail_in(error, ".interfaces");
	return true;
}

bool is_label(const char *text, size_t longest)
{
	bool fine = isalnum((unsigned char)*text) && strlen(text) <= longest;

	for (; fine && *text; text++)
		fine = isalnum((unsigned char)*text) || *text == '-';
	return fine;
}

bool service_name_check(const char *name, struct error *error)
{
	size_t length = strlen(name);
	bool fine = length && length <= LONGEST_SERVICE;

	for (const char *c = name; fine && *c; c++)
		fine = *c != '/' && ((unsigned char)*c >= 0x80 || isgraph((unsigned char)*c));
	return fine || fail(error, "a service name must have 1 to %d bytes, and neither white space "
			    "nor '/', found \"%.80s\"", LONGEST_SERVICE, name);
}

bool service_rules(void *object, const json_t *tree, struct error *error)
{
	const struct service_config *service = object;

	(void)tree;
	if (!service->port)
		return fail(error, ".port: missing");
	return service_name_check(service->name, error) || fail_in(error, ".name");
}

/* A job cannot have the name of another kind of source. */
static bool check_job_name(const char *name, struct error *error)
{
	if (!strcmp(name, "global") || !strcmp(name, "consul") || !strncmp(name, "watch.", 6) ||
	    !strncmp(name, "template.", 9) || !strncmp(name, "election.", 9) ||
	    !strncmp(name, "SIG", 3))
		return fail(error, ".name: \"%.64s\" is reserved for a source that is not a job",
			    name);
	for (const char *c = name; *c; c++)
		if (iscntrl((unsigned char)*c))
			return fail(error, ".name: must not contain a control character");
	return true;
}

/* The port of the job itself makes the first of its services. */
static void add_own_service(struct job_config *job)
{
	job->services = alloc_resize(job->services, (job->service_count + 1) * sizeof job->own);
	memmove(job->services + 1, job->services, job->service_count * sizeof job->own);
	job->services[0] = job->own;
	job->services[0].name = copy_string(job->name);
	job->own = (struct service_config){ 0 };
	job->service_count++;
}

static bool check_when(const struct job_config *job, struct error *error)
{
	if (job->when.each && job->essential)
		return fail(error, ".essential: a job that runs on each event never ends for good");
	if (job->runs && strncmp(job->runs, "election.", 9))
		return fail(error, ".runs: must be \"election.NAME\", found \"%.64s\"", job->runs);
	if (job->when.each && job->restarts == UNLIMITED && !job->runs)
		return fail(error, ".restarts: with \"unlimited\" the job never waits for the next "
			    "event; use when.once or \"onFailure\"");
	return true;
}

bool job_rules(void *object, const json_t *tree, struct error *error)
{
	struct job_config *job = object;

	job->tree = json_incref((json_t *)tree);
	if (!has_key(tree, "when"))
		job->when.code = EVENT_NONE;
	if (job->when.interval && !has_key(tree, "restarts"))
		job->restarts = UNLIMITED;
	if (job->when.interval && !has_key(tree, "timeout"))
		job->timeout = job->when.interval;
	if (!check_job_name(job->name, error) || !check_when(job, error))
		return false;
	if (job->own.port && !service_name_check(job->name, error))
		return fail_in(error, ".name");
	if (job->own.port)
		add_own_service(job);
	for (size_t i = 0; i < job->service_count; i++)
		job->services[i].ttl = job->health.set ? job->health.ttl : DEFAULT_TTL;
	if (!job->exec.argv.count && !job->service_count && !has_key(tree, "exec"))
		return fail(error, ".exec: missing, and there is no port to register");
	if (!job->exec.argv.count && readiness_is_set(&job->readiness))
		return fail(error, ".readiness: only possible with exec");
	return true;
}

bool watch_rules(void *object, const json_t *tree, struct error *error)
{
	static const char *const service_keys[] = { "tag", "tags", "near", "passing" };
	struct watch_config *watch = object;

	watch->tree = json_incref((json_t *)tree);
	watch->kind = watch->key ? WATCH_KEY : watch->prefix ? WATCH_PREFIX : WATCH_SERVICE;
	if (!!watch->key + !!watch->prefix + !!watch->service > 1)
		return fail(error, "only one of service, key and prefix may be given");
	for (size_t i = 0; i < 4 && watch->kind != WATCH_SERVICE; i++)
		if (has_key(tree, service_keys[i]))
			return fail(error, ".%s: only possible with service", service_keys[i]);
	if (watch->kind == WATCH_SERVICE && !watch->service)
		watch->service = copy_string(watch->name);
	return true;
}

bool check_rules(void *object, const json_t *tree, struct error *error)
{
	const struct bounded_command *check = object;

	return check_not_empty(&check->exec, tree, error) &&
	       (check->exec.argv.count || fail(error, ".exec: missing"));
}

bool wait_rules(void *object, const json_t *tree, struct error *error)
{
	struct wait_config *wait = object;

	if (!has_key(tree, "max"))
		wait->max = 4 * wait->min;
	return wait->min <= wait->max || fail(error, ".min: must not be greater than max");
}

static bool parse_template(struct template_config *config, struct error *error)
{
	const struct template_options options = {
		.profile = TEMPLATE_CONSUL,
		.missing_key = config->error_on_missing_key ? MISSING_ERROR : MISSING_ZERO,
		.left = config->left, .right = config->right,
	};

	config->template = template_parse(config->source ? config->source : config->name,
					  config->text.data, config->text.used, &options, error);
	return config->template;
}

bool template_rules(void *object, const json_t *tree, struct error *error)
{
	struct template_config *config = object;

	config->tree = json_incref((json_t *)tree);
	config->text = (struct buf)BUF_INIT;
	if (!config->source == !config->contents)
		return fail(error, "exactly one of source and contents must be given");
	if (*config->target.destination != '/')
		return fail(error, ".destination: must be an absolute path, found \"%.64s\"",
			    config->target.destination);
	if (!*config->left || !*config->right)
		return fail(error, "a delimiter must not be empty");
	if (!read_identity(&config->target.identity, tree, error))
		return false;
	if (config->contents)
		buf_add(&config->text, config->contents);
	else if (!file_read_regular(config->source, TEMPLATE_SOURCE_LIMIT, &config->text, error))
		return fail_in(error, ".source");
	return parse_template(config, error) || fail_in(error, config->source ? ".source" : ".contents");
}
