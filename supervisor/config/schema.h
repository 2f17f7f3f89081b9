/* schema.h - configuration described by tables: parser, validator, defaults and manual in one.
 *
 * A *record* is a group of keys that fills one struct; each of its *fields* is one key.  A field
 * is written as its key, then its type with the member that it fills; the compiler checks the
 * member's C type:
 *
 *	static const struct field backoff_fields[] = {
 *		{ "min", SECONDS(backoff_config, min), .initial = "100ms",
 *		  .help = "The pause before the first restart." },
 *		{ 0 }
 *	};
 *
 * schema_decode() refuses unknown keys (and suggests known ones), demands required ones, and
 * decodes in the table's order.  Where a field names an environment variable, that overrides the
 * file.  Last it calls the record's `finish`, which checks rules between keys.  Messages begin
 * with the key's path.
 */
#ifndef SCHEMA_H
#define SCHEMA_H

#include <jansson.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"

enum field_type {
	FIELD_STRING, FIELD_INT, FIELD_BOOL, FIELD_SECONDS, FIELD_SIGNAL, FIELD_CHOICE,
	FIELD_COMMAND, FIELD_STRINGS, FIELD_MAP,
	FIELD_TABLE,			/* a record, in a struct of its own */
	FIELD_GROUP,			/* a record whose keys fill the same struct as ours */
	FIELD_FORMS,			/* a record, or a short form that `widen` turns into one */
	FIELD_EMBED,			/* no key of its own: adds all keys of another record */
	FIELD_LIST,			/* of records, in an array of structs */
	FIELD_POINTERS,			/* of records, in an array of pointers to structs */
	FIELD_CUSTOM,
	FIELD_TYPE_COUNT,
};

enum {
	REQUIRED  = 1 << 0,
	ENV_FILLS = 1 << 1,		/* the file overrides the environment, not vice versa */
	SECRET    = 1 << 2,		/* no message shows its value */
	TRIMMED   = 1 << 3,		/* of STRING and STRINGS: see setting_trim() */
};

struct field;
struct record;

typedef const struct record *record_fn(void);

/* Returns false alone if the value is not what `must_be` says, else fails with its own message. */
typedef bool decode_fn(const struct field *field, void *slot, const json_t *value,
		       struct error *error);

/* Returns a group, null for nothing to decode, or NULL if the value is not what `must_be` says. */
typedef json_t *widen_fn(const json_t *value);

struct choice {
	const char *name;		/* compared without case; NULL ends the table */
	int value;
};

struct record {
	const char *title;		/* in the manual */
	const char *about;
	const struct field *fields;
	size_t size;			/* of its struct; for LIST and POINTERS */
	bool (*finish)(void *object, const json_t *tree, struct error *error);	/* may be NULL */
};

struct field {
	const char *name;		/* NULL ends the table, save for EMBED */
	enum field_type type;
	size_t offset;
	size_t count;			/* LIST, POINTERS: where the number of elements goes */
	unsigned flags;
	double min, max;		/* INT, SECONDS; max 0: no upper limit */
	const char *initial;		/* the default, in words that the decoder understands */
	const char *alias;		/* another name of the key */
	const char *env;		/* the environment variable that overrides the file */
	const struct record *record;	/* TABLE to POINTERS */
	record_fn *record_of;		/* instead of `record`, if that is in another file */
	const struct choice *choices;	/* CHOICE */
	decode_fn *decode;		/* CUSTOM */
	widen_fn *widen;		/* FORMS */
	const char *json;		/* types in JSON, with blanks between; for CUSTOM and FORMS */
	const char *must_be;		/* ends "must be ..."; required for CUSTOM and FORMS */
	const char *help;		/* for the manual: whole sentences */
};

#define MEMBER(kind, object, member, type_of_member)					\
	.type = FIELD_##kind,								\
	.offset = offsetof(struct object, member) + 0 * sizeof(struct {		\
		_Static_assert(__builtin_types_compatible_p(type_of_member,		\
			__typeof__(((struct object *)0)->member)),			\
			#object "." #member " is not of type " #type_of_member);	\
		int unused; })

#define STRING(object, member)   MEMBER(STRING, object, member, char *)
#define INT(object, member)      MEMBER(INT, object, member, long)
#define BOOL(object, member)     MEMBER(BOOL, object, member, bool)
#define SECONDS(object, member)  MEMBER(SECONDS, object, member, double)
#define SIGNAL(object, member)   MEMBER(SIGNAL, object, member, int)
#define COMMAND(object, member)  MEMBER(COMMAND, object, member, struct strv)
#define STRINGS(object, member)  MEMBER(STRINGS, object, member, struct strv)
#define MAP(object, member)      MEMBER(MAP, object, member, struct strv)
#define CHOICE(object, member, table) \
	.type = FIELD_CHOICE, .offset = offsetof(struct object, member), .choices = (table)
#define TABLE(object, member, of) \
	.type = FIELD_TABLE, .offset = offsetof(struct object, member), .record = &(of)
#define TABLE_OF(object, member, function) \
	.type = FIELD_TABLE, .offset = offsetof(struct object, member), .record_of = (function)
#define FORMS(object, member, function) \
	.type = FIELD_FORMS, .offset = offsetof(struct object, member), .widen = (function)
#define GROUP(of) .type = FIELD_GROUP, .record = &(of)
#define EMBED(object, member, of) \
	.type = FIELD_EMBED, .offset = offsetof(struct object, member), .record = &(of)
#define EMBED_OF(object, member, function) \
	.type = FIELD_EMBED, .offset = offsetof(struct object, member), .record_of = (function)
#define EMBED_WHOLE(of) .type = FIELD_EMBED, .record = &(of)	/* into the same struct */
#define LIST(object, member, number, of)						\
	.type = FIELD_LIST, .offset = offsetof(struct object, member),			\
	.count = offsetof(struct object, number), .record = &(of)
#define POINTERS(object, member, number, of)						\
	.type = FIELD_POINTERS, .offset = offsetof(struct object, member),		\
	.count = offsetof(struct object, number), .record = &(of)
#define POINTERS_OF(object, member, number, function)				\
	.type = FIELD_POINTERS, .offset = offsetof(struct object, member),		\
	.count = offsetof(struct object, number), .record_of = (function)
#define CUSTOM(object, member, function) \
	.type = FIELD_CUSTOM, .offset = offsetof(struct object, member), .decode = (function)
#define CUSTOM_WHOLE(function) .type = FIELD_CUSTOM, .decode = (function)	/* slot: the struct */

/* The caller zeroes `object`, and releases it after a failure too.  False: adds all mistakes, save
 * that a record with a mistake is not given to its `finish`. */
bool schema_decode(const struct record *record, void *object, const json_t *tree,
		   struct strv *mistakes);

#define each_field(field, of) \
	(const struct field *field = (of)->fields; field->name || field->type == FIELD_EMBED; field++)

const struct record *field_record(const struct field *field);	/* NULL: none */
void field_print_requirement(const struct field *field, struct buf *out);	/* "a duration ..." */

/* "; did you mean 'x'?" with the name that other programs call `wrong`, else the most similar one, or ""
 * if none is similar. */
struct suggestion { char text[96]; };
struct suggestion suggest(const char *wrong, const struct strv *names);

#endif
