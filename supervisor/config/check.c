#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "mistakes.h"
#include "schema.h"

/* The job that owns this source: "NAME" or "NAME.health". */
static const struct job_config *find_source_job(const struct config *config, const char *source)
{
	size_t index = config_source_index(config, source);
	const struct job_config *job = index == JOB_NONE ? NULL : config->jobs[index];

	return job && (job->health.set || !strcmp(job->name, source)) ? job : NULL;
}

static const struct election_config *find_election(const struct config *config,
						   const char *source)
{
	static const char prefix[] = "election.";

	if (strncmp(source, prefix, strlen(prefix)))
		return NULL;
	for (size_t i = 0; i < config->election_count; i++)
		if (!strcmp(config->elections[i]->name, source + strlen(prefix)))
			return config->elections[i];
	return NULL;
}

static void add_elections(const struct config *config, struct strv *sources)
{
	for (size_t i = 0; i < config->election_count; i++)
		strv_push_taken(sources, format_string("election.%s", config->elections[i]->name));
}

static void add_source_names(const struct config *config, struct strv *sources)
{
	strv_push(sources, "global");
	strv_push(sources, "consul");
	for (size_t i = 0; i < config->job_count; i++) {
		strv_push(sources, config->jobs[i]->name);
		if (config->jobs[i]->health.set)
			strv_push_taken(sources, format_string("%s.health", config->jobs[i]->name));
	}
	for (size_t i = 0; i < config->watch_count; i++)
		strv_push_taken(sources, format_string("watch.%s", config->watches[i]->name));
	for (size_t i = 0; i < config->template_count; i++)
		strv_push_taken(sources, format_string("template.%s", config->templates[i]->name));
	add_elections(config, sources);
}

/* The names of all sources. */
struct sources {
	struct strv names;
	json_t *set;
};

static struct sources sources_of(const struct config *config)
{
	struct sources sources = { .set = json_object() };

	add_source_names(config, &sources.names);
	for (size_t i = 0; i < sources.names.count; i++)
		json_object_set_new(sources.set, sources.names.items[i], json_true());
	return sources;
}

static void sources_release(struct sources *sources)
{
	strv_release(&sources->names);
	json_decref(sources->set);
}

/* "db" may be meant to be "watch.db". */
static struct suggestion suggest_source(const char *source, const struct strv *sources)
{
	struct suggestion suggestion;

	for (size_t i = 0; i < sources->count; i++) {
		const char *dot = strchr(sources->items[i], '.');

		if (!dot || strcmp(dot + 1, source))
			continue;
		snprintf(suggestion.text, sizeof suggestion.text, "; did you mean '%.64s'?",
			 sources->items[i]);
		return suggestion;
	}
	return suggest(source, sources);
}

static bool check_source(const struct config *config, const struct sources *sources,
			 const char *source, struct error *error)
{
	if (!strcmp(source, "consul") && !config->consul.enabled)
		return fail(error, "there is no source \"consul\", because the "
			    "configuration has no consul");
	if (!strncmp(source, "SIG", 3))
		return true;
	return json_object_get(sources->set, source) ||
	       fail(error, "there is no source \"%.64s\"%s", source,
		    suggest_source(source, &sources->names).text);
}

static bool check_runs(const struct config *config, const char *source, struct error *error)
{
	CLEANUP(strv_release) struct strv elections = { 0 };

	if (find_election(config, source))
		return true;
	add_elections(config, &elections);
	return fail(error, "there is no \"%.64s\"%s", source,
		    suggest(source, &elections).text);
}

/* Adds what is wrong with one key of a job. */
static void add_in_job(struct strv *mistakes, const struct job_config *job, const char *key,
		       const struct error *error)
{
	strv_push_taken(mistakes, format_string("jobs[%.64s].%s: %s", job->name, key, error->text));
}

/* A `when` whose event never comes is a mistake, unless ContainerPilot's habit is wanted. */
static void add_in_when(struct config *config, struct job_config *job, const char *key,
			const struct error *error, struct strv *mistakes)
{
	CLEANUP(strv_release) struct strv found = { 0 };

	if (!config->compat.unknown_sources) {
		add_in_job(mistakes, job, key, error);
		return;
	}
	job->when.unknown = true;
	add_in_job(&found, job, key, error);
	strv_push_taken(&config->warnings, format_string("%s; the job waits without end", found.items[0]));
}

