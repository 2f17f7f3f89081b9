/* source.h - the text of a template, and messages that point into it:
 *
 *	FILE:LINE:COL: what
 *	  the line
 *	     ^
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdarg.h>
#include <stddef.h>

#include "base/error.h"

struct source {
	const char *name;
	const char *text;
	size_t size;
};

size_t source_line(const struct source *source, size_t at);	/* 1 is the first */

bool source_fail(const struct source *source, size_t at, struct error *error, const char *format,
		 va_list args) __attribute__((format(printf, 4, 0)));

#endif
