#include "rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/env.h"
#include "base/file.h"
#include "base/setting.h"
#include "config.h"
#include "endpoint.h"

#define MEMORY_MIN ((size_t)8 << 20)
#define MEMORY_MAX ((size_t)64 << 30)

static const char *look_up(const char *name)
{
	const char *value = env_get(name);

	return value && value[strspn(value, " \t\r\n")] ? value : NULL;
}

/* agent.c reads the file of CONSUL_HTTP_TOKEN_FILE, because it may change, as with tokenFile. */
static bool take_token(const char *name, char **slot, struct error *error)
{
	const char *value = look_up(name);

	free(steal(slot));
	*slot = copy_string(value);
	return !value || setting_trim(*slot, error) || fail_in(error, "%s", name);
}

static bool choose_token(struct consul_config *consul, struct error *error)
{
	const char *token = look_up("CONSUL_HTTP_TOKEN"), *file = look_up("CONSUL_HTTP_TOKEN_FILE");

	if (token && file)
		return fail(error, "both CONSUL_HTTP_TOKEN and CONSUL_HTTP_TOKEN_FILE are set; "
			    "unset one of them");
	if (consul->token && consul->token_file)
		return fail(error, "only one of token and tokenFile may be given");
	if (!token && !file)
		return true;
	return take_token("CONSUL_HTTP_TOKEN", &consul->token, error) &&
	       take_token("CONSUL_HTTP_TOKEN_FILE", &consul->token_file, error);
}

static bool choose_scheme(struct consul_config *consul, struct error *error)
{
	AUTOFREE char *ssl = NULL;

	if (consul->scheme)
		return !strcmp(consul->scheme, "http") || !strcmp(consul->scheme, "https") ||
		       fail(error, ".scheme: must be \"http\" or \"https\", found \"%.64s\"",
			    consul->scheme);
	if (!setting_get("CONSUL_HTTP_SSL", &ssl, error))
		return false;
	consul->scheme = copy_string(ssl && (!strcmp(ssl, "1") || !strcasecmp(ssl, "true")) ?
				     "https" : "http");
	return true;
}

static bool check_url(char *url, struct error *error)
{
	size_t length = strlen(url);

	if (strncmp(url, "http://", 7) && strncmp(url, "https://", 8))
		return fail(error, "must begin with http://, https:// or unix:///, found "
			    "\"%.64s\"", url);
	if (!endpoint_check(strstr(url, "://") + 3, url, error))
		return false;
	while (url[length - 1] == '/')
		url[--length] = '\0';
	if (length > 3 && !strcmp(url + length - 3, "/v1"))
		return fail(error, "a path is a prefix of \"/v1/...\": leave out the /v1 of \"%.64s\"", url);
	return true;
}

static bool has_userinfo(const char *address)
{
	const char *slashes = strstr(address, "://"), *host = slashes ? slashes + 3 : address;

	return memchr(host, '@', strcspn(host, "/?#"));
}

/* "consul" -> "http://consul:8500"; ":8500" and ":" are on this host. */
static bool complete_address(struct consul_config *consul, struct error *error)
{
	const char *host = consul->address, *bracket = strrchr(host, ']'),
		   *colon = strchr(bracket ? bracket : host, ':');
	bool is_here = *host == ':' && host[1] != ':';	/* not "::1" */
	int length = colon && !colon[1] ? (int)(colon - host) : (int)strlen(host);
	const char *port = colon && colon[1] ? "" : !strcmp(consul->scheme, "https") ? ":8501" : ":8500";
	char *whole;

	if (!strncmp(host, "unix:///", 8))
		return true;
	if (has_userinfo(host))			/* the text has a password: do not show it */
		return fail(error, "must be \"host:port\" without user and password; use auth");
	if (strstr(host, "://"))
		return check_url(consul->address, error);
	if (strpbrk(host, " \t/@?#"))
		return fail(error, "must be \"host:port\", found \"%.64s\"", host);
	whole = format_string("%s://%s%.*s%s", consul->scheme, is_here ? "127.0.0.1" : "", length, host, port);
	free(consul->address);
	consul->address = whole;
	return check_url(whole, error);
}

static bool check_address(struct consul_config *consul, struct error *error)
{
	const char *name = json_object_get(consul->tree, "address") ? ".address" : "CONSUL_HTTP_ADDR";

	return complete_address(consul, error) || fail_in(error, "%s", name);
}

/* "64M", "64MiB", "1G" */
static bool read_memory(struct consul_config *consul, struct error *error)
{
	static const struct { const char *unit; int shift; } units[] = {
		{ "", 0 }, { "K", 10 }, { "M", 20 }, { "G", 30 },
		{ "KiB", 10 }, { "MiB", 20 }, { "GiB", 30 },
	};
	const char *text = consul->memory ? consul->memory : CONSUL_MEMORY;
	size_t digits = strspn(text, "0123456789");
	unsigned long number = strtoul(text, NULL, 10);

	for (size_t i = 0; digits && digits < 10 && i < sizeof units / sizeof *units; i++)
		if (!strcmp(text + digits, units[i].unit))
			consul->memory_limit = (size_t)number << units[i].shift;
	if (consul->memory_limit < MEMORY_MIN || consul->memory_limit > MEMORY_MAX)
		return fail(error, ".memory: must be a size from 8M to 64G, "
			    "such as \"" CONSUL_MEMORY "\", found \"%.64s\"", text);
	return true;
}

/* A file that is missing would look like a Consul that does not answer. */
static bool check_files(const struct tls_config *tls, struct error *error)
{
	const struct { const char *key, *path; } files[] = {
		{ "cafile", tls->ca_file }, { "capath", tls->ca_path },
		{ "clientcert", tls->client_cert }, { "clientkey", tls->client_key },
	};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (files[i].path && !file_check_readable(files[i].path, error))
			return fail_in(error, ".tls.%s", files[i].key);
	return true;
}

bool consul_rules(void *object, const json_t *tree, struct error *error)
{
	struct consul_config *consul = object;

	consul->enabled = true;
	consul->tree = json_incref((json_t *)tree);
	if (consul->auth && !strchr(consul->auth, ':'))
		return fail(error, ".auth: must be \"user:password\"");
	return choose_token(consul, error) && choose_scheme(consul, error) &&
	       check_address(consul, error) && check_files(&consul->tls, error) &&
	       read_memory(consul, error);
}
