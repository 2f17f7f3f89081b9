#include "request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>


/* The result of the lines of a head so far. */
struct parse {
	struct request *request;
	bool has_length, has_host;
	int status;			/* 0: fine so far */
};

/* Copies a text; a longer one is refused. */
static bool copy(char *to, size_t room, const char *text, size_t size)
{
	if (size >= room)
		return false;
	memcpy(to, text, size);
	to[size] = '\0';
	return true;
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Every '%' is followed by two hexadecimal digits, and no escape is a NUL. */
static bool escapes_are_valid(const char *text)
{
	for (; *text; text++)
		if (*text == '%' && (hex(text[1]) < 0 || hex(text[2]) < 0 || !(hex(text[1]) + hex(text[2]))))
			return false;
	return true;
}

static bool decode(const char *text, size_t size, char *to, size_t room)
{
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		if (used + 1 >= room)
			return false;
		if (text[i] == '%') {
			to[used++] = (char)(16 * hex(text[i + 1]) + hex(text[i + 2]));
			i += 2;
		} else {
			to[used++] = text[i];
		}
	}
	to[used] = '\0';
	return true;
}

bool request_segment(const struct request *request, size_t number, char *text, size_t size)
{
	const char *at = request->path;

	for (;;) {
		size_t length = strcspn(++at, "/");

		if (!number--)
			return decode(at, length, text, size);
		at += length;
		if (!*at)
			return false;
	}
}

bool request_query(const struct request *request, const char *name, char *text, size_t size)
{
	size_t length = strlen(name);

	for (const char *at = request->query; *at; at += strcspn(at, "&"), at += *at == '&')
		if (!strncmp(at, name, length) && (at[length] == '=' || !at[length] || at[length] == '&')) {
			at += length + (at[length] == '=');
			return decode(at, strcspn(at, "&"), text, size);
		}
	return false;
}

/* "GET /path?query HTTP/1.1" */
static int parse_first_line(const char *line, size_t size, struct request *request)
{
	const char *end = line + size;
	const char *target = memchr(line, ' ', size);
	const char *version = target ? memchr(target + 1, ' ', (size_t)(end - target) - 1) : NULL;
	const char *query, *path_end;

	if (!version || target == line || target[1] != '/')
		return 400;
	for (const char *c = line; c < target; c++)
		if (!isupper((unsigned char)*c))
			return 400;
	target++;
	if (!copy(request->method, sizeof request->method, line, (size_t)(target - 1 - line)))
		return 501;
	query = memchr(target, '?', (size_t)(version - target));
	path_end = query ? query : version;
	if (!copy(request->path, sizeof request->path, target, (size_t)(path_end - target)) ||
	    (query && !copy(request->query, sizeof request->query, query + 1, (size_t)(version - query) - 1)))
		return 414;
	if (!escapes_are_valid(request->path) || !escapes_are_valid(request->query))
		return 400;
	version++;
	if (end - version != 8 || memcmp(version, "HTTP/1.", 7))
		return 505;
	request->keep_alive = version[7] != '0';
	return 0;
}

static int take_length(struct parse *parse, const char *value, size_t size)
{
	size_t length = 0;

	if (parse->has_length || !size)
		return 400;
	for (size_t i = 0; i < size; i++) {
		if (!isdigit((unsigned char)value[i]))
			return 400;
		length = 10 * length + (size_t)(value[i] - '0');
		if (length > REQUEST_BODY_MOST)
			return 413;
	}
	parse->has_length = true;
	parse->request->body = length;
	return 0;
}

static int take_encoding(struct parse *parse, const char *value, size_t size)
{
	(void)parse;
	(void)value;
	(void)size;
	return 501;
}

static int take_expectation(struct parse *parse, const char *value, size_t size)
{
	(void)parse;
	(void)value;
	(void)size;
	return 417;
}

static int take_connection(struct parse *parse, const char *value, size_t size)
{
	if (size == 5 && !strncasecmp(value, "close", 5))
		parse->request->keep_alive = false;
	return 0;
}

static int take_accept(struct parse *parse, const char *value, size_t size)
{
	return copy(parse->request->accept, sizeof parse->request->accept, value, size) ? 0 : 431;
}

static int take_host(struct parse *parse, const char *value, size_t size)
{
	(void)value;
	(void)size;
	if (parse->has_host)
		return 400;
	parse->has_host = true;
	return 0;
}

static const struct {
	const char *name;
	int (*take)(struct parse *parse, const char *value, size_t size);
} fields[] = {
	{ "Content-Length", take_length },
	{ "Transfer-Encoding", take_encoding },
	{ "Expect", take_expectation },
	{ "Connection", take_connection },
	{ "Accept", take_accept },
	{ "Host", take_host },
};

static bool is_token(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!isalnum((unsigned char)text[i]) && (!text[i] || !strchr("!#$%&'*+-.^_`|~", text[i])))
			return false;
	return size;
}

static int parse_field(struct parse *parse, const char *line, size_t size)
{
	const char *colon = memchr(line, ':', size);
	size_t length = colon ? (size_t)(colon - line) : 0;
	const char *value = line + length + 1, *end = line + size;

	if (!is_token(line, length))
		return 400;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strlen(fields[i].name) == length && !strncasecmp(fields[i].name, line, length))
			return fields[i].take(parse, value, (size_t)(end - value));
	return 0;
}

/* The bytes of the head, the empty line included.  0: it has not ended. */
static size_t head_size(const char *data, size_t size)
{
	const char *end = memmem(data, size, "\r\n\r\n", 4);

	return end ? (size_t)(end - data) + 4 : 0;
}

static bool has_control(const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)data[i] < ' ' && data[i] != '\t')
			return true;
	return false;
}

static int parse_head(const char *data, size_t size, struct request *request)
{
	struct parse parse = { .request = request };
	const char *end = data + size - 2;		/* before the empty line */

	for (const char *line = data; line < end; ) {
		const char *next = memmem(line, (size_t)(end - line) + 2, "\r\n", 2);
		size_t length = (size_t)(next - line);
		int status = has_control(line, length) ? 400
			   : line == data ? parse_first_line(line, length, request)
			   : parse_field(&parse, line, length);

		if (status)
			return status;
		line = next + 2;
	}
	return !parse.has_host && request->keep_alive ? 400 : 0;
}

int request_parse(const char *data, size_t size, struct request *request)
{
	int status;

	*request = (struct request){ 0 };
	request->head = head_size(data, size < REQUEST_HEAD_MOST ? size : REQUEST_HEAD_MOST);
	if (!request->head)
		return size < REQUEST_HEAD_MOST ? 0 : 431;
	status = parse_head(data, request->head, request);
	if (status)
		return status;
	return size - request->head < request->body ? 0 : 200;
}
