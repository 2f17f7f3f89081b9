#include "describe.h"

#include <math.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "election.h"

/* Milliseconds until the order's deadline; 0: the hook has no deadline. */
static long deadline_of(const struct election *election, enum event_code code)
{
	if (code == EVENT_LEADER)
		return 0;
	return (long)fmax(1, 1000 * (election->leading.deadline - boottime_now()));
}

/* Of our own term, or for `leader` of the leader that became known. */
static json_t *members_of(const struct election *election, enum event_code code)
{
	const struct observed *observed = &election->observed;
	const struct leading *leading = &election->leading;
	bool of_other = code == EVENT_LEADER;
	enum election_reason reason = of_other ? REASON_LEADER_CHANGED : election->leading.reason;

	return json_pack("{ss sI sI ss ss ss sI ss}",
			 "name", election->config->name,
			 "epoch", (json_int_t)(of_other ? observed->leader_epoch : leading->epoch),
			 "previous_epoch", (json_int_t)(of_other ? observed->former_epoch
								 : leading->previous_epoch),
			 "leader", of_other ? observed->leader : election->config->id,
			 "leader_address", of_other ? observed->leader_address : election->address,
			 "reason", election_reason_name(reason),
			 "deadline_ms", (json_int_t)deadline_of(election, code),
			 "id", election->config->id);
}

static json_t *describe(struct source *source, enum event_code code, const json_t *since,
			json_t **now)
{
	const struct election *election = container_of(source, struct election, source);

	(void)since;
	*now = NULL;
	return json_pack("{ss ss so}", "source", source->name, "event", event_name(code),
			 "election", members_of(election, code));
}

static void add_env(struct source *source, enum event_code code, struct strv *env)
{
	static const struct { const char *member, *variable; } rows[] = {
		{ "name", "NAME" }, { "epoch", "EPOCH" }, { "previous_epoch", "PREVIOUS_EPOCH" },
		{ "leader", "LEADER" }, { "leader_address", "LEADER_ADDRESS" },
		{ "reason", "REASON" }, { "deadline_ms", "DEADLINE_MS" }, { "id", "ID" },
	};
	json_t *members = members_of(container_of(source, struct election, source), code);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTOFREE char *name = format_string("PILOTFISH_ELECTION_%s", rows[i].variable);
		const json_t *member = json_object_get(members, rows[i].member);
		AUTOFREE char *value = json_is_integer(member)
			? format_string("%lld", (long long)json_integer_value(member))
			: copy_string(json_string_value(member));

		strv_set(env, name, value);
	}
	json_decref(members);
}

const struct source_ops *election_source_ops(void)
{
	static const struct source_ops ops = { .describe = describe, .add_env = add_env };

	return &ops;
}
