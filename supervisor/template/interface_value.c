#include "interface_value.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CHARGE 1024			/* for the JSON of an address */

/* ---- attributes ---- */

static void print_flags(struct text *text, const struct interface *interface)
{
	static const struct { unsigned flag; const char *name; } names[] = {
		{ IFF_UP, "up" }, { IFF_BROADCAST, "broadcast" }, { IFF_LOOPBACK, "loopback" },
		{ IFF_POINTOPOINT, "pointtopoint" }, { IFF_MULTICAST, "multicast" },
		{ IFF_RUNNING, "running" },
	};
	size_t before = text->used;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (interface->flags & names[i].flag)
			text_print(text, "%s%s", text->used > before ? "|" : "", names[i].name);
	if (text->used == before)
		text_char(text, '0');
}

static void print_name(struct text *text, const struct interface *interface)
{
	text_string(text, interface->name);
}

static void print_address(struct text *text, const struct interface *interface)
{
	ip_print(text, &interface->ip);
}

static void print_string(struct text *text, const struct interface *interface)
{
	ip_print_network(text, &interface->ip);
}

static void print_bits(struct text *text, const struct interface *interface, unsigned __int128 bits)
{
	ip_print(text, &(struct ip){ .bits = bits, .is_v6 = interface->ip.is_v6 });
}

static void print_netmask(struct text *text, const struct interface *interface)
{
	const struct ip host = { .is_v6 = interface->ip.is_v6 };

	print_bits(text, interface, ip_hosts(&host) & ~ip_hosts(&interface->ip));
}

static void print_network(struct text *text, const struct interface *interface)
{
	print_bits(text, interface, ip_network(&interface->ip));
}

/* Of IPv4, the network itself and the broadcast address are not usable, unless there are no others. */
static unsigned spared(const struct ip *ip)
{
	return !ip->is_v6 && ip->prefix < 31;
}

static void print_first(struct text *text, const struct interface *interface)
{
	print_bits(text, interface, ip_network(&interface->ip) + spared(&interface->ip));
}

static void print_last(struct text *text, const struct interface *interface)
{
	const struct ip *ip = &interface->ip;

	print_bits(text, interface, (ip->bits | ip_hosts(ip)) - spared(ip));
}

static void print_broadcast(struct text *text, const struct interface *interface)
{
	print_bits(text, interface, interface->ip.bits | ip_hosts(&interface->ip));
}

static void print_mask_bits(struct text *text, const struct interface *interface)
{
	text_natural(text, interface->ip.prefix, 10);
}

static void print_port(struct text *text, const struct interface *interface)
{
	(void)interface;
	text_char(text, '0');
}

static void print_binary(struct text *text, const struct interface *interface)
{
	ip_print_natural(text, interface->ip.bits, 2, (int)ip_width(&interface->ip));
}

static void print_hex(struct text *text, const struct interface *interface)
{
	ip_print_natural(text, interface->ip.bits, 16, (int)ip_width(&interface->ip) / 4);
}

static void print_number(struct text *text, const struct interface *interface)
{
	ip_print_natural(text, interface->ip.bits, 10, 1);
}

static void print_size(struct text *text, const struct interface *interface)
{
	unsigned __int128 hosts = ip_hosts(&interface->ip);

	if (hosts + 1)
		ip_print_natural(text, hosts + 1, 10, 1);
	else
		text_string(text, "340282366920938463463374607431768211456");
}

static void print_octets(struct text *text, const struct interface *interface)
{
	unsigned width = ip_width(&interface->ip);

	for (unsigned i = 8; i <= width; i += 8)
		text_print(text, "%s%u", i > 8 ? " " : "",
			   (unsigned)(interface->ip.bits >> (width - i)) & 255);
}

static void print_type(struct text *text, const struct interface *interface)
{
	text_string(text, interface->ip.is_v6 ? "IPv6" : "IPv4");
}

enum { V4 = 1, V6 = 2, BOTH = V4 | V6 };

