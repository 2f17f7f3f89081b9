#include "agent_address.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/url.h"
#include "config/endpoint.h"

static bool skip(const char **text, const char *prefix)
{
	size_t length = strlen(prefix);

	if (strncasecmp(*text, prefix, length))
		return false;
	*text += length;
	return true;
}

/* Turns "host", "host:port", "[v6]:port" or a bare IPv6 address into "host:port". */
static char *complete_host(const char *text, size_t size, bool tls)
{
	AUTOFREE char *host = copy_bytes(text, size);
	const char *bracket = strrchr(host, ']');
	const char *colon = strrchr(bracket ? bracket : host, ':');
	int port = tls ? 8501 : 8500;

	if (colon && (bracket || strchr(host, ':') == colon))
		return steal(&host);
	return bracket ? format_string("%s:%d", host, port) : url_authority(host, port);
}

bool agent_address_parse(struct agent *agent, const char *text, struct error *error)
{
	const char *address = text, *name = agent->config->tls.server_name;
	AUTOFREE char *host = NULL;
	bool tls;
	size_t size;

	if (skip(&address, "unix://")) {
		if (*address != '/')
			return fail(error, "\"%s\": a socket's path begins with /", text);
		agent->unix_socket = copy_string(address);
		agent->base = copy_string("http://localhost");
		return true;
	}
	tls = skip(&address, "https://");
	if (!tls && !skip(&address, "http://") && strstr(address, "://"))
		return fail(error, "\"%s\" is neither http, https nor unix", text);
	size = strcspn(address, "/");
	if (memchr(address, '@', size))		/* the text has a password: do not show it */
		return fail(error, "must be host:port without user and password; use auth");
	if (!endpoint_check(address, text, error))
		return false;
	host = complete_host(address, size, tls);
	address += size;
	size = strlen(address);
	while (size && address[size - 1] == '/')
		size--;
	agent->base = format_string("http%s://%s%s%.*s", tls ? "s" : "",
				    tls && name ? name : host,
				    tls && name ? strrchr(host, ':') : "", (int)size, address);
	if (tls && name)
		agent->connect_to = steal(&host);
	return true;
}
