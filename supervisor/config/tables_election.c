#include "tables.h"

#include "config.h"
#include "decode.h"
#include "rules.h"

enum { LONGEST_LOCK_DELAY = 60, LONGEST_DEMOTION = 30, DAY = 24 * 60 * 60 };

static const struct choice binds[] = {
	{ "alive", BIND_ALIVE }, { "session", BIND_SESSION }, { 0 }
};

static const struct field can_lead_fields[] = {
	{ "", EMBED_OF(bounded_command, exec, exec_record) },
	{ "timeout", SECONDS(bounded_command, timeout), .min = 0.001, .initial = "5s",
	  .help = "The program is killed after this time, which counts as a refusal." },
	{ 0 }
};
static const struct record can_lead_record = {
	.title = "canLead of an election",
	.about = "A program whose exit code 0 says that this container can lead now.",
	.fields = can_lead_fields, .finish = check_rules,
};

static const struct field election_fields[] = {
	{ "name", STRING(election_config, name), .flags = REQUIRED | TRIMMED,
	  .help = "Other objects refer to it as election.NAME. Letters, digits and '-'." },
	{ "key", STRING(election_config, key),
	  .help = "The lock in Consul's key-value store, the same in all participating containers. "
		  "\"service/NAME/leader\" unless given. The keys below it belong to the election, too." },
	{ "id", STRING(election_config, id), .flags = TRIMMED,
	  .help = "The unique name of this candidate: letters, digits and \"._:@-\". The host's name unless "
		  "given." },
	{ "job", STRING(election_config, job), .flags = TRIMMED,
	  .help = "The job that leads or follows. This container is a candidate while the job runs and, "
		  "if it has a health check, is healthy. The job starts as a follower. onElected and "
		  "onDeposed change its role; if onDeposed fails the job is stopped. Not needed for "
		  "jobs with runs." },
	{ "profile", CUSTOM_WHOLE(decode_profile), .json = "string", .must_be = "one of \"standard\", \"fast\", \"safe\"",
	  .initial = "standard",
	  .help = "The defaults of ttl, lockDelay and demoteTimeout. standard: 10s, 10s, 2s. "
		  "fast: 3s, 4s, 0: another candidate leads within 8s of a container's death, and a "
		  "leader that loses Consul is killed. safe: 30s, 30s, 2s: the leader outlasts an "
		  "election among Consul's own servers." },
	{ "bind", CHOICE(election_config, bind, binds), .initial = "alive",
	  .help = "How the death of a candidate is noticed. \"alive\": after ttl, by a check in the "
		  "catalogue that pilotfish itself passes. \"session\": by the session's own TTL, "
		  "which Consul accepts from 10s on and ends after twice that time." },
	{ "ttl", SECONDS(election_config, ttl), .min = 0.001, .max = DAY,
	  .help = "A candidate that is silent for this long counts as dead. Default by profile." },
	{ "lockDelay", SECONDS(election_config, lock_delay), .max = LONGEST_LOCK_DELAY,
	  .help = "After a leader has died or is lost, no other candidate can lead for this long. The "
		  "lost leader stops itself in this time, so the time must be long enough for that. "
		  "A leader that stops in order causes no delay. Default by profile." },
	{ "promoteTimeout", SECONDS(election_config, promote_timeout), .min = 0.001,
	  .initial = "30s",
	  .help = "The time limit of onElected; after that another candidate gets its chance. Also the "
		  "limit of onDeposed while the lock is not in danger." },
	{ "demoteTimeout", SECONDS(election_config, demote_timeout), .max = LONGEST_DEMOTION,
	  .help = "When Consul is lost, the time for onDeposed and for stopping the job; then what is "
		  "left is killed. 0: it is killed at once. Default by profile." },
	{ "priority", INT(election_config, priority), .max = 100, .initial = "100",
	  .help = "The highest priority asks for the lock first: each point less waits 10ms longer." },
	{ "candidate", BOOL(election_config, candidate), .initial = "true",
	  .help = "If false, this container never leads and only runs onLeader." },
	{ "tag", STRING(election_config, tag), .flags = TRIMMED,
	  .help = "A tag that the job's services have in the catalogue while the job leads." },
	{ "service", STRING(election_config, service), .flags = TRIMMED,
	  .help = "A further service, like the job's first one, that is in the catalogue while the job "
		  "leads, so that the leader always has the same name." },
	{ "canLead", FORMS(election_config, can_lead, widen_check), .json = "string array", .record = &can_lead_record,
	  .must_be = "a command, or a group { exec = ...; timeout = ...; }",
	  .help = "Run before this container asks for the lock." },
	{ "epochFile", STRING(election_config, epoch_file),
	  .help = "The absolute path of a file that keeps the highest epoch seen. Lower epochs are "
		  "refused, and with this file also after a restart." },
	{ "onElected", HOOK,
	  .help = "Run when this container is elected; once the hook has succeeded it leads. Becomes the "
		  "job NAME.onElected; its timeout is promoteTimeout unless given." },
	{ "onDeposed", HOOK,
	  .help = "Run when this container must stop leading. If the hook fails, or is not given, the "
		  "job is stopped. Becomes the job NAME.onDeposed; its timeout is promoteTimeout unless "
		  "given, and less if another candidate could lead earlier." },
	{ "onLeader", HOOK,
	  .help = "Run when the leader has changed, this container included. Becomes the job "
		  "NAME.onLeader, which is retried until it succeeds; its timeout is 30s unless given." },
	{ 0 }
};
static const struct record election_table = {
	.title = "elections",
	.about = "One of several containers leads, never two at a time: the leader holds a lock in "
		 "Consul. Events: elected, deposed, and leader when the leader has changed. Timings "
		 "that cannot be safe are refused.",
	.fields = election_fields, .size = sizeof(struct election_config), .finish = election_rules,
};

const struct record *election_record(void)
{
	return &election_table;
}
