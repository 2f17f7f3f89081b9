/* yaml_scalar.h - which type a plain scalar of YAML 1.1 has, by the rules of gopkg.in/yaml.v2. */
#ifndef YAML_SCALAR_H
#define YAML_SCALAR_H

#include "value.h"

/* Returns the name of the type in YAML: null, bool, int, float or timestamp, with the value.  A timestamp
 * keeps its text.  NULL: a string, and *value is untouched. */
const char *scalar_resolve(struct arena *arena, struct value text, struct value *value);

/* Is it a number in base 60, such as 1:30?  It is a string, but other programs read a number. */
bool scalar_is_sexagesimal(struct value text);

#endif
