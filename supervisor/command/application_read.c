#include "application_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "config/rules.h"
#include "consul/answer.h"
#include "consul/watch/answer_set.h"

enum { OUTPUT_MOST = 256 };

/* ---- instances ---- */

static bool is_managed(const json_t *service)
{
	return !strcmp(answer_text(json_object_get(service, "Meta"), "managed_by"), "pilotfish");
}

/* A maintenance has its reason in the notes. */
static json_t *output_of(const json_t *check)
{
	const char *text = answer_text(check, "Output");

	if (!*text && strstr(answer_text(check, "CheckID"), "_maintenance"))
		text = answer_text(check, "Notes");
	return json_stringn(text, utf8_cut(text, strcspn(text, "\n"), OUTPUT_MOST));
}

static bool is_candidate(const json_t *service, const json_t *checks)
{
	AUTOFREE char *wanted = format_string("alive:%s", answer_text(service, "ID"));
	json_t *check;
	size_t i;

	json_array_foreach(checks, i, check)
		if (!strcmp(answer_text(check, "CheckID"), wanted))
			return true;
	return false;
}

static json_t *read_instance(const json_t *entry)
{
	const json_t *node = json_object_get(entry, "Node"), *service = json_object_get(entry, "Service");
	const json_t *meta = json_object_get(service, "Meta"), *checks = json_object_get(entry, "Checks"), *worst;
	const char *status = answer_set_status(checks, &worst);
	const char *address = answer_text(service, "Address");

	return json_pack("{ss ss ss ss sI ss so ss sI sb}",
			 "name", answer_text(service, "Service"), "id", answer_text(service, "ID"),
			 "node", answer_text(node, "Node"),
			 "address", *address ? address : answer_text(node, "Address"),
			 "port", json_integer_value(json_object_get(service, "Port")),
			 "status", status, "output", output_of(worst),
			 "version", answer_text(meta, "pilotfish_version"),
			 "started", (json_int_t)strtoll(answer_text(meta, "pilotfish_started"), NULL, 10),
			 "candidate", is_candidate(service, checks));
}

static int compare(const void *a, const void *b)
{
	const json_t *one = *(json_t *const *)a, *other = *(json_t *const *)b;
	int order = strcmp(answer_text(one, "id"), answer_text(other, "id"));

	return order ? order : strcmp(answer_text(one, "node"), answer_text(other, "node"));
}

json_t *application_read_instances(const void *context, const json_t *answer, struct error *error)
{
	AUTOFREE json_t **slots = alloc((json_array_size(answer) + 1) * sizeof *slots);
	json_t *set, *entry;
	size_t i, count = 0;

	(void)context;
	if (!json_is_array(answer)) {
		fail(error, "an answer that is not a list");
		return NULL;
	}
	set = json_array();
	json_array_foreach(answer, i, entry)
		if (is_managed(json_object_get(entry, "Service")))
			slots[count++] = read_instance(entry);
	qsort(slots, count, sizeof *slots, compare);
	for (i = 0; i < count; i++)
		json_array_append_new(set, slots[i]);
	return set;
}

/* ---- names ---- */

bool application_read_names(const json_t *answer, size_t most, struct strv *names)
{
	const char *name;
	json_t *value;
	size_t i;

	json_array_foreach(answer, i, value)
		if (*answer_text(value, "Name") && names->count < most)
			strv_push(names, answer_text(value, "Name"));
	json_object_foreach((json_t *)answer, name, value)
		if (*name && names->count < most)
			strv_push(names, name);
	return json_array_size(answer) + json_object_size(answer) <= most;
}

/* ---- elections ---- */

/* The name of a candidate's session is "KEY ID"; it may be bound to the check "alive:NAME-election-ID".
 * Without that check, only the default key tells the election's name.  NULL: the session is no candidate's;
 * else free() it. */
static char *election_name(const json_t *session, const char *key, const char *id)
{
	AUTOFREE char *end = format_string("-election-%s", id);
	size_t length = strlen(key), tail = strlen(end);
	json_t *check;
	size_t i;

	json_array_foreach(json_object_get(session, "ServiceChecks"), i, check) {
		const char *text = answer_text(check, "ID");
		size_t size = strlen(text);

		if (size > 6 + tail && !strncmp(text, "alive:", 6) && !strcmp(text + size - tail, end))
			return copy_bytes(text + 6, size - 6 - tail);
	}
	if (length > 15 && !strncmp(key, "service/", 8) && !strcmp(key + length - 7, "/leader"))
		return copy_bytes(key + 8, length - 15);
	return NULL;
}

static void add_candidate(json_t *elections, const json_t *session)
{
	const char *text = answer_text(session, "Name"), *blank = strrchr(text, ' ');
	AUTOFREE char *key = blank ? copy_bytes(text, (size_t)(blank - text)) : NULL;
	bool is_one = key && is_election_id(blank + 1);
	AUTOFREE char *name = is_one ? election_name(session, key, blank + 1) : NULL;
	json_t *election;

	if (!name)
		return;
	election = json_object_get(elections, key);
	if (!election) {
		election = json_pack("{ss s[]}", "name", name, "candidates");
		json_object_set_new(elections, key, election);
	}
	json_array_append_new(json_object_get(election, "candidates"),
			      json_pack("{ss ss ss}", "id", blank + 1, "node", answer_text(session, "Node"),
					"status", "alive"));
}

json_t *application_read_elections(const json_t *answer)
{
	json_t *elections = json_object(), *session;
	size_t i;

	json_array_foreach(answer, i, session) {
		add_candidate(elections, session);
	}
	return elections;
}
