#include "completion.h"

static void print_values(const struct values *values, struct buf *out)
{
	static const char *const options[VALUE_KIND_COUNT] = {
		[VALUE_FREE] = "", [VALUE_FILE] = " -F", [VALUE_JOB] = " -a '(__pilotfish_jobs)'",
		[VALUE_SIGNAL] = " -a '(kill -l | string split \" \")'",
		[VALUE_VERB] = " -a '(__pilotfish_verbs)'",
	};

	if (options[values->kind])
		buf_add(out, options[values->kind]);
	else
		buf_print(out, " -a '%s'", values->words);
}

static void print_option(const char *verb, const struct call_option *option, struct buf *out)
{
	buf_print(out, "complete -c pilotfish -n '__fish_seen_subcommand_from %s' -l %s", verb, option->name);
	if (option->letter)
		buf_print(out, " -s %c", option->letter);
	buf_add(out, " -d '");
	add_clause(option->help, "\\", out);
	buf_add(out, "'");
	if (option->value && !option->preset) {
		struct values values = option_values(option);

		buf_add(out, values.kind == VALUE_FILE ? " -r" : " -x");
		print_values(&values, out);
	}
	buf_add(out, "\n");
}

static void print_verb(const struct verb *verbs, const struct verb *verb, struct buf *out)
{
	struct values values = { .repeated = false };

	buf_print(out, "complete -c pilotfish -n __fish_use_subcommand -a %s -d '", verb->name);
	add_clause(verb->help, "\\", out);
	buf_add(out, "'\n");
	for (const struct call_option *option = call_options(); option->name; option++)
		if (name_takes(verbs, verb->name, option))
			print_option(verb->name, option, out);
	for (size_t place = 0; !values.repeated && place_values(verb, place, &values); place++) {
		if (values.kind == VALUE_FREE)
			continue;
		buf_print(out, "complete -c pilotfish -n '__fish_seen_subcommand_from %s", verb->name);
		if (!values.repeated)
			buf_print(out, "; and __fish_is_nth_token %zu", place + 2);
		buf_add(out, "'");
		print_values(&values, out);
		buf_add(out, "\n");
	}
}

void completion_fish(const struct verb *verbs, struct buf *out)
{
	buf_add(out, "# fish completion for pilotfish, made by `pilotfish completion fish`.\n"
		"function __pilotfish_jobs\n	" COMPLETION_JOBS "\nend\n\n"
		"function __pilotfish_verbs\n	printf '%s\\n'");
	for each_name(verb, verbs)
		buf_print(out, " %s", verb->name);
	buf_add(out, "\nend\n\ncomplete -c pilotfish -f\n");
	for each_name(verb, verbs)
		print_verb(verbs, verb, out);
}
