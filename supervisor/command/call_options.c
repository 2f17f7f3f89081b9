#include <stddef.h>
#include <string.h>

#include "base/duration.h"
#include "usage.h"

#define SETS(of_kind, member, type_of_member)							\
	.kind = OPTION_##of_kind, .offset = offsetof(struct call, member) + 0 * sizeof(struct {	\
		_Static_assert(__builtin_types_compatible_p(type_of_member,			\
			__typeof__(((struct call *)0)->member)), #member " has another type");	\
		int unused; })
#define FLAG(member)    SETS(FLAG, member, bool)
#define TEXT(member)    SETS(TEXT, member, const char *)
#define TEXTS(member)   SETS(TEXTS, member, struct strv)
#define SECONDS(member) SETS(SECONDS, member, double)

static const struct call_option options[] = {
	{ "config", 'c', "FILE", TEXT(config),
	  .help = "The configuration. The default is $PILOTFISH_CONFIG, else a path in $CONTAINERPILOT, else "
		  DEFAULT_CONFIG "." },
	{ "build", 0, NULL, FLAG(build),
	  .help = "Variables and secrets may be missing, but all files must be there." },
	{ "online", 0, NULL, FLAG(online), .help = "Test our rights in Consul, too." },
	{ "template", 't', "IN[:OUT[:COMMAND]]", TEXTS(args.templates),
	  .help = "Write OUT from the template IN, and run COMMAND after each change, with a shell if the "
		  "command has more than one word. Without OUT, print the text. May be repeated." },
	{ "once", 0, NULL, FLAG(args.once),
	  .help = "Exit when all files are written and the commands have run." },
	{ "dry", 0, NULL, FLAG(args.dry),
	  .help = "Print the texts instead of writing them, and exit." },
	{ "consul-addr", 0, "ADDRESS", TEXT(args.consul),
	  .help = "The address of Consul, in place of $CONSUL_HTTP_ADDR." },
	{ "to", 0, "ID", TEXT(leader.to),
	  .help = "For step-down: the candidate that takes over. Without this option the priorities decide." },
	{ "socket", 0, "PATH", TEXT(socket),
	  .help = "The control socket of the pilotfish to ask. The default is $PILOTFISH_SOCKET, then "
		  "/run/pilotfish/control.sock if that exists, then control.socket of the configuration." },
	{ "timeout", 0, "TIME", SECONDS(timeout),
	  .help = "How long to wait for the answer, such as 500ms. The default is 5s, for reload and with --wait "
		  "60s, for ps 15s, and for leader 30s: a request that the leader has not read by then is withdrawn." },
	{ "json", 0, NULL, FLAG(json), .help = "Print JSON." },
	{ "format", 0, "dot|mermaid|json", TEXT(format), .help = "The language of the drawing. The default is dot." },
	{ "dry-run", 0, NULL, FLAG(dry_run),
	  .help = "Change nothing, and print what would start, stop, restart, change without a new process, and stay." },
	{ "wait", 0, NULL, FLAG(wait),
	  .help = "Wait until the job has stopped, or runs and, if it has a check, is healthy. After the timeout the "
		  "change goes on." },
	{ "watch", 0, "TIME", SECONDS(watch), .preset = "1s",
	  .help = "Go on: status prints anew each second, or at this interval, and ps at each change. On a terminal the "
		  "new text replaces the old one; with --json each document is one line." },
	{ "job", 0, "JOB", TEXT(job), .help = "This job alone." },
	{ "show-secrets", 0, NULL, FLAG(show_secrets), .help = "Print all values." },
	{ "color", 0, "auto|always|never", TEXT(color),
	  .help = "Show states in colours: auto, the default, is only on a terminal, and not if $NO_COLOR is set or "
		  "$TERM is dumb." },
	{ "filter", 0, "KEY=VALUE", TEXTS(filters),
	  .help = "Only events with this source, job or event: source=watch.db, job=app, which is also its health, "
		  "event=healthy. May be repeated: one of the values of each key must fit." },
	{ "follow", 0, NULL, FLAG(follow), .help = "Print events as they come, as without this option." },
	{ "mdoc", 0, NULL, FLAG(mdoc), .help = "As the source of the manual." },
	{ "help", 'h', NULL, FLAG(help), .common = true, .help = "Print the usage of the verb." },
	{ "version", 'V', NULL, FLAG(version), .common = true, .help = "The same as the verb version." },
	{ 0 }
};

const struct call_option *call_options(void)
{
	return options;
}

const struct call_option *call_option_find(const char *name, size_t length)
{
	for (const struct call_option *option = options; option->name; option++)
		if (strlen(option->name) == length && !memcmp(option->name, name, length))
			return option;
	return NULL;
}

/* Is `word` one of the words in `list`, which have `separator` between them? */
static bool list_has(const char *list, char separator, const char *word)
{
	const char set[] = { separator, 0 };

	for (size_t length; *list; list += length, list += strspn(list, set)) {
		length = strcspn(list, set);
		if (length == strlen(word) && !memcmp(list, word, length))
			return true;
	}
	return false;
}

bool verb_takes(const struct verb *verb, const struct call_option *option)
{
	return option->common || list_has(verb->options, ' ', option->name);
}

bool call_option_take(const struct call_option *option, struct call *call, const char *value)
{
	void *member = (char *)call + option->offset;

	if (!value)
		value = option->preset;
	if (value && option->value && strchr(option->value, '|') && !list_has(option->value, '|', value))
		return false;
	switch (option->kind) {
	case OPTION_FLAG:
		*(bool *)member = true;
		return true;
	case OPTION_TEXT:
		*(const char **)member = value;
		return true;
	case OPTION_TEXTS:
		strv_push(member, value);
		return true;
	case OPTION_SECONDS:
		return duration_parse(value, member) && *(double *)member > 0;
	}
	return false;
}
