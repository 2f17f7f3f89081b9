#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

void buf_release(struct buf *buf)
{
	if (buf->room)
		free(buf->data);
	*buf = (struct buf)BUF_INIT;
}

void buf_clear(struct buf *buf)
{
	buf->used = 0;
	if (buf->room)
		buf->data[0] = '\0';
}

char *buf_take(struct buf *buf)
{
	char *text = buf->room ? buf->data : copy_string("");

	*buf = (struct buf)BUF_INIT;
	return text;
}

char *buf_reserve(struct buf *buf, size_t extra)
{
	size_t wanted = buf->used + extra + 1;

	if (wanted > buf->room) {
		size_t room = buf->room ? 2 * buf->room : 64;

		if (room < wanted)
			room = wanted;
		buf->data = alloc_resize(buf->room ? buf->data : NULL, room);
		buf->room = room;
	}
	return buf->data + buf->used;
}

void buf_append(struct buf *buf, const void *bytes, size_t size)
{
	if (!size)
		return;
	memcpy(buf_reserve(buf, size), bytes, size);
	buf->used += size;
	buf->data[buf->used] = '\0';
}

void buf_add(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void buf_add_char(struct buf *buf, char c)
{
	buf_append(buf, &c, 1);
}

void buf_vprint(struct buf *buf, const char *format, va_list args)
{
	va_list again;
	int size;

	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size <= 0)
		return;
	vsnprintf(buf_reserve(buf, (size_t)size), (size_t)size + 1, format, args);
	buf->used += (size_t)size;
}

void buf_print(struct buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprint(buf, format, args);
	va_end(args);
}

void buf_consume(struct buf *buf, size_t size)
{
	if (!size)
		return;
	buf->used -= size;
	memmove(buf->data, buf->data + size, buf->used + 1);
}

size_t utf8_cut(const char *text, size_t size, size_t limit)
{
	if (size <= limit)
		return size;
	while (limit && ((unsigned char)text[limit] & 0xC0) == 0x80)
		limit--;
	return limit;
}
