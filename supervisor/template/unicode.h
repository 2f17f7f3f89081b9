/* unicode.h - the categories and scripts of runes, for \p{...} in regular expressions.
 *
 * The tables are generated from the Unicode Character Database; casing is in utf8.h.
 */
#ifndef UNICODE_H
#define UNICODE_H

#include <stddef.h>
#include <stdint.h>

uint32_t rune_category(uint32_t rune);		/* a bit */
uint32_t category_find(const char *name, size_t size);	/* bits of "Lu", "L", ...; 0: unknown */

unsigned rune_script(uint32_t rune);		/* 0: none */
unsigned script_find(const char *name, size_t size);	/* of "Greek", ...; 0: unknown */

#endif
