#include <string.h>

#include "function.h"
#include "unicode.h"
#include "utf8.h"

/* The part of a rune in words: an approximation of the word boundaries of Unicode's annex 29. */
enum part { PART_BREAK, PART_LETTER, PART_MIDDLE };

static bool is_middle(uint32_t rune)
{
	static const uint32_t middles[] = {
		'\'', '.', ':', 0xB7, 0x387, 0x55F, 0x5F4, 0x2018, 0x2019, 0x2024, 0x2027, 0xFE13, 0xFE52,
		0xFE55, 0xFF07, 0xFF0E, 0xFF1A,
	};

	for (size_t i = 0; i < sizeof middles / sizeof *middles; i++)
		if (middles[i] == rune)
			return true;
	return false;
}

/* Scripts without blanks between words: their letters end a word of cased letters. */
static bool is_of_wordless_script(uint32_t rune)
{
	static const char *const names[] = {
		"Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar", "Tai_Le", "New_Tai_Lue",
		"Tai_Tham", "Tai_Viet", "Ahom",
	};
	unsigned script = rune_script(rune);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (script_find(names[i], strlen(names[i])) == script)
			return true;
	return false;
}

static uint32_t categories_of(const char *const *names)
{
	uint32_t bits = 0;

	for (; *names; names++)
		bits |= category_find(*names, strlen(*names));
	return bits;
}

/* Circled and other symbols have case, too. */
static bool is_cased(uint32_t rune, uint32_t cased)
{
	return rune_category(rune) & cased || rune_lower(rune) != rune || rune_upper(rune) != rune;
}

static enum part part_of(uint32_t rune, uint32_t letters)
{
	if (is_middle(rune))
		return PART_MIDDLE;
	if (!(rune_category(rune) & letters) || (rune >= 0x0E00 && is_of_wordless_script(rune)))
		return PART_BREAK;
	return PART_LETTER;
}

/* The first cased letter of each word.  Digits are of a word, but not cased: 3rd becomes 3Rd. */
bool fn_title(struct call *call)
{
	static const char *const cased_names[] = { "Lu", "Ll", "Lt", NULL };
	static const char *const letter_names[] = { "L", "M", "Nd", "Nl", "Pc", "Cf", NULL };
	uint32_t cased = categories_of(cased_names), letters = categories_of(letter_names);
	struct value value = call->args[0];
	struct text text = { .arena = call->arena };
	bool inside = false, after_middle = false;

	for (size_t i = 0, length; i < value.size; i += length) {
		uint32_t rune;
		enum part part;
		char bytes[4];

		length = utf8_read(value.text + i, value.size - i, &rune);
		part = is_cased(rune, cased) ? PART_LETTER : part_of(rune, letters);
		if (part == PART_BREAK || (part == PART_MIDDLE && after_middle))
			inside = false;
		after_middle = part == PART_MIDDLE;
		if (!is_cased(rune, cased)) {
			text_add(&text, value.text + i, length);
			continue;
		}
		text_add(&text, bytes, utf8_write(bytes, inside ? rune : rune_title(rune)));
		inside = true;
	}
	return give_text(call, &text);
}
