#include "schema.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 64 };

static size_t lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The Levenshtein distance, without regard to case. */
static size_t distance(const char *from, const char *to)
{
	size_t row[LONGEST + 1], width = strlen(to);

	for (size_t x = 0; x <= width; x++)
		row[x] = x;
	for (size_t y = 1; *from; y++, from++) {
		size_t corner = row[0];

		row[0] = y;
		for (size_t x = 1; x <= width; x++) {
			bool same = tolower((unsigned char)*from) ==
				    tolower((unsigned char)to[x - 1]);
			size_t replaced = corner + !same;

			corner = row[x];
			row[x] = lesser(replaced, lesser(row[x], row[x - 1]) + 1);
		}
	}
	return row[width];
}

/* Words of other programs' configurations, and ours.  The last part of a path is the key. */
static const struct { const char *wrong, *right; } synonyms[] = {
	{ "command", "exec" }, { "cmd", "exec" }, { "entrypoint", "exec" }, { "run", "exec" },
	{ "args", "exec" }, { "program", "exec" },
	{ "environment", "env" }, { "envs", "env" }, { "env_file", "env" },
	{ "depends_on", "needs" }, { "dependsOn", "needs" }, { "requires", "needs" },
	{ "after", "needs" }, { "healthcheck", "health" }, { "check", "health" },
	{ "checks", "health" }, { "test", "exec" }, { "retries", "failures" },
	{ "start_period", "startPeriod" }, { "initial_delay", "startPeriod" },
	{ "initialDelaySeconds", "startPeriod" }, { "periodSeconds", "interval" },
	{ "poll", "interval" }, { "frequency", "interval" }, { "cron", "when.interval" },
	{ "schedule", "when.interval" }, { "every", "when.interval" }, { "interval", "when.interval" },
	{ "restart", "restarts" }, { "restart_policy", "restarts" },
	{ "stop_grace_period", "stopTimeout" }, { "grace", "stopTimeout" },
	{ "stop_signal", "stopSignal" }, { "working_dir", "cwd" }, { "workdir", "cwd" },
	{ "directory", "cwd" }, { "url", "http" }, { "ports", "port" }, { "labels", "meta" },
	{ "services", "jobs" }, { "programs", "jobs" }, { "processes", "jobs" },
	{ "backends", "watches" }, { "onchange", "onChange" }, { "dest", "destination" },
	{ "log", "logging" }, { "loglevel", "logging.level" },
};

static const char *synonym_of(const char *wrong, const struct strv *names)
{
	for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++) {
		const char *right = synonyms[i].right;
		size_t first = strcspn(right, ".");

		for (size_t n = 0; !strcasecmp(synonyms[i].wrong, wrong) && n < names->count; n++)
			if (!strncmp(names->items[n], right, first) && !names->items[n][first])
				return right;
	}
	return NULL;
}

struct suggestion suggest(const char *wrong, const struct strv *names)
{
	struct suggestion suggestion = { "" };
	const char *synonym = synonym_of(wrong, names);
	size_t best = 1 + strlen(wrong) / 3;

	if (synonym)
		snprintf(suggestion.text, sizeof suggestion.text, "; did you mean '%s'?", synonym);
	for (size_t i = 0; !synonym && i < names->count; i++) {
		size_t way = strlen(names->items[i]) <= LONGEST ?
			     distance(wrong, names->items[i]) : LONGEST;

		if (way > best || (way == best && suggestion.text[0]))
			continue;
		best = way;
		snprintf(suggestion.text, sizeof suggestion.text, "; did you mean '%s'?",
			 names->items[i]);
	}
	return suggestion;
}
