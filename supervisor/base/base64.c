#include "base64.h"

#include <string.h>

const char *base64_digits(enum base64 alphabet)
{
	return alphabet == BASE64_URL
		? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

void base64_encode(enum base64 alphabet, const void *bytes, size_t size, struct buf *out)
{
	const char *digits = base64_digits(alphabet);
	const unsigned char *next = bytes;

	for (size_t left = size; left; next += 3, left = left > 3 ? left - 3 : 0) {
		unsigned group = (unsigned)next[0] << 16 | (left > 1 ? (unsigned)next[1] << 8 : 0) |
				 (left > 2 ? next[2] : 0);

		buf_add_char(out, digits[group >> 18]);
		buf_add_char(out, digits[group >> 12 & 63]);
		buf_add_char(out, left > 1 ? digits[group >> 6 & 63] : '=');
		buf_add_char(out, left > 2 ? digits[group & 63] : '=');
	}
}

/* The value of each digit, -1 for all other bytes. */
static void make_values(enum base64 alphabet, short values[256])
{
	const char *digits = base64_digits(alphabet);

	for (int i = 0; i < 256; i++)
		values[i] = -1;
	for (int i = 0; i < 64; i++)
		values[(unsigned char)digits[i]] = (short)i;
}

bool base64_decode(unsigned how, const char *text, size_t size, struct buf *out, size_t *bad)
{
	short values[256];
	unsigned bits = 0;
	size_t digits = 0, padding = 0, i;
	char *start = buf_reserve(out, size / 4 * 3 + 3), *at = start;

	make_values(how & BASE64_URL, values);
	for (i = 0; i < size; i++) {
		int value = values[(unsigned char)text[i]];

		if (value >= 0 && !padding) {
			bits = bits << 6 | (unsigned)value;
			if (++digits % 4 != 1)
				*at++ = (char)(bits >> (6 - 2 * ((digits - 1) % 4)));
		} else if (text[i] == '=' && digits % 4 >= 2 && digits % 4 + padding < 4) {
			padding++;
		} else if (!(how & BASE64_LINES) || (text[i] != '\n' && text[i] != '\r')) {
			break;
		}
	}
	*at = '\0';
	out->used += (size_t)(at - start);
	if (bad)
		*bad = i;
	return i == size && (digits + padding) % 4 == 0;
}
