/* hcl.h - HCL version 1, or its JSON form, as a tree.
 *
 * A key can be given several times, and "a { }" is "a = { }".  So each member of an object is a list of the values
 * that were given, where a list of objects counts as several.  A block's labels become keys around it.
 */
#ifndef HCL_H
#define HCL_H

#include "import.h"

/* The object that the text is, a new reference.  NULL: the import has an error. */
json_t *hcl_parse(struct import *import, const char *path, const char *text);

/* Of an object: all values of the key, NULL: none; the last one. */
const json_t *hcl_values(const json_t *object, const char *key);
const json_t *hcl_value(const json_t *object, const char *key);

#endif
