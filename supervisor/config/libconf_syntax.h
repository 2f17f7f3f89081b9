/* libconf_syntax.h - libconfig's grammar, read before libconfig does: it tells only the line of a syntax
 * error, and silently misreads numbers with a leading zero or beyond 32 bits, adjacent strings,
 * durations and words without quotes.
 *
 * The grammar is that of libconfig's manual, "Configuration Files".
 */
#ifndef LIBCONF_SYNTAX_H
#define LIBCONF_SYNTAX_H

#include "include.h"
#include "places.h"

/* Notes where each value stands.  False: adds mistakes, at most one of them in the grammar. */
bool libconf_check(const struct included_text *included, struct places *places, struct strv *mistakes);

#endif
