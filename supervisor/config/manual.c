#include "config.h"

#include <string.h>

#include "base/alloc.h"
#include "base/paragraph.h"
#include "tables.h"

enum { INDENT = 6, MAX_RECORDS = 32 };

/* The manual in the making, and the records that it explains already. */
struct manual {
	struct buf *out;
	bool mdoc;
	struct {
		const struct record *record;
		const char *title;	/* of the section it is in */
	} done[MAX_RECORDS];
	size_t count;
};

static const char *find_section(const struct manual *manual, const struct record *record)
{
	for (size_t i = 0; i < manual->count; i++)
		if (manual->done[i].record == record)
			return manual->done[i].title;
	return NULL;
}

static void remember(struct manual *manual, const struct record *record, const char *title)
{
	manual->done[manual->count].record = record;
	manual->done[manual->count++].title = title;
}

/* "A whole number from 1 to 65535; default: 1." */
static void print_facts(struct manual *manual, const struct field *field)
{
	CLEANUP(buf_release) struct buf facts = BUF_INIT;

	field_print_requirement(field, &facts);
	if (facts.data[0] >= 'a' && facts.data[0] <= 'z')
		facts.data[0] -= 'a' - 'A';
	if (field->flags & REQUIRED)
		buf_add(&facts, "; required");
	if (field->initial)
		buf_print(&facts, "; default: %s", field->initial);
	if (field->alias)
		buf_print(&facts, "; also called %s", field->alias);
	if (field->env)
		buf_print(&facts, "; environment: %s", field->env);
	buf_add_char(&facts, '.');
	paragraph_print(manual->out, facts.data, INDENT, manual->mdoc);
}

static void print_fields(struct manual *manual, const struct record *record, const char *title);

static void print_names(const struct record *record, struct buf *out)
{
	for each_field(field, record) {
		if (field->type == FIELD_EMBED)
			print_names(field_record(field), out);
		else
			buf_print(out, "%s%s", out->used ? ", " : "", field->name);
	}
}

/* Keys that several records share are explained in the first of them. */
static void print_embedded(struct manual *manual, const struct record *record, const char *title)
{
	const char *before = find_section(manual, record);
	CLEANUP(buf_release) struct buf names = BUF_INIT, text = BUF_INIT;

	if (!before) {
		remember(manual, record, title);
		print_fields(manual, record, title);
		return;
	}
	print_names(record, &names);
	buf_print(&text, "As in %s.", before);
	if (manual->mdoc)
		buf_print(manual->out, ".It Cm %s\n", names.data);
	else
		paragraph_print(manual->out, names.data, 2, false);
	paragraph_print(manual->out, text.data, INDENT, manual->mdoc);
}

static void print_fields(struct manual *manual, const struct record *record, const char *title)
{
	for each_field(field, record) {
		if (field->type == FIELD_EMBED) {
			print_embedded(manual, field_record(field), title);
			continue;
		}
		buf_print(manual->out, manual->mdoc ? ".It Cm %s\n" : "  %s\n", field->name);
		print_facts(manual, field);
		if (field->help)
			paragraph_print(manual->out, field->help, INDENT, manual->mdoc);
	}
}

static void print_section(struct manual *manual, const struct record *record)
{
	struct buf *out = manual->out;

	buf_print(out, manual->mdoc ? ".Ss %s\n" : "%s\n", record->title);
	if (record->about)
		paragraph_print(out, record->about, 2, manual->mdoc);
	if (manual->mdoc)
		buf_add(out, ".Bl -tag -width Ds\n");
	print_fields(manual, record, record->title);
	buf_add(out, manual->mdoc ? ".El\n" : "\n");
}

/* A section for each record; a record follows the one that mentions it first. */
static void print_record(struct manual *manual, const struct record *record)
{
	if (record->title) {
		if (find_section(manual, record))
			return;
		remember(manual, record, record->title);
		print_section(manual, record);
	}
	for each_field(field, record)
		if (field_record(field))
			print_record(manual, field_record(field));
}

void config_print_manual(struct buf *out, bool mdoc)
{
	struct manual manual = { .out = out, .mdoc = mdoc };

	print_record(&manual, config_record());
}
