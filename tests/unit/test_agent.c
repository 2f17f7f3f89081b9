#include "consul/agent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The agent's base URL for an address, or "" and a message. */
static bool make(const char *address, char base[128], struct error *error)
{
	struct consul_config config = { .address = (char *)address, .tls.verify = true };
	struct loop loop;
	struct agent agent;
	bool made;

	bus_init(&loop.bus);
	made = agent_init(&agent, &loop, &config, error);
	snprintf(base, 128, "%s", made ? agent.base : "");
	if (made)
		agent_release(&agent);
	bus_release(&loop.bus);
	return made;
}

static void test_addresses(void **state)
{
	static const struct { const char *address, *base; } cases[] = {
		{ "consul", "http://consul:8500" }, { "consul:80", "http://consul:80" },
		{ "HTTP://consul/", "http://consul:8500" }, { "https://consul", "https://consul:8501" },
		{ "[::1]:80", "http://[::1]:80" }, { "::1", "http://[::1]:8500" },
		{ "[::1]", "http://[::1]:8500" },
		{ "http://consul/a@b//", "http://consul:8500/a@b" },
		{ "unix:///run/a b", "http://localhost" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error error = ERROR_INIT;
		char base[128];

		if (!make(cases[i].address, base, &error))
			fail_msg("%s", error.text);
		assert_string_equal(base, cases[i].base);
	}
}

/* A query or a line break would become a part of each request. */
static void test_wrong_addresses(void **state)
{
	static const char *const cases[] = {
		"", ":8500", "http://", "ftp://consul", "a b", "me@consul", "consul?x", "consul#x",
		"consul/path?x=", "consul/a b", "consul\r\nX-Header: 1", "consul/\n", "consul\x7f",
		"unix://run", "c\xc3\xb6nsul",
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error error = ERROR_INIT;
		char base[128];

		if (make(cases[i], base, &error))
			fail_msg("\"%s\" is accepted: %s", cases[i], base);
		assert_string_not_equal(error.text, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_wrong_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
