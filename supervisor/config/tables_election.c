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
	  .help = "A program that takes longer is killed, and the answer is no." },
	{ 0 }
};
static const struct record can_lead_record = {
	.title = "canLead of an election",
	.about = "A program that says by exit code 0 that this container can lead now.",
	.fields = can_lead_fields, .finish = check_rules,
};

static const struct field election_fields[] = {
	{ "name", STRING(election_config, name), .flags = REQUIRED,
	  .help = "Others call it election.NAME. Letters, digits and '-'." },
	{ "key", STRING(election_config, key),
	  .help = "The lock in Consul's key-value store, the same for all who take part. "
		  "\"service/NAME/leader\" unless given; the keys below it belong to the election, "
		  "too." },
	{ "id", STRING(election_config, id),
	  .help = "What this candidate is called, like no other. The host's name unless given." },
	{ "job", STRING(election_config, job),
	  .help = "The job that leads or not. It is a candidate as long as the job runs, and is "
		  "healthy if that is checked. It starts as one that does not lead, and is told by "
		  "onElected and onDeposed; if that fails it is stopped. Goes without saying for a "
		  "job with runs." },
	{ "profile", CUSTOM_WHOLE(decode_profile), .form = "one of \"standard\", \"fast\", \"safe\"",
	  .initial = "standard",
	  .help = "What ttl, lockDelay and demoteTimeout are unless given. standard: 10s, 10s, 2s. "
		  "fast: 3s, 4s, 0, where another leads within 8s of a container's death and a leader "
		  "that has lost Consul is killed. safe: 30s, 30s, 2s, where the leader outlasts an "
		  "election among Consul's own servers." },
	{ "bind", CHOICE(election_config, bind, binds), .initial = "alive",
	  .help = "How a candidate that has died is noticed. \"alive\": by a check in the "
		  "catalogue that pilotfish itself passes, after ttl. \"session\": by the session's "
		  "own TTL, which Consul lets run twice and accepts from 10s on." },
	{ "ttl", SECONDS(election_config, ttl), .min = 0.001, .max = DAY,
	  .help = "A candidate that is silent for so long is dead. As profile says unless given." },
	{ "lockDelay", SECONDS(election_config, lock_delay), .max = LONGEST_LOCK_DELAY,
	  .help = "Nobody else can lead for so long after a leader has died or is lost. It is the "
		  "time in which that leader stops itself, so it must be long enough for that. A "
		  "leader that goes in order costs no such time. As profile says unless given." },
	{ "promoteTimeout", SECONDS(election_config, promote_timeout), .min = 0.001,
	  .initial = "30s",
	  .help = "The time for onElected; then another shall try. Also that for onDeposed when "
		  "nothing else presses." },
	{ "demoteTimeout", SECONDS(election_config, demote_timeout), .max = LONGEST_DEMOTION,
	  .help = "The time for onDeposed, and to stop the job, when Consul is lost; what is left "
		  "then is killed. 0: it is killed at once. As profile says unless given." },
	{ "priority", INT(election_config, priority), .max = 100, .initial = "100",
	  .help = "Who goes first when nobody leads: each point less waits 10ms longer." },
	{ "candidate", BOOL(election_config, candidate), .initial = "true",
	  .help = "Without this it never leads, and only hears who does." },
	{ "tag", STRING(election_config, tag),
	  .help = "A tag that the job's services have in the catalogue while it leads." },
	{ "service", STRING(election_config, service),
	  .help = "A further service, like the job's first one, that is in the catalogue while it "
		  "leads: the same name for whoever it is." },
	{ "canLead", CUSTOM(election_config, can_lead, decode_check), .record = &can_lead_record,
	  .form = "a command, or a group { exec = ...; timeout = ...; }",
	  .help = "Asked before it tries to get the lock." },
	{ "epochFile", STRING(election_config, epoch_file),
	  .help = "Where the highest epoch that was seen is kept, an absolute path. Epochs that are "
		  "not higher are refused, and with this also after a restart." },
	{ "onElected", HOOK,
	  .help = "Run when it is elected; it leads when this has succeeded. Becomes the job "
		  "NAME.onElected; its timeout is promoteTimeout unless given." },
	{ "onDeposed", HOOK,
	  .help = "Run when it shall lead no more. If this fails, or is not given, the job is "
		  "stopped. Becomes the job NAME.onDeposed; its timeout is promoteTimeout unless given, "
		  "and ends earlier if another could lead." },
	{ "onLeader", HOOK,
	  .help = "Run when another leader is known than before, itself included. Becomes the job "
		  "NAME.onLeader, tried again until it succeeds; its timeout is 30s unless given." },
	{ 0 }
};
static const struct record election_table = {
	.title = "elections",
	.about = "One of several containers leads: it holds a lock in Consul, and never two at a "
		 "time. Its events: elected and deposed, and leader, when another leader is known. "
		 "Timings that could not be safe are refused.",
	.fields = election_fields, .size = sizeof(struct election_config), .finish = election_rules,
};

const struct record *election_record(void)
{
	return &election_table;
}
