#include "config/address.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

struct given { const char *interface, *address; unsigned prefix; };

/* A container in two networks, the second of them Swarm's, with IPv6. */
static const struct given host[] = {
	{ "lo", "127.0.0.1", 8 }, { "lo", "::1", 128 },
	{ "eth1", "10.1.0.9", 24 }, { "eth1", "fe80::2", 64 },
	{ "eth0", "172.17.0.5", 16 }, { "eth0", "172.17.0.2", 16 },
	{ "eth0", "fe80::1", 64 }, { "eth0", "fd00::5", 64 }, { "eth0", "2001:db8::5", 64 },
	{ "eth1", "10.1.0.2", 32 }, { "lo", "10.9.9.9", 32 },
	{ "cali-a.1", "192.0.2.7", 32 },
	{ 0 }
};

static size_t build(const struct given *given, struct address *addresses)
{
	size_t count = 0;

	for (; given->interface; given++) {
		struct address *address = &addresses[count++];

		*address = (struct address){ .prefix = given->prefix,
					     .on_loopback = !strcmp(given->interface, "lo"),
					     .is_v6 = strchr(given->address, ':') };
		strcpy(address->interface, given->interface);
		address->bytes[10] = address->bytes[11] = 0xff;
		assert_int_equal(1, address->is_v6 ?
				 inet_pton(AF_INET6, given->address, address->bytes) :
				 inet_pton(AF_INET, given->address, address->bytes + 12));
	}
	return count;
}

static char *choose(const char *specifications, struct error *error)
{
	CLEANUP(strv_release) struct strv list = { 0 };
	struct address addresses[16];
	size_t count = build(host, addresses);

	assert_true(strv_split(&list, specifications, error));
	return address_choose(&list, addresses, count, error);
}

static void is(const char *specifications, const char *wanted)
{
	struct error error = ERROR_INIT;
	AUTOFREE char *address = choose(specifications, &error);

	if (!address || strcmp(address, wanted))
		fail_msg("%s: %s %s, not %s", specifications, address, error.text, wanted);
}

static void is_none(const char *specifications)
{
	struct error error = ERROR_INIT;
	AUTOFREE char *address = choose(specifications, &error);

	if (address)
		fail_msg("%s: %s", specifications, address);
	assert_non_null(strstr(error.text, "no address for"));
}

static void test_interfaces(void **state)
{
	(void)state;
	is("eth0", "172.17.0.2");
	is("eth0:inet", "172.17.0.2");
	is("eth0:inet6", "2001:db8::5");
	is_none("eth1:inet6");		/* link-local */
	is("cali-a.1", "192.0.2.7");
	is("lo", "127.0.0.1");
	is_none("eth2");
	is_none("eth");
	is_none("cali-a.1:inet6");
}

static void test_nth(void **state)
{
	(void)state;
	is("eth0[0]", "172.17.0.2");
	is("eth0[1]", "172.17.0.5");
	is("eth0[2]", "2001:db8::5");
	is("eth0[3]", "fd00::5");
	is_none("eth0[4]");		/* link-local */
	is("lo[0]", "::1");
	is_none("eth0[5]");
}

static void test_any(void **state)
{
	(void)state;
	is("inet", "192.0.2.7");	/* cali-a.1 sorts first */
	is("inet6", "2001:db8::5");
}

static void test_link_local(void **state)
{
	static const struct given given[] = {
		{ "eth0", "169.254.3.4", 16 }, { "eth0", "fe80::1", 64 }, { "eth1", "192.0.2.9", 24 }, { 0 }
	};
	static const char *const only_asked[] = { "eth0", "eth0[0]", "eth0:inet6", "169.254.0.0/16" };
	struct address addresses[4];
	size_t count = build(given, addresses);

	(void)state;
	for (size_t i = 0; i < sizeof only_asked / sizeof *only_asked; i++) {
		CLEANUP(strv_release) struct strv list = { 0 };
		struct error error = ERROR_INIT;
		AUTOFREE char *address = NULL;

		strv_push(&list, only_asked[i]);
		assert_null(address_choose(&list, addresses, count, &error));
		strv_push(&list, "inet");
		error = (struct error)ERROR_INIT;
		address = address_choose(&list, addresses, count, &error);
		assert_string_equal(address, "192.0.2.9");
	}
	is("static:fe80::1", "fe80::1");
}

