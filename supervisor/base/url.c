#include "url.h"

#include <string.h>

#include "alloc.h"

static void escape(struct buf *out, const char *text, const char *kept)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";

	for (; *text; text++) {
		if (strchr(plain, *text) || strchr(kept, *text))
			buf_add_char(out, *text);
		else
			buf_print(out, "%%%02X", (unsigned char)*text);
	}
}

void url_escape(struct buf *out, const char *text)
{
	escape(out, text, "");
}

void url_escape_path(struct buf *out, const char *path)
{
	escape(out, path, "/");
}

void url_add(struct buf *url, const char *name, const char *value)
{
	if (!value)
		return;
	buf_print(url, "%c%s=", strchr(url->data, '?') ? '&' : '?', name);
	url_escape(url, value);
}

char *url_authority(const char *host, long port)
{
	return format_string(strchr(host, ':') ? "[%s]:%ld" : "%s:%ld", host, port);
}