static bool check_sources(struct config *config, struct strv *mistakes)
{
	CLEANUP(sources_release) struct sources sources = sources_of(config);
	size_t before = mistakes->count;

	for (size_t i = 0; i < config->job_count; i++) {
		struct job_config *job = config->jobs[i];
		struct error runs = ERROR_INIT, when = ERROR_INIT;

		if (job->runs && !check_runs(config, job->runs, &runs))
			add_in_job(mistakes, job, "runs", &runs);
		else if (job->when.source && !check_source(config, &sources, job->when.source, &when))
			add_in_when(config, job, "when.source", &when, mistakes);
		for (size_t n = 0; n < job->need_count; n++) {
			struct error need = ERROR_INIT;

			if (!check_source(config, &sources, job->needs[n].source, &need))
				add_in_job(mistakes, job, "needs", &need);
		}
	}
	return mistakes->count == before;
}

/* The kinds of sources, and the kinds that publish each event. */
enum {
	JOB = 1, CHECKED = 2, CHECK = 4, GLOBAL = 8, CONSUL = 16, WATCH = 32, SIGNAL = 64,
	TEMPLATE = 128, ELECTION = 256, CANDIDATE = 512,
};

static const unsigned publishers[EVENT_COUNT] = {
	[EVENT_STARTUP] = GLOBAL,
	[EVENT_SHUTDOWN] = GLOBAL,
	[EVENT_RUNNING] = JOB,
	[EVENT_DRAINING] = JOB,
	[EVENT_STOPPING] = JOB,
	[EVENT_STOPPED] = JOB,
	[EVENT_EXIT_SUCCESS] = JOB | CHECK,
	[EVENT_EXIT_FAILED] = JOB | CHECK,
	[EVENT_HEALTHY] = CHECKED | WATCH | CONSUL | TEMPLATE,
	[EVENT_WARNING] = CHECKED,
	[EVENT_UNHEALTHY] = CHECKED | WATCH | CONSUL | TEMPLATE,
	[EVENT_CHANGED] = WATCH | TEMPLATE,
	[EVENT_SETTLED] = TEMPLATE,
	[EVENT_RENDERED] = TEMPLATE,
	[EVENT_ELECTED] = CANDIDATE,
	[EVENT_DEPOSED] = CANDIDATE,
	[EVENT_LEADER] = ELECTION,
	[EVENT_TIMER_EXPIRED] = JOB,
	[EVENT_ENTER_MAINTENANCE] = GLOBAL,
	[EVENT_EXIT_MAINTENANCE] = GLOBAL,
	[EVENT_SIGNALLED] = SIGNAL,
	[EVENT_RELOADED] = GLOBAL,
};

static unsigned kinds_of(const struct config *config, const char *source)
{
	const struct job_config *job = config_find_job(config, source);
	const struct election_config *election = find_election(config, source);

	if (election)
		return election->candidate ? ELECTION | CANDIDATE : ELECTION;
	if (job)
		return JOB | (health_has_check(&job->health) ? CHECKED : 0) |
			     (readiness_is_set(&job->readiness) ? CHECKED : 0);
	if (!strncmp(source, "watch.", 6))
		return WATCH;
	if (!strncmp(source, "template.", 9))
		return TEMPLATE;
	if (!strncmp(source, "SIG", 3))
		return SIGNAL;
	return !strcmp(source, "global") ? GLOBAL : !strcmp(source, "consul") ? CONSUL : CHECK;
}

/* A job that waits for an event that its source never publishes would never start. */
static bool check_event(const struct config *config, const char *source, enum event_code code,
			struct error *error)
{
	CLEANUP(buf_release) struct buf names = BUF_INIT;
	unsigned kinds = kinds_of(config, source);

