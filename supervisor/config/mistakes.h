/* mistakes.h - all that is wrong with a configuration: messages that begin with the key's path. */
#ifndef MISTAKES_H
#define MISTAKES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strv.h"

/* With so many, the search for more may stop. */
enum { MISTAKES_MOST = 20 };
bool mistakes_full(const struct strv *mistakes);

bool mistakes_add(struct strv *mistakes, const struct error *error);	/* always false */

/* Puts "where: " before each message after the first `before`.  True: there is none. */
bool mistakes_in(struct strv *mistakes, size_t before, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Likewise "[NAME]" of an element that has the key `name`, else "[INDEX]". */
bool mistakes_in_element(struct strv *mistakes, size_t before, const json_t *element, size_t index);

/* The path's first key has no dot before it. */
void mistakes_drop_dots(struct strv *mistakes);

#endif