static const struct attribute {
	const char *name;
	void (*print)(struct text *text, const struct interface *interface);
	int families;
} attributes[] = {
	{ "flags", print_flags, BOTH }, { "name", print_name, BOTH }, { "host", print_address, BOTH },
	{ "address", print_address, BOTH }, { "port", print_port, BOTH },
	{ "netmask", print_netmask, BOTH }, { "network", print_network, BOTH },
	{ "mask_bits", print_mask_bits, BOTH }, { "binary", print_binary, BOTH },
	{ "hex", print_hex, BOTH }, { "first_usable", print_first, BOTH },
	{ "last_usable", print_last, BOTH }, { "octets", print_octets, BOTH },
	{ "size", print_size, BOTH }, { "broadcast", print_broadcast, V4 },
	{ "uint32", print_number, V4 }, { "uint128", print_number, V6 },
	{ "string", print_string, BOTH }, { "type", print_type, BOTH },
};

bool interface_print(struct text *text, const struct interface *interface, struct value attribute)
{
	int family = interface->ip.is_v6 ? V6 : V4;

	arena_work(text->arena, 200);
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
		const char *name = attributes[i].name;

		if (!(attributes[i].families & family) || strlen(name) != attribute.size ||
		    strncasecmp(name, attribute.text, attribute.size))
			continue;
		attributes[i].print(text, interface);
		return true;
	}
	return false;
}

/* ---- values ---- */

static json_t *text_json(struct call *call, const struct interface *interface, const char *attribute)
{
	struct text text = { .arena = call->arena };

	interface_print(&text, interface, value_string(attribute));
	return json_stringn_nocheck(text.used ? text.data : "", text.used);
}

/* The names in lower case are not fields. */
struct value interface_to_value(struct call *call, const struct interface *interface)
{
	const struct ip *ip = &interface->ip;
	json_t *json = json_object();

	json_object_set_new(json, "SockAddr", text_json(call, interface, "string"));
	json_object_set_new(json, "Name", text_json(call, interface, "name"));
	json_object_set_new(json, "Flags", text_json(call, interface, "flags"));
	json_object_set_new(json, "flags", json_integer(interface->flags));
	json_object_set_new(json, "default", json_boolean(interface->is_default));
	json_object_set_new(json, "high", json_integer((json_int_t)(ip->bits >> 64)));
	json_object_set_new(json, "low", json_integer((json_int_t)ip->bits));
	json_object_set_new(json, "prefix", json_integer(ip->prefix));
	json_object_set_new(json, "v6", json_boolean(ip->is_v6));
	run_own(call->run, json);
	arena_charge(call->arena, CHARGE);
	arena_work(call->arena, 3000);
	return (struct value){ .type = TYPE_INTERFACE, .json = json };
}

static json_int_t number(struct value value, const char *name)
{
	return json_integer_value(json_object_get(value.json, name));
}

struct interface interface_from_value(struct value value)
{
	const char *name = json_string_value(json_object_get(value.json, "Name"));
	struct interface interface = {
		.name = name ? name : "",
		.flags = (unsigned)number(value, "flags"),
		.is_default = json_is_true(json_object_get(value.json, "default")),
		.ip = {
			.bits = (unsigned __int128)(uint64_t)number(value, "high") << 64 |
				(uint64_t)number(value, "low"),
			.prefix = (unsigned)number(value, "prefix"),
			.is_v6 = json_is_true(json_object_get(value.json, "v6")),
		},
	};

	return interface;
}

/* ---- lists and parameters ---- */

bool interfaces_add(struct call *call, struct list_maker *list, struct value item)
{
	if (list->count == INTERFACES_LIMIT)
		return fail(call->error, "more than %d addresses", INTERFACES_LIMIT);
	list_add(list, item);
	return !call->arena->over;
}

struct value interfaces_list(const struct list_maker *list)
{
	return value_list(TYPE_INTERFACES, list->items, list->count);
}

char *call_lower_case(struct call *call, struct value value)
{
	char *text = arena_copy(call->arena, value.text, value.size);

	for (char *c = text; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 32;
	return text;
}

bool read_natural(const char *text, unsigned long most, unsigned long *natural)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || digits > 19 || text[digits])
		return false;
	*natural = strtoul(text, NULL, 10);
	return *natural <= most;
}
