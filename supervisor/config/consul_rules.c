#include "rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/setting.h"
#include "config.h"

static const char *look_up(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static void replace(char **slot, const char *text)
{
	free(*slot);
	*slot = copy_string(text);
}

/* agent.c reads the file of CONSUL_HTTP_TOKEN_FILE, because it may change, as with tokenFile. */
static bool choose_token(struct consul_config *consul, struct error *error)
{
	const char *token = look_up("CONSUL_HTTP_TOKEN"), *file = look_up("CONSUL_HTTP_TOKEN_FILE");

	if (token && file)
		return fail(error, "both CONSUL_HTTP_TOKEN and CONSUL_HTTP_TOKEN_FILE are set; "
			    "unset one of them");
	if (consul->token && consul->token_file)
		return fail(error, "only one of token and tokenFile may be given");
	if (token || file) {
		replace(&consul->token, token);
		replace(&consul->token_file, file);
	}
	return true;
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
		return fail(error, ".address: must begin with http://, https:// or unix:///, found "
			    "\"%.64s\"", url);
	while (url[length - 1] == '/')
		url[--length] = '\0';
	return true;
}

/* "consul" -> "http://consul:8500" */
static bool complete_address(struct consul_config *consul, struct error *error)
{
	const char *host = consul->address, *bracket = strrchr(host, ']'),
		   *colon = strchr(bracket ? bracket : host, ':');
	const char *port = colon ? "" : !strcmp(consul->scheme, "https") ? ":8501" : ":8500";
	char *whole;

	if (!strncmp(host, "unix:///", 8))
		return true;
	if (strstr(host, "://"))
		return check_url(consul->address, error);
	if (strpbrk(host, " \t/@?#"))
		return fail(error, ".address: must be \"host:port\", found \"%.64s\"", host);
	whole = format_string("%s://%s%s", consul->scheme, host, port);
	free(consul->address);
	consul->address = whole;
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
	       complete_address(consul, error);
}
