#include "utf8.h"

static bool is_tail(unsigned char c)
{
	return (c & 0xC0) == 0x80;
}

size_t utf8_read(const char *text, size_t size, uint32_t *rune)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *c = (const unsigned char *)text;
	size_t length = c[0] < 0x80 ? 1 : (c[0] & 0xE0) == 0xC0 ? 2 : (c[0] & 0xF0) == 0xE0 ? 3 :
			(c[0] & 0xF8) == 0xF0 ? 4 : 0;

	*rune = length == 1 ? c[0] : RUNE_BAD;
	if (length == 1)
		return 1;
	if (!length || length > size)
		return 1;
	uint32_t value = c[0] & (0x7Fu >> length);
	for (size_t i = 1; i < length; i++) {
		if (!is_tail(c[i]))
			return 1;
		value = value << 6 | (c[i] & 0x3F);
	}
	if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
		return 1;
	*rune = value;
	return length;
}

size_t utf8_write(char out[4], uint32_t rune)
{
	if (rune > 0x10FFFF || (rune >= 0xD800 && rune < 0xE000))
		rune = RUNE_BAD;
	if (rune < 0x80) {
		out[0] = (char)rune;
		return 1;
	}
	size_t length = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
	for (size_t i = length - 1; i; i--, rune >>= 6)
		out[i] = (char)(0x80 | (rune & 0x3F));
	out[0] = (char)((0xF00 >> length) | rune);
	return length;
}

size_t utf8_count(const char *text, size_t size)
{
	uint32_t rune;
	size_t count = 0;

	for (size_t i = 0; i < size; count++)
		i += utf8_read(text + i, size - i, &rune);
	return count;
}

bool utf8_is_valid(const char *text, size_t size)
{
	uint32_t rune;

	for (size_t i = 0, length; i < size; i += length) {
		length = utf8_read(text + i, size - i, &rune);
		if (rune == RUNE_BAD && length == 1)
			return false;
	}
	return true;
}

struct range { uint32_t from, to; };

/* Blocks of symbols and punctuation; all other runes beyond ASCII count as letters. */
static bool is_symbol(uint32_t rune)
{
	static const struct range symbols[] = {
		{ 0x80, 0xA9 }, { 0xAB, 0xB4 }, { 0xB6, 0xB9 }, { 0xBB, 0xBF }, { 0xD7, 0xD7 },
		{ 0xF7, 0xF7 }, { 0x300, 0x36F }, { 0x2000, 0x2070 }, { 0x2072, 0x207E },
		{ 0x2080, 0x208F }, { 0x20A0, 0x2101 }, { 0x2190, 0x2BFF }, { 0x2E00, 0x2E7F },
		{ 0x3000, 0x3004 }, { 0x3007, 0x3030 }, { 0xD800, 0xF8FF }, { 0xFE00, 0xFE6F },
		{ 0xFF00, 0xFF0F }, { 0xFF1A, 0xFF20 }, { 0xFFE0, 0xFFFF }, { 0x1F000, 0x1FAFF },
		{ 0xE0000, 0x10FFFF },
	};

	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
		if (rune >= symbols[i].from && rune <= symbols[i].to)
			return true;
	return false;
}

bool rune_is_letter(uint32_t rune)
{
	if (rune < 0x80)
		return rune == '_' || (rune >= '0' && rune <= '9') ||
		       ((rune | 32) >= 'a' && (rune | 32) <= 'z');
	return !is_symbol(rune);
}

bool rune_is_space(uint32_t rune)
{
	return (rune >= 9 && rune <= 13) || rune == ' ' || rune == 0x85 || rune == 0xA0 ||
	       rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200A) || rune == 0x2028 ||
	       rune == 0x2029 || rune == 0x202F || rune == 0x205F || rune == 0x3000;
}

/* Hidden are controls, spaces, private use and noncharacters; unassigned runes among letters count as
 * printable. */
bool rune_is_print(uint32_t rune)
{
	static const struct range hidden[] = {
		{ 0, 0x1F }, { 0x7F, 0xA0 }, { 0xAD, 0xAD }, { 0x600, 0x605 }, { 0x61C, 0x61C },
		{ 0x6DD, 0x6DD }, { 0x70F, 0x70F }, { 0x1680, 0x1680 }, { 0x180E, 0x180E },
		{ 0x2000, 0x200F }, { 0x2028, 0x202F }, { 0x205F, 0x206F }, { 0x3000, 0x3000 },
		{ 0xD800, 0xF8FF }, { 0xFDD0, 0xFDEF }, { 0xFEFF, 0xFEFF }, { 0xFFF0, 0xFFFB },
		{ 0xFFFE, 0xFFFF }, { 0x1D173, 0x1D17A }, { 0xE0000, 0xE00FF }, { 0xE01F0, UINT32_MAX },
	};

	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		if (rune >= hidden[i].from && rune <= hidden[i].to)
			return false;
	return true;
}
