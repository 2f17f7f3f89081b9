#include "completion.h"

static const char special[] = "\\[]:";	/* of a specification of _arguments */

static void print_values(const struct values *values, struct buf *out)
{
	static const char *const functions[VALUE_KIND_COUNT] = {
		[VALUE_FREE] = " ", [VALUE_FILE] = "_files", [VALUE_JOB] = "_pilotfish_jobs",
		[VALUE_SIGNAL] = "_signals", [VALUE_VERB] = "_pilotfish_verbs",
	};

	if (functions[values->kind])
		buf_add(out, functions[values->kind]);
	else
		buf_print(out, "(%s)", values->words);
}

static void print_option(const struct call_option *option, struct buf *out)
{
	if (option->letter)
		buf_print(out, "			{-%c,--%s}", option->letter, option->name);
	else
		buf_print(out, "			--%s", option->name);
	buf_add(out, option->preset ? "'=-[" : option->value ? "'=[" : "'[");
	add_clause(option->help, special, out);
	buf_add(out, "]");
	if (option->value) {
		struct values values = option_values(option);

		buf_add(out, option->preset ? "::value:" : ":value:");
		print_values(&values, out);
	}
	buf_add(out, "' \\\n");
}

static void print_verb(const struct verb *verbs, const struct verb *verb, struct buf *out)
{
	struct values values = { .repeated = false };

	buf_print(out, "	%s)\n		_arguments -s \\\n", verb->name);
	for (const struct call_option *option = call_options(); option->name; option++)
		if (name_takes(verbs, verb->name, option))
			print_option(option, out);
	for (size_t place = 0; !values.repeated && place_values(verb, place, &values); place++) {
		if (values.repeated)
			buf_add(out, "			'*:");
		else
			buf_print(out, "			'%zu:", place + 1);
		buf_add(out, "argument:");
		print_values(&values, out);
		buf_add(out, "' \\\n");
	}
	buf_add(out, "			&& return\n		;;\n");
}

void completion_zsh(const struct verb *verbs, struct buf *out)
{
	buf_add(out, "#compdef pilotfish\n"
		"# zsh completion for pilotfish, made by `pilotfish completion zsh`.\n"
		"_pilotfish_jobs()\n{\n"
		"	local -a jobs\n"
		"	jobs=(${(f)\"$(" COMPLETION_JOBS ")\"})\n"
		"	compadd -a jobs\n}\n\n"
		"_pilotfish_verbs()\n{\n	local -a verbs\n	verbs=(\n");
	for each_name(verb, verbs) {
		buf_print(out, "		'%s:", verb->name);
		add_clause(verb->help, "\\:", out);
		buf_add(out, "'\n");
	}
	buf_add(out, "	)\n	_describe verb verbs\n}\n\n"
		"_pilotfish()\n{\n"
		"	if ((CURRENT == 2)); then\n		_pilotfish_verbs\n		return\n	fi\n"
		"	shift words\n	((CURRENT--))\n"
		"	case $words[1] in\n");
	for each_name(verb, verbs)
		print_verb(verbs, verb, out);
	buf_add(out, "	esac\n}\n\n"
		"if [[ $funcstack[1] == _pilotfish ]]; then\n	_pilotfish \"$@\"\nelse\n	compdef _pilotfish pilotfish\nfi\n");
}
