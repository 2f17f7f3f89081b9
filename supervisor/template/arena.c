#include "arena.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#define CHUNK 16384

struct chunk {
	struct chunk *next;
	max_align_t data[];
};

void arena_init(struct arena *arena, size_t limit)
{
	*arena = (struct arena){ .limit = limit };
}

void arena_release(struct arena *arena)
{
	while (arena->chunks) {
		struct chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		free(chunk);
	}
	arena->at = arena->end = NULL;
}

void arena_charge(struct arena *arena, size_t size)
{
	arena->used += size;
	if (arena->used > arena->limit)
		arena->over = true;
}

void arena_pause(struct arena *arena)
{
	arena->work = 0;
	if (arena->pacer)
		arena->pacer->pause(arena->pacer);
}

static char *add_chunk(struct arena *arena, size_t size)
{
	struct chunk *chunk = alloc(sizeof *chunk + size);

	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return (char *)chunk->data;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *memory;

	size = (size + 15) & ~(size_t)15;
	arena_charge(arena, size);
	arena_work(arena, 8 + size / 8);
	if (size > CHUNK / 4)
		return add_chunk(arena, size);
	if ((size_t)(arena->end - arena->at) < size || !arena->at) {
		arena->at = add_chunk(arena, CHUNK);
		arena->end = arena->at + CHUNK;
	}
	memory = arena->at;
	arena->at += size;
	return memory;
}

void *arena_grow(struct arena *arena, void *array, size_t count, size_t *room, size_t size)
{
	void *grown;

	if (count < *room)
		return array;
	*room = *room ? 2 * *room : 8;
	grown = arena_alloc(arena, *room * size);
	if (array)
		memcpy(grown, array, count * size);
	return grown;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t size)
{
	char *copy = arena_alloc(arena, size + 1);

	if (size)
		memcpy(copy, bytes, size);
	return copy;
}

/* Makes room for `size` more bytes and a NUL; false: beyond the limit. */
static bool text_reserve(struct text *text, size_t size)
{
	struct arena *arena = text->arena;
	size_t wanted = text->used + size + 1, room = text->room ? 2 * text->room : 64;
	char *data;

	if (wanted <= text->room)
		return true;
	if (arena->over || size > arena->limit || wanted > arena->limit) {
		arena->over = true;
		return false;
	}
	if (room < wanted)
		room = wanted;
	data = arena_alloc(arena, room);
	if (text->used)
		memcpy(data, text->data, text->used);
	text->data = data;
	text->room = room;
	return true;
}

void text_add(struct text *text, const char *bytes, size_t size)
{
	arena_work(text->arena, 4 + size / 8);
	if (!size || !text_reserve(text, size))
		return;
	memcpy(text->data + text->used, bytes, size);
	text->used += size;
	text->data[text->used] = '\0';
}

void text_string(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void text_char(struct text *text, char c)
{
	text_add(text, &c, 1);
}

void text_natural(struct text *text, uint64_t natural, unsigned base)
{
	char digits[64];
	size_t at = sizeof digits;

	do
		digits[--at] = "0123456789abcdef"[natural % base];
	while (natural /= base);
	text_add(text, digits + at, sizeof digits - at);
}

void text_repeat(struct text *text, char c, long count)
{
	if (count <= 0 || !text_reserve(text, (size_t)count))
		return;
	arena_work(text->arena, (size_t)count / 8);
	memset(text->data + text->used, c, (size_t)count);
	text->used += (size_t)count;
	text->data[text->used] = '\0';
}

void text_print(struct text *text, const char *format, ...)
{
	va_list args, again;
	int size;

	va_start(args, format);
	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size > 0 && text_reserve(text, (size_t)size)) {
		vsnprintf(text->data + text->used, (size_t)size + 1, format, args);
		text->used += (size_t)size;
	}
	va_end(args);
}
