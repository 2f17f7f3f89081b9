#include "schema.h"

#include "base/duration.h"

static const char *const requirements[FIELD_TYPE_COUNT] = {
	[FIELD_STRING]   = "a non-empty string",
	[FIELD_INT]      = "a whole number",
	[FIELD_BOOL]     = "true or false",
	[FIELD_SECONDS]  = "a duration such as 5, \"250ms\" or \"1m30s\"",
	[FIELD_SIGNAL]   = "a signal such as \"SIGTERM\"",
	[FIELD_CHOICE]   = "one of",
	[FIELD_COMMAND]  = "a command such as \"prog arg\" or [ \"prog\", \"arg\" ]",
	[FIELD_STRINGS]  = "a string or a list of strings",
	[FIELD_MAP]      = "a group { KEY = VALUE; } or a list of \"KEY=VALUE\"",
	[FIELD_TABLE]    = "a group { ... }",
	[FIELD_GROUP]    = "a group { ... }",
	[FIELD_LIST]     = "a list of groups ( { ... }, { ... } )",
	[FIELD_POINTERS] = "a list of groups ( { ... }, { ... } )",
};

static void print_choices(const struct field *field, struct buf *out)
{
	for (const struct choice *choice = field->choices; choice->name; choice++)
		buf_print(out, "%s \"%s\"", choice == field->choices ? "" : ",", choice->name);
}

static void print_whole_range(const struct field *field, struct buf *out)
{
	if (field->max != 0)
		buf_print(out, " from %.0f to %.0f", field->min, field->max);
	else
		buf_print(out, ", %.0f or more", field->min);
}

static void print_time_range(const struct field *field, struct buf *out)
{
	char limit[32];

	duration_print(field->min, limit);
	if (field->min > 0)
		buf_print(out, ", at least %s", limit);
	duration_print(field->max, limit);
	if (field->max > 0)
		buf_print(out, ", at most %s", limit);
}

void field_print_requirement(const struct field *field, struct buf *out)
{
	buf_add(out, field->must_be ? field->must_be : requirements[field->type]);
	if (field->type == FIELD_CHOICE)
		print_choices(field, out);
	else if (field->type == FIELD_INT)
		print_whole_range(field, out);
	else if (field->type == FIELD_SECONDS)
		print_time_range(field, out);
}
