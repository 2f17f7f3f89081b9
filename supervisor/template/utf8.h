/* utf8.h - runes. */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUNE_BAD 0xFFFD

/* Reads the rune at `text` and returns its length; size > 0.  An invalid byte is RUNE_BAD, length 1. */
size_t utf8_read(const char *text, size_t size, uint32_t *rune);
size_t utf8_write(char out[4], uint32_t rune);
size_t utf8_count(const char *text, size_t size);
bool utf8_is_valid(const char *text, size_t size);

bool rune_is_letter(uint32_t rune);		/* or a digit or _, as in identifiers */
bool rune_is_space(uint32_t rune);
bool rune_is_print(uint32_t rune);

/* The simple mappings of Unicode 15.0, one rune to one: the German sharp s stays as it is. */
uint32_t rune_lower(uint32_t rune);
uint32_t rune_upper(uint32_t rune);
uint32_t rune_title(uint32_t rune);

#endif
