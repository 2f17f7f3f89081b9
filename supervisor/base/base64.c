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

bool base64_decode(const char *text, struct buf *out)
{
	const char *digits = base64_digits(BASE64_PLAIN);
	unsigned bits = 0;
	size_t count = 0, size = strlen(text);

	if (size % 4)
		return false;
	for (; *text && *text != '='; text++, count++) {
		const char *digit = strchr(digits, *text);

		if (!digit)
			return false;
		bits = bits << 6 | (unsigned)(digit - digits);
		if (count % 4)
			buf_add_char(out, (char)(bits >> (6 - 2 * (count % 4))));
	}
	return strspn(text, "=") == strlen(text) && size - count <= 2;
}
