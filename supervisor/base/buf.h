/* buf.h - a growing array of bytes.
 *
 * `data` always ends in a NUL that `used` does not count, so it reads as a string; an empty buffer
 * reads as "". */
#ifndef BUF_H
#define BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t used, room;
};

#define BUF_INIT { .data = (char *)"" }

void buf_release(struct buf *buf);		/* reads as BUF_INIT afterwards */
void buf_clear(struct buf *buf);		/* empty; keeps its memory */
char *buf_take(struct buf *buf);		/* the caller owns the text; free() it */

char *buf_reserve(struct buf *buf, size_t extra);	/* where the next `extra` bytes go */
void buf_append(struct buf *buf, const void *bytes, size_t size);
void buf_add(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char c);
void buf_print(struct buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void buf_vprint(struct buf *buf, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
void buf_consume(struct buf *buf, size_t size);	/* remove the first bytes */

/* The size of `text` cut to at most `limit` bytes, without splitting a UTF-8 character. */
size_t utf8_cut(const char *text, size_t size, size_t limit);

#endif
