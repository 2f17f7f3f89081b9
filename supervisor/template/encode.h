/* encode.h - values as YAML and TOML, in the forms of gopkg.in/yaml.v2 and github.com/BurntSushi/toml.
 *
 * Both have no white space around them, as in consul-template.
 */
#ifndef ENCODE_H
#define ENCODE_H

#include "base/error.h"
#include "value.h"

/* False without an error: a limit of the arena. */
bool encode_yaml(struct arena *arena, struct value value, struct value *text, struct error *error);
bool encode_toml(struct arena *arena, struct value value, struct value *text, struct error *error);

/* ---- for the two of them ---- */

/* The fields of a struct, as Go's reflection sees them; a check's definition has some that JSON has not. */
const struct member *encode_fields(enum type type);
struct value encode_get(struct arena *arena, struct value value, const struct member *field);

#endif
