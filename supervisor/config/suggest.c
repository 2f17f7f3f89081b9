#include "schema.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 64 };

static size_t lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The Levenshtein distance, without regard to case. */
static size_t distance(const char *from, const char *to)
{
	size_t row[LONGEST + 1], width = strlen(to);

	for (size_t x = 0; x <= width; x++)
		row[x] = x;
	for (size_t y = 1; *from; y++, from++) {
		size_t corner = row[0];

		row[0] = y;
		for (size_t x = 1; x <= width; x++) {
			bool same = tolower((unsigned char)*from) ==
				    tolower((unsigned char)to[x - 1]);
			size_t replaced = corner + !same;

			corner = row[x];
			row[x] = lesser(replaced, lesser(row[x], row[x - 1]) + 1);
		}
	}
	return row[width];
}

struct suggestion suggest(const char *wrong, const struct strv *names)
{
	struct suggestion suggestion = { "" };
	size_t best = 1 + strlen(wrong) / 3;

	for (size_t i = 0; i < names->count; i++) {
		size_t way = strlen(names->items[i]) <= LONGEST ?
			     distance(wrong, names->items[i]) : LONGEST;

		if (way > best || (way == best && suggestion.text[0]))
			continue;
		best = way;
		snprintf(suggestion.text, sizeof suggestion.text, "; did you mean '%s'?",
			 names->items[i]);
	}
	return suggestion;
}
