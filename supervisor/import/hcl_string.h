/* hcl_string.h - strings of HCL: in quotes with the escapes of Go, or heredocs. */
#ifndef HCL_STRING_H
#define HCL_STRING_H

#include "import.h"

/* Appends the string that begins at *at with a '"' or "<<", and moves *at behind it.  NULL, or what was expected
 * at *wrong. */
const char *hcl_string(const char **at, struct buf *out, const char **wrong);

/* A place in a text. */
struct hcl_place { const char *text, *at; };

/* "PATH:LINE:COLUMN: found "...", expected WHAT"; always false. */
bool hcl_refuse(struct import *import, const char *path, const struct hcl_place *place, const char *expected);

#endif
