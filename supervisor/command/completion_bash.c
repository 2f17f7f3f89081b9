#include "completion.h"

#include <string.h>

static const char *const kinds[VALUE_KIND_COUNT] = {
	[VALUE_FREE] = "free", [VALUE_FILE] = "file", [VALUE_JOB] = "job", [VALUE_SIGNAL] = "signal",
	[VALUE_VERB] = "verb", [VALUE_WORDS] = "=",
};

static const char head[] =
	"# bash completion for pilotfish, made by `pilotfish completion bash`.\n"
	"_pilotfish_jobs()\n"
	"{\n"
	"	" COMPLETION_JOBS "\n"
	"}\n\n"
	"# Job names come from outside: compgen -W would expand them.\n"
	"_pilotfish_values()	# KIND WORD\n"
	"{\n"
	"	local name\n\n"
	"	case $1 in\n"
	"	file) compgen -f -- \"$2\" ;;\n"
	"	signal) compgen -A signal -- \"$2\" ;;\n"
	"	verb) compgen -W \"$verbs\" -- \"$2\" ;;\n"
	"	=*) compgen -W \"${1#=}\" -- \"$2\" ;;\n"
	"	job) _pilotfish_jobs | while read -r name; do [[ $name != \"$2\"* ]] || printf '%s\\n' \"$name\"; done ;;\n"
	"	esac\n"
	"}\n\n";

static const char tail[] =
	"# Lists what may stand at the place of the last word.\n"
	"_pilotfish_list()	# WORD...\n"
	"{\n"
	"	local word=${*: -1} place=0 verbs kinds=() options='' i kind=''\n\n"
	"	(($# == 2)) || [[ $2 != -* ]] || set -- \"$1\" run \"${@:2}\"\n"
	"	_pilotfish_verb \"${2-}\"\n"
	"	for ((i = 3; i < $#; i++)); do\n"
	"		case ${!i} in\n"
	"		-*) kind=$(_pilotfish_option \"${!i}\"); [[ ! $kind ]] || ((++i == $#)) || kind='' ;;\n"
	"		*) ((++place)) ;;\n"
	"		esac\n"
	"	done\n"
	"	(($# > 2)) || kinds=(verb) options='--config --help --version --'\n"
	"	if [[ $kind ]]; then\n"
	"		_pilotfish_values \"$kind\" \"$word\"\n"
	"	elif [[ $word == -* || $place -ge ${#kinds[@]} ]]; then\n"
	"		compgen -W \"$options\" -- \"$word\"\n"
	"	else\n"
	"		_pilotfish_values \"${kinds[place]}\" \"$word\"\n"
	"	fi\n"
	"}\n\n"
	"_pilotfish()\n"
	"{\n"
	"	local words=() word i\n\n"
	"	for ((i = 0; i <= COMP_CWORD; i++)); do\n"
	"		word=${COMP_WORDS[i]}\n"
	"		if [[ $word == -- && $i -lt $COMP_CWORD ]]; then\n"
	"			((COMP_CWORD > i + 1)) || mapfile -t COMPREPLY < <(compgen -c -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
	"			return\n"
	"		fi\n"
	"		# bash makes words of the = in --color=auto and of the : in IN:OUT:COMMAND.\n"
	"		if [[ $word == [=:] ]]; then\n"
	"			[[ $word == = ]] || unset 'words[-1]'\n"
	"			((i < COMP_CWORD)) || words+=('')\n"
	"		else\n"
	"			words+=(\"$word\")\n"
	"		fi\n"
	"	done\n"
	"	mapfile -t COMPREPLY < <(_pilotfish_list \"${words[@]}\")\n"
	"}\n\n"
	"complete -o filenames -F _pilotfish pilotfish\n";

static void add_value(const struct values *values, struct buf *out)
{
	buf_print(out, "'%s%s'", kinds[values->kind], values->words);
}

/* Which options a verb takes, and what its words are. */
static void print_verb(const struct verb *verbs, const struct verb *verb, struct buf *out)
{
	struct values values = { .repeated = false };

	buf_print(out, "	%s)\n		options='", verb->name);
	for (const struct call_option *option = call_options(); option->name; option++)
		if (name_takes(verbs, verb->name, option))
			buf_print(out, "--%s ", option->name);
	buf_add(out, "'\n		kinds=(");
	for (size_t place = 0; !values.repeated && place_values(verb, place, &values); place++) {
		buf_add(out, place ? " " : "");
		add_value(&values, out);
	}
	buf_add(out, ")\n");
	if (values.repeated)
		buf_add(out, "		for ((i = 3; i < 100; i++)); do kinds+=(\"${kinds[-1]}\"); done\n");
	buf_add(out, "		;;\n");
}

static void print_option(const struct call_option *option, struct buf *out)
{
	struct values values;

	if (!option->value || option->preset)
		return;
	values = option_values(option);
	buf_print(out, "	--%s%s%.1s) echo ", option->name, option->letter ? " | -" : "", &option->letter);
	add_value(&values, out);
	buf_add(out, " ;;\n");
}

void completion_bash(const struct verb *verbs, struct buf *out)
{
	buf_add(out, head);
	buf_add(out, "_pilotfish_option()	# OPTION\n{\n	case $1 in\n");
	for (const struct call_option *option = call_options(); option->name; option++)
		print_option(option, out);
	buf_add(out, "	esac\n}\n\n_pilotfish_verb()	# VERB; sets options, kinds and verbs\n{\n	verbs='");
	for each_name(verb, verbs)
		buf_print(out, "%s ", verb->name);
	buf_add(out, "'\n	case $1 in\n");
	for each_name(verb, verbs)
		print_verb(verbs, verb, out);
	buf_add(out, "	esac\n}\n\n");
	buf_add(out, tail);
}
