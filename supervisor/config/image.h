/* image.h - what a configuration needs from the image in which it will run: `pilotfish check --build`. */
#ifndef IMAGE_H
#define IMAGE_H

#include <jansson.h>

#include "base/strv.h"

/* Stands for what is not set: a whole number, a name, a port and a duration. */
#define UNSET_TEXT "31337"

/* Adds a mistake for each program that is not there, cannot be run or has no interpreter, and for each
 * working directory that is missing, but to `unsure` if UNSET_TEXT is in its name.  `tree`: after
 * sugar_expand(). */
void image_check(const json_t *tree, struct strv *mistakes, struct strv *unsure);

#endif