static void test_default(void **state)
{
	static const struct given given[] = {
		{ "docker0", "172.17.0.1", 16 }, { "ens3", "192.0.2.9", 24 }, { "ens3", "2001:db8::9", 64 }, { 0 }
	};
	CLEANUP(strv_release) struct strv list = { 0 }, six = { 0 };
	struct error error = ERROR_INIT;
	struct address addresses[4];
	size_t count = build(given, addresses);
	AUTOFREE char *address = NULL, *address6 = NULL;

	(void)state;
	is_none("default");
	addresses[1].is_default = addresses[2].is_default = true;
	strv_push(&list, "default");
	strv_push(&six, "default:inet6");
	address = address_choose(&list, addresses, count, &error);
	address6 = address_choose(&six, addresses, count, &error);
	assert_string_equal(address, "192.0.2.9");
	assert_string_equal(address6, "2001:db8::9");
}

static void test_networks(void **state)
{
	(void)state;
	is("10.0.0.0/8", "10.1.0.9");
	is("172.17.0.4/31", "172.17.0.5");
	is("172.17.0.5/32", "172.17.0.5");
	is("0.0.0.0/0", "192.0.2.7");
	is("127.0.0.0/8", "127.0.0.1");
	is("fd00::/8", "fd00::5");
	is("fc00::/7", "fd00::5");
	is("2001:db8::/33", "2001:db8::5");
	is_none("10.2.0.0/16");
	is_none("172.17.0.6/31");
}

static void test_virtual_addresses_of_swarm(void **state)
{
	(void)state;
	is("eth1", "10.1.0.9");
	is_none("10.1.0.2/32");
	is_none("10.9.0.0/16");
	is("static:10.1.0.2", "10.1.0.2");
}

static void test_order_of_preference(void **state)
{
	(void)state;
	is("eth9 eth1 eth0", "10.1.0.9");
	is("static:::1", "::1");
	is("eth9 static:198.51.100.1", "198.51.100.1");
}

static void test_message(void **state)
{
	CLEANUP(strv_release) struct strv list = { 0 };
	struct error error = ERROR_INIT;
	struct address one[1];
	static const struct given alone[] = { { "lo", "127.0.0.1", 8 }, { 0 } };

	(void)state;
	strv_push(&list, "eth0");
	strv_push(&list, "inet");
	build(alone, one);
	assert_null(address_choose(&list, one, 1, &error));
	assert_string_equal(error.text, "no address for eth0, inet; there is lo 127.0.0.1/8");
	error.text[0] = '\0';
	assert_null(address_choose(&list, one, 0, &error));
	assert_string_equal(error.text, "no address for eth0, inet; there is none");
}

static void test_form(void **state)
{
	static const char *const fine[] = {
		"eth0", "eth0:inet", "eth0:inet6", "eth0[10]", "inet", "inet6", "10.0.0.0/16",
		"fd00::/8", "static:10.0.0.1", "static:fe80::1", "br-0a1b", "eth0.100", "veth@if5",
	};
	static const char *const wrong[] = {
		"", "10.0.0.1", "fd00::1", "static:", "static:123", "static:eth0", "10.0.0.0/33",
		"10.0.0/16", "fd00::/129", "fd00::/", "/8", "eth0[", "eth0[]", "eth0[x]", "eth0[-1]",
		"eth0[1]x", "[1]", ":inet", "a name", "an-interface-too-long",
	};
	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
		error.text[0] = '\0';
		if (!address_check(fine[i], &error))
			fail_msg("%s", error.text);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		error.text[0] = '\0';
		if (address_check(wrong[i], &error))
			fail_msg("\"%s\" is accepted", wrong[i]);
		assert_string_not_equal(error.text, "");
	}
}

static void test_loopback(void **state)
{
	(void)state;
	assert_true(address_is_loopback("127.0.0.1"));
	assert_true(address_is_loopback("127.1.2.3"));
	assert_true(address_is_loopback("::1"));
	assert_true(address_is_loopback("::ffff:127.0.0.1"));
	assert_false(address_is_loopback("10.0.0.1"));
	assert_false(address_is_loopback("::2"));
	assert_false(address_is_loopback("consul"));
	assert_true(address_is_link_local("169.254.0.1"));
	assert_true(address_is_link_local("::ffff:169.254.0.1"));
	assert_true(address_is_link_local("fe80::1"));
	assert_false(address_is_link_local("192.0.2.1"));
}

/* Every machine has a loopback interface. */
static void test_find(void **state)
{
	CLEANUP(strv_release) struct strv list = { 0 };
	struct error error = ERROR_INIT;
	AUTOFREE char *address = NULL;

	(void)state;
	strv_push(&list, "127.0.0.0/8");
	address = address_find(&list, &error);
	assert_non_null(address);
	assert_true(address_is_loopback(address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interfaces),
		cmocka_unit_test(test_nth),
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_link_local),
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_virtual_addresses_of_swarm),
		cmocka_unit_test(test_order_of_preference),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
