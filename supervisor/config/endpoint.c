#include "endpoint.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static bool is_port(const char *text, size_t length)
{
	char *end;
	long port = strtol(text, &end, 10);

	return length && strspn(text, "0123456789") >= length && end == text + length && port > 0 &&
	       port <= 65535;
}

static bool is_url_part(const char *text, const char *excluded)
{
	while (isgraph((unsigned char)*text) && !strchr(excluded, *text))
		text++;
	return !*text;
}

static bool check_authority(const char *host, size_t length, const char *whole, struct error *error)
{
	const char *end = host + length, *bracket = *host == '[' ? memchr(host, ']', length) : NULL,
		   *colon = memchr(bracket ? bracket : host, ':', (size_t)(end - (bracket ? bracket : host)));

	if (!length || (colon == host && host[1] != ':') ||
	    (*host == '[' && (!bracket || bracket == host + 1)))
		return fail(error, "\"%.64s\" lacks the name of the host", whole);
	if (!bracket && colon && memchr(colon + 1, ':', (size_t)(end - colon - 1)))
		return true;
	return !colon || is_port(colon + 1, (size_t)(end - colon - 1)) ||
	       fail(error, "the port must be 1 to 65535, found \"%.64s\"", whole);
}

bool endpoint_check(const char *host, const char *whole, struct error *error)
{
	return check_authority(host, strcspn(host, "/"), whole, error) &&
	       (is_url_part(host, "?#") ||
		fail(error, "must be \"host:port\", found \"%.64s\"", whole));
}

bool endpoint_check_url(const char *url, struct error *error)
{
	const char *host = strstr(url, "://"), *at;

	if (strncmp(url, "http://", 7) && strncmp(url, "https://", 8))
		return fail(error, "must begin with http:// or https://, found \"%.64s\"", url);
	host += 3;
	at = memchr(host, '@', strcspn(host, "/?#"));
	host = at ? at + 1 : host;
	return check_authority(host, strcspn(host, "/?#"), url, error) &&
	       (is_url_part(url, "") ||
		fail(error, "has white space or a control character: \"%.64s\"", url));
}

bool endpoint_check_tcp(const char *text, struct error *error)
{
	const char *colon = strrchr(text, ':');
	bool bare = colon && *text != '[' && memchr(text, ':', (size_t)(colon - text));

	if (colon && !bare && !strchr(text, '/'))
		return check_authority(text, strlen(text), text, error);
	return fail(error, "must be \"host:port\"%s, found \"%.64s\"",
		    bare ? ", an IPv6 address in brackets" : "", text);
}
