#include "alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static void *checked(void *memory)
{
	static const char words[] = "pilotfish: out of memory\n";

	if (memory)
		return memory;
	if (write(STDERR_FILENO, words, sizeof words - 1) < 0)
		_exit(EX_OSERR);
	_exit(EX_OSERR);
}

void *alloc_raw(size_t size)
{
	return checked(malloc(size ? size : 1));
}

void alloc_reserve(size_t size)
{
	free(alloc_raw(size));
}

void *alloc(size_t size)
{
	return checked(calloc(1, size ? size : 1));
}

void *alloc_resize(void *old, size_t size)
{
	return checked(realloc(old, size ? size : 1));
}

char *copy_bytes(const void *bytes, size_t size)
{
	char *copy = checked(malloc(size + 1));

	if (size)
		memcpy(copy, bytes, size);
	copy[size] = '\0';
	return copy;
}

char *copy_string(const char *text)
{
	return text ? copy_bytes(text, strlen(text)) : NULL;
}

bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

char *format_string(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return checked(text);
}
