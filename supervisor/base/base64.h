/* base64.h - bytes as text, RFC 4648, with padding. */
#ifndef BASE64_H
#define BASE64_H

#include <stdbool.h>

#include "buf.h"

enum base64 { BASE64_PLAIN, BASE64_URL };	/* sections 4 and 5 */

const char *base64_digits(enum base64 alphabet);	/* all 64 */
void base64_encode(enum base64 alphabet, const void *bytes, size_t size, struct buf *out);

/* Plain alphabet.  False unless base64_encode() could have made `text`. */
bool base64_decode(const char *text, struct buf *out);

#endif
