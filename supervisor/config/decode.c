#include "decode.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "config.h"
#include "tables.h"
#include "scalar.h"
#include "sugar.h"

static const char inherited[] = "inherited";

bool decode_user(const struct field *field, void *slot, const json_t *value, struct error *error)
{
	AUTOFREE char *text = NULL;

	(void)field, (void)slot, (void)error;
	if (!json_is_string(value) && !json_is_integer(value))
		return false;
	text = scalar_text(value);
	return *text && *text != '-';
}

/* Octal digits in quotes, or `word` (may be NULL), which means -1. */
static bool decode_octal(const json_t *value, const char *word, int max, int *slot)
{
	const char *text = json_string_value(value);

	if (text && word && !strcmp(text, word)) {
		*slot = -1;
		return true;
	}
	if (!text || !*text || strlen(text) > 5 || strspn(text, "01234567") != strlen(text))
		return false;
	*slot = (int)strtol(text, NULL, 8);
	return *slot <= max;
}

bool decode_umask(const struct field *field, void *slot, const json_t *value, struct error *error)
{
	(void)field, (void)error;
	return decode_octal(value, inherited, 0777, slot);
}

bool decode_perms(const struct field *field, void *slot, const json_t *value, struct error *error)
{
	(void)field, (void)error;
	return decode_octal(value, "keep", 07777, slot);
}

bool decode_mode(const struct field *field, void *slot, const json_t *value, struct error *error)
{
	(void)field, (void)error;
	return decode_octal(value, NULL, 0777, slot);
}

bool decode_group(const struct field *field, void *slot, const json_t *value, struct error *error)
{
	AUTOFREE char *text = NULL;

	(void)field;
	if (!json_is_string(value) && !json_is_integer(value))
		return false;
	text = scalar_text(value);
	if (!strcmp(text, inherited)) {
		*(gid_t *)slot = (gid_t)-1;
		return true;
	}
	return identity_find_group(text, slot, error);
}

bool decode_oom_score(const struct field *field, void *slot, const json_t *value,
		      struct error *error)
{
	const char *text = json_string_value(value);
	long number = NO_OOM_SCORE;

	(void)field, (void)error;
	if (!(text && !strcmp(text, inherited)) &&
	    !(scalar_number(value, &number) && number >= -1000 && number <= 1000))
		return false;
	*(long *)slot = number;
	return true;
}

static const struct choice resources[] = {
	{ "as", RLIMIT_AS }, { "core", RLIMIT_CORE }, { "cpu", RLIMIT_CPU },
	{ "data", RLIMIT_DATA }, { "fsize", RLIMIT_FSIZE }, { "locks", RLIMIT_LOCKS },
	{ "memlock", RLIMIT_MEMLOCK }, { "msgqueue", RLIMIT_MSGQUEUE }, { "nice", RLIMIT_NICE },
	{ "nofile", RLIMIT_NOFILE }, { "nproc", RLIMIT_NPROC }, { "rss", RLIMIT_RSS },
	{ "rtprio", RLIMIT_RTPRIO }, { "rttime", RLIMIT_RTTIME },
	{ "sigpending", RLIMIT_SIGPENDING }, { "stack", RLIMIT_STACK }, { 0 }
};

static bool find_resource(const char *name, int *resource, struct error *error)
{
	CLEANUP(strv_release) struct strv names = { 0 };

	for (const struct choice *choice = resources; choice->name; choice++) {
		if (!strcmp(choice->name, name)) {
			*resource = choice->value;
			return true;
		}
		strv_push(&names, choice->name);
	}
	return fail(error, ".%.64s: unknown limit%s", name, suggest(name, &names).text);
}

/* Reads one value and moves *text behind it. */
static bool parse_limit(const char **text, rlim_t *limit)
{
	static const char unlimited[] = "unlimited";
	char *end;

	if (!strncmp(*text, unlimited, strlen(unlimited))) {
		*text += strlen(unlimited);
		*limit = RLIM_INFINITY;
		return true;
	}
	if (!isdigit((unsigned char)**text))
		return false;
	*limit = strtoull(*text, &end, 10);
	*text = end;
	return true;
}

static bool parse_limits(const char *text, struct rlimit *limits)
{
	if (!parse_limit(&text, &limits->rlim_cur))
		return false;
	limits->rlim_max = limits->rlim_cur;
	if (*text == ':') {
		text++;
		if (!parse_limit(&text, &limits->rlim_max))
			return false;
	}
	return !*text && limits->rlim_cur <= limits->rlim_max;
}

bool decode_rlimits(const struct field *field, void *slot, const json_t *value,
		    struct error *error)
{
	struct exec_config *exec = slot;
	const char *name;
	json_t *element;

	(void)field;
	if (!json_is_object(value))
		return false;
	exec->limits = alloc(json_object_size(value) * sizeof *exec->limits);
	json_object_foreach((json_t *)value, name, element) {
		struct limit *limit = &exec->limits[exec->limit_count++];
		AUTOFREE char *text = scalar_text(element);

		if (!find_resource(name, &limit->resource, error))
			return false;
		if (!text || !parse_limits(text, &limit->value))
			return fail(error, ".%s: must be \"soft:hard\" or one value for both, where "
				    "soft is not above hard, found %s", name, text ? text : "a group");
	}
	return true;
}

