/* origin.h - where each line of a rendered text comes from: which line of the template, and which
 * unset variables were printed there. */
#ifndef ORIGIN_H
#define ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

struct origin {
	unsigned line;			/* of the template, from 1; 0: the line is blank so far */
	bool computed;			/* an action printed on it, which has moved its columns */
};

struct unset_name {
	char *name;
	unsigned line;
};

struct origins {
	struct origin *lines;
	size_t count, room;
	struct unset_name *unset;
	size_t unset_count;
};

void origins_release(struct origins *origins);

/* The template's `line` prints bytes.  `computed`: an action prints, whose result is one thing; else
 * they are the template's own text, whose lines go on. */
void origins_print(struct origins *origins, const char *bytes, size_t size, unsigned line, bool computed);
void origins_add_unset(struct origins *origins, const char *name, size_t length, unsigned line);

/* Of a line of the text, from 1. */
struct origin origins_find(const struct origins *origins, unsigned line);

#endif
