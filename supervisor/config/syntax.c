#include "syntax.h"

#include <ctype.h>
#include <string.h>

#include "base/duration.h"

static bool begins(const char *text, const char *end, const char *prefix)
{
	return (size_t)(end - text) >= strlen(prefix) && !memcmp(text, prefix, strlen(prefix));
}

/* Behind `mark`; at the end if there is none. */
static const char *behind(const char *text, const char *end, const char *mark)
{
	const char *found = memmem(text, (size_t)(end - text), mark, strlen(mark));

	return found ? found + strlen(mark) : end;
}

/* Blanks and the comments of both languages. */
static const char *skip(const char *text, const char *end)
{
	while (text < end)
		if (strchr(" \t\r\n\v\f", *text))
			text++;
		else if (*text == '#' || begins(text, end, "//"))
			text = behind(text, end, "\n");
		else if (begins(text, end, "/*"))
			text = behind(text + 2, end, "*/");
		else
			break;
	return text;
}

bool syntax_is_json5(const char *text, size_t size)
{
	const char *end = text + size, *first = skip(text, end);

	return first < end && *first && strchr("{[\"'", *first);
}

const char *syntax_habit(const char *word)
{
	const char *digits = word + strspn(word, "+-");
	double seconds;

	if (!isdigit((unsigned char)*digits))
		return NULL;
	if (*digits == '0' && isdigit((unsigned char)digits[1]))
		return "a number with a leading zero; write file modes in quotes";
	if (isalpha((unsigned char)word[strlen(word) - 1]) && duration_parse(word, &seconds))
		return "a duration with a unit needs quotes";
	return NULL;
}

static bool is_yaml(const char *line)
{
	return !strncmp(line, "- ", 2) || !strncmp(line, "---", 3);
}

static bool is_toml(const char *line)
{
	size_t open = strspn(line, "["), name = strcspn(line + open, "]=\"', \n");

	return open && isalpha((unsigned char)line[open]) && line[open + name] == ']';
}

const char *syntax_resembles(const char *text)
{
	for (; text; text = strchr(text, '\n')) {
		text += strspn(text, " \t\r\n");
		if (is_yaml(text))
			return "YAML";
		if (is_toml(text))
			return "TOML";
	}
	return NULL;
}