bool decode_restarts(const struct field *field, void *slot, const json_t *value,
		     struct error *error)
{
	static const struct choice words[] = {
		{ "never", 0 }, { "unlimited", UNLIMITED }, { "onFailure", ON_FAILURE }, { 0 }
	};
	const char *text = json_string_value(value);
	long number;

	(void)field, (void)error;
	for (const struct choice *word = words; text && word->name; word++)
		if (!strcmp(text, word->name)) {
			*(long *)slot = word->value;
			return true;
		}
	if (!scalar_number(value, &number) || number < 0)
		return false;
	*(long *)slot = number;
	return true;
}

static const struct {
	const char *name;
	enum level_group group;
	bool public;
} events[] = {
#define X(code, name, group, public) [EVENT_##code] = { name, GROUP_##group, public },
	EVENT_CODES(X)
#undef X
};

static bool find_event(const char *name, enum event_code *code, struct error *error)
{
	CLEANUP(strv_release) struct strv names = { 0 };

	for (int i = 0; i < EVENT_COUNT; i++) {
		if (!events[i].public)
			continue;
		if (!strcmp(events[i].name, name)) {
			*code = (enum event_code)i;
			return true;
		}
		strv_push(&names, events[i].name);
	}
	return fail(error, "there is no event \"%.64s\"%s", name, suggest(name, &names).text);
}

bool decode_once(const struct field *field, void *slot, const json_t *value, struct error *error)
{
	struct when_config *when = slot;

	(void)field;
	return json_is_string(value) && find_event(json_string_value(value), &when->code, error);
}

bool decode_each(const struct field *field, void *slot, const json_t *value, struct error *error)
{
	struct when_config *when = slot;

	when->each = true;
	return decode_once(field, slot, value, error);
}

/* "db healthy": a source, whose name may contain blanks, and an event. */
static bool parse_need(struct need_config *need, const char *text, struct error *error)
{
	const char *blank = strrchr(text, ' ');

	if (!blank || blank == text || !blank[1])
		return fail(error, "must be \"SOURCE EVENT\", such as \"db healthy\", found \"%.64s\"",
			    text);
	need->source = copy_bytes(text, (size_t)(blank - text));
	if (!find_event(blank + 1, &need->code, error))
		return false;
	if (events[need->code].group != GROUP_NONE)
		return true;
	return fail(error, "\"%s\" is not a lasting state; wait for it with "
		    "when = { source = \"%.64s\"; once = \"%s\"; }",
		    events[need->code].name, need->source, events[need->code].name);
}

bool decode_needs(const struct field *field, void *slot, const json_t *value, struct error *error)
{
	CLEANUP(strv_release) struct strv words = { 0 };
	struct job_config *job = slot;

	(void)field;
	if (!scalar_strings(value, &words))
		return false;
	job->needs = alloc(words.count * sizeof *job->needs);
	for (size_t i = 0; i < words.count; i++)
		if (!parse_need(&job->needs[job->need_count++], words.items[i], error))
			return false;
	return true;
}

static const struct profile {
	const char *name;
	double ttl, lock_delay, demote_timeout;
} profiles[] = {
	{ "standard", 10, 10, 2 },
	{ "fast",      3,  4, 0 },
	{ "safe",     30, 30, 2 },
};

bool decode_profile(const struct field *field, void *slot, const json_t *value,
		    struct error *error)
{
	struct election_config *election = slot;
	const char *text = json_string_value(value);

	(void)field, (void)error;
	for (size_t i = 0; text && i < sizeof profiles / sizeof *profiles; i++) {
		const struct profile *profile = &profiles[i];

		if (strcasecmp(text, profile->name))
			continue;
		election->ttl = profile->ttl;
		election->lock_delay = profile->lock_delay;
		election->demote_timeout = profile->demote_timeout;
		return true;
	}
	return false;
}

static bool is_status(long number)
{
	return number >= 100 && number <= 599;
}

bool decode_status(const struct field *field, void *slot, const json_t *value,
		   struct error *error)
{
	struct health_config *health = slot;
	AUTOFREE char *text = scalar_text(value);
	char *end;

	(void)field, (void)error;
	if (!text || !isdigit((unsigned char)*text))
		return false;
	health->status_min = health->status_max = strtol(text, &end, 10);
	if (*end == '-' && isdigit((unsigned char)end[1]))
		health->status_max = strtol(end + 1, &end, 10);
	return !*end && is_status(health->status_min) && is_status(health->status_max) &&
	       health->status_min <= health->status_max;
}

json_t *widen_consul(const json_t *value)
{
	if (json_is_object(value))
		return json_incref((json_t *)value);
	if (json_is_string(value))
		return *json_string_value(value) ? json_pack("{sO}", "address", value) : json_object();
	return json_is_false(value) ? json_null() : NULL;
}

json_t *widen_check(const json_t *value)
{
	return json_is_object(value) ? json_incref((json_t *)value) : json_pack("{sO}", "exec", value);
}

bool decode_hook(const struct field *field, void *slot, const json_t *value, struct error *error)
{
	(void)field, (void)slot, (void)error;
	return sugar_is_command(value);
}

bool decode_unused(const struct field *field, void *slot, const json_t *value,
		   struct error *error)
{
	struct field seconds = { .type = FIELD_SECONDS };
	double unused;

	(void)field, (void)slot;
	return scalar_decoder(FIELD_SECONDS)(&seconds, &unused, value, error);
}