	if (publishers[code] & kinds)
		return true;
	if (publishers[code] & CANDIDATE && kinds & ELECTION)
		return fail(error, "\"%.64s\" never publishes \"%s\", because it is not a candidate",
			    source, event_name(code));
	if (publishers[code] & CHECKED && kinds & JOB)
		return fail(error, "\"%.64s\" never publishes \"%s\", because it has no health check and no readiness",
			    source, event_name(code));
	for (int i = 0; i < EVENT_COUNT; i++)
		if (publishers[i] & kinds)
			buf_print(&names, "%s%s", names.used ? ", " : "", event_name((enum event_code)i));
	return fail(error, "\"%.64s\" never publishes \"%s\", only %s", source, event_name(code),
		    names.data);
}

static void check_events(struct config *config, struct strv *mistakes)
{
	for (size_t i = 0; i < config->job_count; i++) {
		struct job_config *job = config->jobs[i];
		struct error when = ERROR_INIT;

		if (job->when.source && !job->when.unknown &&
		    !check_event(config, job->when.source, job->when.code, &when))
			add_in_when(config, job, "when", &when, mistakes);
		for (size_t n = 0; n < job->need_count; n++) {
			struct error need = ERROR_INIT;

			if (!check_event(config, job->needs[n].source, job->needs[n].code, &need))
				add_in_job(mistakes, job, "needs", &need);
		}
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* `list`: the key of the list whose elements have these names; NULL: none.  Sorts `names`. */
static void check_unique(struct strv *names, const char *list, const char *what, struct strv *mistakes)
{
	if (names->count)
		qsort(names->items, names->count, sizeof *names->items, by_text);
	for (size_t i = 1; i < names->count; i++) {
		const char *name = names->items[i];
		AUTOFREE char *path = list ? format_string("%s[%.64s]: ", list, name) : copy_string("");

		if (!strcmp(names->items[i - 1], name))
			strv_push_taken(mistakes, format_string("%sthere are two %s \"%.64s\"", path,
								what, name));
	}
}

/* Instances of one service need different IDs. */
static void add_services(const struct job_config *job, struct strv *names, struct strv *ids)
{
	for (size_t i = 0; i < job->service_count; i++) {
		const struct service_config *service = &job->services[i];

		strv_push(service->id ? ids : names, service->id ? service->id : service->name);
	}
}

static bool check_names(const struct config *config, struct strv *mistakes)
{
	CLEANUP(strv_release) struct strv jobs = { 0 }, watches = { 0 }, services = { 0 };
	CLEANUP(strv_release) struct strv ids = { 0 };
	CLEANUP(strv_release) struct strv templates = { 0 }, files = { 0 };
	CLEANUP(strv_release) struct strv elections = { 0 }, locks = { 0 };
	size_t before = mistakes->count;

	for (size_t i = 0; i < config->job_count; i++) {
		strv_push(&jobs, config->jobs[i]->name);
		add_services(config->jobs[i], &services, &ids);
	}
	for (size_t i = 0; i < config->watch_count; i++)
		strv_push(&watches, config->watches[i]->name);
	for (size_t i = 0; i < config->template_count; i++) {
		strv_push(&templates, config->templates[i]->name);
		strv_push(&files, config->templates[i]->target.destination);
	}
	for (size_t i = 0; i < config->election_count; i++) {
		strv_push(&elections, config->elections[i]->name);
		strv_push(&locks, config->elections[i]->key);
	}
	check_unique(&jobs, "jobs", "jobs named", mistakes);
	check_unique(&watches, "watches", "watches named", mistakes);
	check_unique(&services, NULL, "services named", mistakes);
	check_unique(&ids, NULL, "services with the id", mistakes);
	check_unique(&templates, "templates", "templates named", mistakes);
	check_unique(&files, NULL, "templates with the destination", mistakes);
	check_unique(&elections, "elections", "elections named", mistakes);
	check_unique(&locks, NULL, "elections with the key", mistakes);
	return mistakes->count == before;
}

static void check_metrics(const struct config *config, struct strv *mistakes)
{
	CLEANUP(strv_release) struct strv names = { 0 };

	for (size_t i = 0; i < config->telemetry.metric_count; i++)
		strv_push(&names, config->telemetry.metrics[i]->name);
	for (size_t i = 0; i < config->job_count; i++) {
		const struct job_config *job = config->jobs[i];
		struct error error = ERROR_INIT;

		if (!job->metric || strv_has(&names, job->metric))
			continue;
		fail(&error, "there is no metric \"%.64s\" in telemetry.metrics%s", job->metric,
		     suggest(job->metric, &names).text);
		add_in_job(mistakes, job, "metric", &error);
	}
}

static void check_consul(const struct config *config, struct strv *mistakes)
{
	static const char why[] = "needs Consul, but this configuration has no consul";

	if (config->consul.enabled)
		return;
	for (size_t i = 0; i < config->job_count; i++)
		if (config->jobs[i]->service_count)
			strv_push_taken(mistakes, format_string(
					"jobs[%.64s].%s: %s", config->jobs[i]->name,
					json_object_get(config->jobs[i]->tree, "port") ? "port" : "services",
					why));
	for (size_t i = 0; i < config->watch_count; i++)
		strv_push_taken(mistakes, format_string("watches[%.64s]: %s", config->watches[i]->name, why));
	for (size_t i = 0; i < config->election_count; i++)
		strv_push_taken(mistakes, format_string("elections[%.64s]: %s",
							config->elections[i]->name, why));
}

/* A depth-first search along the sources that jobs wait for. */
struct walk {
	const struct config *config;
	enum mark { NEW, ON_PATH, DONE } *marks;	/* as config->jobs */
	struct strv path;
};

static bool fail_cycle(const struct walk *walk, const char *name, struct error *error)
{
	CLEANUP(buf_release) struct buf cycle = BUF_INIT;
	size_t i = walk->path.count;

	while (strcmp(walk->path.items[--i], name))
		;
	for (; i < walk->path.count; i++)
		buf_print(&cycle, "%s -> ", walk->path.items[i]);
	return fail(error, "jobs[%.64s]: jobs that wait for each other never start: %s%s", name,
		    cycle.data, name);
}

static void pop(struct strv *path)
{
	free(path->items[--path->count]);
	path->items[path->count] = NULL;
}

static bool visit(struct walk *walk, const char *source, enum event_code code,
		  struct error *error);

static bool visit_job(struct walk *walk, size_t index, struct error *error)
{
	const struct job_config *job = walk->config->jobs[index];

	if (walk->marks[index] == DONE)
		return true;
	if (walk->marks[index] == ON_PATH)
		return fail_cycle(walk, job->name, error);
	walk->marks[index] = ON_PATH;
	strv_push(&walk->path, job->name);
	if (job->when.source && !job->when.unknown && !visit(walk, job->when.source, job->when.code, error))
		return false;
	for (size_t i = 0; i < job->need_count; i++)
		if (!visit(walk, job->needs[i].source, job->needs[i].code, error))
			return false;
	pop(&walk->path);
	walk->marks[index] = DONE;
	return true;
}

/* The job that must run before this pilotfish can win the election.  The event "leader" does not
 * depend on that job: it also tells of other leaders. */
static const struct job_config *find_candidate(const struct config *config, const char *source,
					       enum event_code code)
{
	const struct election_config *election = find_election(config, source);

	return election && election->job && election->candidate && code != EVENT_LEADER ?
	       config_find_job(config, election->job) : NULL;
}

static bool visit(struct walk *walk, const char *source, enum event_code code,
		  struct error *error)
{
	const struct job_config *job = find_source_job(walk->config, source);
	const struct job_config *candidate = find_candidate(walk->config, source, code);
	bool fine = true;

	if (candidate)
		strv_push(&walk->path, source);
	if (job)
		fine = visit_job(walk, config_job_index(walk->config, job->name), error);
	if (candidate && fine)
		fine = visit_job(walk, config_job_index(walk->config, candidate->name), error);
	if (candidate && fine)
		pop(&walk->path);
	return fine;
}

/* Is the search to be repeated, since this `when` waits no longer for the others of the cycle? */
static bool break_cycle(struct config *config, struct walk *walk, struct error *error)
{
	struct job_config *job = config_find_job(config, walk->path.items[walk->path.count - 1]);

	if (!config->compat.unknown_sources || !job->when.source || job->when.unknown)
		return false;
	job->when.unknown = true;
	strv_push(&config->warnings, error->text);
	*error = (struct error)ERROR_INIT;
	for (size_t i = 0; i < config->job_count; i++)
		if (walk->marks[i] == ON_PATH)
			walk->marks[i] = NEW;
	strv_release(&walk->path);
	return true;
}

/* The first cycle alone: jobs on it may be on others. */
static void check_cycles(struct config *config, struct strv *mistakes)
{
	AUTOFREE enum mark *marks = alloc(config->job_count * sizeof *marks);
	struct walk walk = { .config = config, .marks = marks };

	for (size_t i = 0; i < config->job_count; i++) {
		struct error error = ERROR_INIT;

		while (!visit_job(&walk, i, &error) && break_cycle(config, &walk, &error))
			;
		if (*error.text) {
			mistakes_add(mistakes, &error);
			break;
		}
	}
	strv_release(&walk.path);
}

/* An election needs a job that leads. */
static bool check_used(const struct config *config, const struct election_config *election,
		       struct error *error)
{
	AUTOFREE char *source = format_string("election.%s", election->name);

	for (size_t i = 0; i < config->job_count; i++)
		if (config->jobs[i]->runs && !strcmp(config->jobs[i]->runs, source))
			return true;
	return !election->candidate ||
	       fail(error, ".job: missing, and no job has runs = \"%s\"", source);
}

static bool check_tag(const struct election_config *election, const struct job_config *job,
		      struct error *error)
{
	for (size_t s = 0; s < job->service_count && election->tag; s++)
		for (size_t t = 0; t < job->services[s].tags.count; t++)
			if (!strcmp(job->services[s].tags.items[t], election->tag))
				return fail(error, ".tag: tag \"%.64s\" is already a static tag of "
					    "service \"%.64s\"", election->tag,
					    job->services[s].name);
	return true;
}

static bool check_role(const struct election_config *election, const struct job_config *job,
		       struct error *error)
{
	const char *key = election->tag ? "tag" : "service";

	if (!election->tag && !election->service)
		return true;
	if (!job)
		return fail(error, ".%s: only possible with job", key);
	if (!job->service_count)
		return fail(error, ".%s: job \"%.64s\" has no port", key, job->name);
	return check_tag(election, job, error);
}

static bool check_election(const struct config *config, const struct election_config *election,
			   struct error *error)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	const struct job_config *job = election->job ? config_find_job(config, election->job) : NULL;

	if (!election->job)
		return check_used(config, election, error) && check_role(election, NULL, error);
	for (size_t i = 0; i < config->job_count; i++)
		strv_push(&names, config->jobs[i]->name);
	if (!job)
		return fail(error, ".job: there is no job \"%.64s\"%s", election->job,
			    suggest(election->job, &names).text);
	if (job->runs && find_election(config, job->runs) == election)
		return fail(error, ".job: job \"%.64s\" has runs for this election; remove one of "
			    "job and runs", job->name);
	return check_role(election, job, error);
}

static bool check_elections(const struct config *config, struct strv *mistakes)
{
	CLEANUP(strv_release) struct strv jobs = { 0 };
	size_t before = mistakes->count;

	for (size_t i = 0; i < config->election_count; i++) {
		const struct election_config *election = config->elections[i];
		size_t earlier = mistakes->count;
		struct error error = ERROR_INIT;

		if (!check_election(config, election, &error))
			mistakes_add(mistakes, &error);
		mistakes_in(mistakes, earlier, "elections[%.64s]", election->name);
		if (election->job)
			strv_push(&jobs, election->job);
	}
	check_unique(&jobs, NULL, "elections of the job", mistakes);
	return mistakes->count == before;
}

/* With a name given twice or a reference to nothing, later rules would blame the innocent. */
bool config_check(struct config *config, struct strv *mistakes)
{
	size_t before = mistakes->count;

	if (!check_names(config, mistakes) || !check_sources(config, mistakes) ||
	    !check_elections(config, mistakes))
		return false;
	check_events(config, mistakes);
	check_cycles(config, mistakes);
	check_metrics(config, mistakes);
	check_consul(config, mistakes);
	return mistakes->count == before;
}
