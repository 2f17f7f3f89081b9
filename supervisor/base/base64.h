/* base64.h - bytes as text, RFC 4648, with padding. */
#ifndef BASE64_H
#define BASE64_H

#include <stdbool.h>

#include "buf.h"

enum base64 {
	BASE64_PLAIN, BASE64_URL,	/* the alphabets of sections 4 and 5 */
	BASE64_LINES,			/* a flag of base64_decode(): line breaks are allowed */
};

const char *base64_digits(enum base64 alphabet);	/* 64 of them */
void base64_encode(enum base64 alphabet, const void *bytes, size_t size, struct buf *out);

/* `how`: the alphabet and flags.  False: the text is invalid from the byte *bad on, or, if that is
 * its size, incomplete; `out` has the bytes before that.  `bad` may be NULL. */
bool base64_decode(unsigned how, const char *text, size_t size, struct buf *out, size_t *bad);

#endif
