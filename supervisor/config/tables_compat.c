#include "tables.h"

#include "config.h"

static const struct choice signals[] = {
	{ "pilotfish", SIGNALS_PILOTFISH }, { "containerpilot2", SIGNALS_CONTAINERPILOT2 },
	{ "containerpilot3", SIGNALS_CONTAINERPILOT3 }, { 0 }
};
static const struct choice exit_statuses[] = {
	{ "job", EXIT_STATUS_OF_JOB }, { "zero", EXIT_STATUS_ZERO }, { 0 }
};

static const struct field compat_fields[] = {
	{ "signals", CHOICE(compat_config, signals, signals), .initial = "pilotfish",
	  .help = "\"containerpilot2\": SIGHUP reloads, SIGUSR1 begins or ends maintenance, and SIGUSR2 "
		  "does nothing. \"containerpilot3\": SIGHUP and SIGUSR2 are events for jobs and nothing "
		  "else, SIGUSR1 opens the log again." },
	{ "variables", BOOL(compat_config, variables), .initial = "false",
	  .help = "Programs that start later get CONTAINERPILOT_PID, CONTAINERPILOT_NAME_IP for each "
		  "service and, while its process runs, CONTAINERPILOT_NAME_PID for each job. NAME is in "
		  "capitals, with _ for each character that is no letter or digit." },
	{ "unknownSources", BOOL(compat_config, unknown_sources), .initial = "false",
	  .help = "If the source of a when does not exist, or never publishes that event, warn and let the "
		  "job wait without end, or until when.timeout. Else it is an error." },
	{ "exitStatus", CHOICE(compat_config, exit_status, exit_statuses), .initial = "job",
	  .help = "\"zero\": exit with 0, however the jobs have ended." },
	{ 0 }
};
static const struct record compat_table = {
	.title = "compat",
	.about = "Habits of ContainerPilot that a file may rely on. A reload can change them.",
	.fields = compat_fields,
};

const struct record *compat_record(void)
{
	return &compat_table;
}
