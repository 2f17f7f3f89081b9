/* keys.h - tables of the keys of a foreign format, and what becomes of each. */
#ifndef KEYS_H
#define KEYS_H

#include "import.h"

/* Where settings go: an object of the tree, and its path in notes. */
struct target {
	struct import *import;
	json_t *object;
	const char *path;
	const json_t *source;		/* the foreign object (hcl.h) */
};

struct key {
	const char *theirs;		/* NULL: the last row, for all other keys */
	void (*take)(const struct target *target, const struct key *key, const json_t *value);
	const char *ours;
	const char *note;
};

#define KEY(name, how) { .theirs = (name), .take = take_##how }
#define KEY_AS(name, how, our) { .theirs = (name), .take = take_##how, .ours = (our) }
#define KEY_NOTE(name, text) { .theirs = (name), .take = take_note, .note = (text) }
#define OTHER_KEYS { .take = take_unknown }

/* Takes each member of the foreign object by its row. */
void keys_take(const struct target *target, const struct key *keys);

/* For rows.  A value of a wrong type is left out with a note.  take_note() adds the note of the row. */
void take_text(const struct target *target, const struct key *key, const json_t *value);
void take_bool(const struct target *target, const struct key *key, const json_t *value);
void take_duration(const struct target *target, const struct key *key, const json_t *value);
void take_nothing(const struct target *target, const struct key *key, const json_t *value);
void take_note(const struct target *target, const struct key *key, const json_t *value);
void take_unknown(const struct target *target, const struct key *key, const json_t *value);

/* A note for a value of a wrong type. */
void target_refuse(const struct target *target, const char *key, const json_t *value, const char *expected);

const char *key_text(const json_t *object, const char *key);	/* a string; NULL: it is none */
bool key_flag(const json_t *object, const char *key, bool preset);
json_t *key_command(const json_t *value);	/* of a line or words; NULL: neither */

#endif
