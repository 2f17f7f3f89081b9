#include "trim.h"

#include <string.h>

const char *trim(const char *text, size_t *size, const char *blanks)
{
	while (*size && strchr(blanks, *text))
		text++, --*size;
	while (*size && strchr(blanks, text[*size - 1]))
		--*size;
	return text;
}
