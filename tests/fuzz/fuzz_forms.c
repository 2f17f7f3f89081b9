/* Input: a byte that selects a parser of short texts, and the text: durations, addresses of agents,
 * URL parts, specifications of interfaces, arguments of template functions. */
#include <arpa/inet.h>
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/duration.h"
#include "base/url.h"
#include "config/address.h"
#include "config/rules.h"
#include "consul/agent.h"
#include "template/dependency.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth)
		__builtin_trap();
}

/* A failure has a message, a success has none. */
static void require_message(bool success, const struct error *error)
{
	require(success == !error->text[0]);
}

static void try_duration(const char *text)
{
	char printed[32];
	double seconds, again;

	if (!duration_parse(text, &seconds))
		return;
	require(isfinite(seconds));
	duration_print(seconds, printed);
	require(strlen(printed) < sizeof printed);
	if (seconds >= 1e-3) {		/* rounded to four digits, and to minutes beyond an hour */
		require(duration_parse(printed, &again));
		require(fabs(again - seconds) <= fmax(1e-3 * seconds, seconds < 3600 ? 0 : 60));
	}
}

/* The host of the URL is the host of the text, and the URL cannot carry a second request. */
static bool try_agent(const char *text)
{
	struct consul_config config = { .address = (char *)text };
	struct error error = ERROR_INIT;
	struct loop loop;
	struct agent agent;
	bool made;

	bus_init(&loop.bus);
	made = agent_init(&agent, &loop, &config, &error);
	require_message(made, &error);
	if (made) {
		require(agent.unix_socket ? *agent.unix_socket == '/' : !strncmp(agent.base, "http", 4));
		for (const char *c = agent.base; *c; c++)
			require((unsigned char)*c > ' ' && *c != 0x7f);
		require(!strpbrk(agent.base + 8, "?#"));
		agent_release(&agent);
	}
	bus_release(&loop.bus);
	return made;
}

/* The agent takes each address that the rules of the configuration let pass. */
static void try_rules(const char *text)
{
	struct consul_config config = { .address = copy_string(text), .tls.verify = true };
	struct error error = ERROR_INIT;
	bool good = consul_rules(&config, NULL, &error);

	require_message(good, &error);
	if (good && *config.address)
		require(try_agent(config.address));
	free(config.address);
	free(config.scheme);
}

static size_t unescape(const char *text, char *out)
{
	size_t length = 0;

	for (; *text; text++) {
		char digits[3] = { text[0], text[0] ? text[1] : '\0', '\0' };

		if (*text == '%') {
			digits[0] = text[1];
			digits[1] = text[1] ? text[2] : '\0';
			require(isxdigit((unsigned char)digits[0]) && isxdigit((unsigned char)digits[1]));
			out[length++] = (char)strtoul(digits, NULL, 16);
			text += 2;
		} else {
			require(isalnum((unsigned char)*text) || strchr("-._~/", *text));
			out[length++] = *text;
		}
	}
	return length;
}

static void try_url(const char *text)
{
	CLEANUP(buf_release) struct buf part = BUF_INIT, path = BUF_INIT;
	AUTOFREE char *back = malloc(strlen(text) + 1);

	url_escape(&part, text);
	url_escape_path(&path, text);
	require(!strchr(part.data, '/'));
	require(unescape(part.data, back) == strlen(text) && !memcmp(back, text, strlen(text)));
	require(unescape(path.data, back) == strlen(text) && !memcmp(back, text, strlen(text)));
}

static void try_interface(const char *text)
{
	struct address addresses[] = {
		{ "lo", false, true, false, { [10] = 0xff, 0xff, 127, 0, 0, 1 }, 8 },
		{ "eth0", false, false, true, { [10] = 0xff, 0xff, 172, 17, 0, 2 }, 16 },
		{ "eth0", true, false, false, { 0x20, 0x01, 0x0d, 0xb8, [15] = 5 }, 64 },
		{ "eth0", true, false, false, { 0xfe, 0x80, [15] = 5 }, 64 },
		{ "eth1", false, false, false, { [10] = 0xff, 0xff, 10, 0, 0, 9 }, 32 },
		{ "eth1", false, false, false, { [10] = 0xff, 0xff, 10, 0, 0, 3 }, 24 },
	};
	CLEANUP(strv_release) struct strv list = { 0 };
	struct error error = ERROR_INIT;
	bool good = address_check(text, &error);
	unsigned char bytes[16];
	AUTOFREE char *found = NULL;

	require_message(good, &error);
	if (!good)
		return;
	strv_push(&list, text);
	found = address_choose(&list, addresses, sizeof addresses / sizeof *addresses, &error);
	require_message(found, &error);
	if (found) {
		require(inet_pton(AF_INET, found, bytes) == 1 || inet_pton(AF_INET6, found, bytes) == 1);
		address_is_loopback(found);
	}
}

static void try_dependency(const char *text, unsigned kind)
{
	CLEANUP(buf_release) struct buf name = BUF_INIT, request = BUF_INIT;
	struct dependency dependency, copy;
	struct error error = ERROR_INIT;
	bool good = dependency_parse(kind % (DEPENDENCY_FILE + 1), text, &dependency, &error);

	require_message(good, &error);
	if (!good)
		return;
	dependency_copy(&copy, &dependency);
	dependency_name(&copy, &name);
	if (dependency.kind == DEPENDENCY_FILE)
		return;
	dependency_request(&copy, &request);
	require(!strncmp(request.data, "/v1/", 4));
	for (const char *c = request.data; *c; c++)
		require((unsigned char)*c > ' ' && (unsigned char)*c < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOFREE char *text = size ? strndup((const char *)data + 1, size - 1) : NULL;

	if (!text)
		return 0;
	switch (data[0] % 6) {
	case 0: try_duration(text); break;
	case 1: try_agent(text); break;
	case 2: try_url(text); break;
	case 3: try_interface(text); break;
	case 4: try_dependency(text, data[0] / 6); break;
	case 5: try_rules(text); break;
	}
	return 0;
}
