#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "interface_value.h"
#include "regex.h"

struct filter {
	struct call *call;
	struct value param, list;
	struct list_maker in, out;
};

typedef bool filter_fn(struct filter *filter);

static bool sort_out(struct filter *filter, struct value item, bool matches)
{
	arena_work(filter->call->arena, 300);
	return interfaces_add(filter->call, matches ? &filter->in : &filter->out, item);
}

static bool by_expression(struct filter *filter, const char *attribute)
{
	struct regexes *regexes = run_regexes(filter->call->run);
	bool matches = false;

	for (size_t i = 0; i < filter->list.size; i++) {
		struct interface interface = interface_from_value(filter->list.items[i]);
		struct text text = { .arena = filter->call->arena };

		interface_print(&text, &interface, value_string(attribute));
		if (!regex_match(regexes, filter->param, value_of_text(&text), &matches,
				 filter->call->error) ||
		    !sort_out(filter, filter->list.items[i], matches))
			return false;
	}
	/* It may be wrong without an address, too. */
	return filter->list.size || regex_match(regexes, filter->param, value_string(""), &matches,
						filter->call->error);
}

static bool by_address(struct filter *filter)
{
	return by_expression(filter, "string");
}

static bool by_name(struct filter *filter)
{
	return by_expression(filter, "name");
}

static bool by_port(struct filter *filter)
{
	return by_expression(filter, "port");
}

/* With networks, an address has the flag if it is inside, or outside of them. */
static const struct flag {
	const char *name;
	unsigned flags;
	const char *networks;
	bool outside;
} flags[] = {
	{ "broadcast", IFF_BROADCAST, NULL, false },
	{ "down", 0, NULL, false },
	{ "forwardable", 0, "", true },		/* ip_not_forwarded() */
	{ "global unicast", 0, "255.255.255.255/32 0.0.0.0/32 127.0.0.0/8 224.0.0.0/4 169.254.0.0/16 "
			       "::/128 ::1/128 ff00::/8 fe80::/10", true },
	{ "interface-local multicast", 0, "ff01::/16", false },
	{ "link-local multicast", 0, "224.0.0.0/24 ff02::/16", false },
	{ "link-local unicast", 0, "169.254.0.0/16 fe80::/10", false },
	{ "loopback", IFF_LOOPBACK, "127.0.0.0/8 ::1/128", false },
	{ "multicast", IFF_MULTICAST, "224.0.0.0/4 ff00::/8", false },
	{ "point-to-point", IFF_POINTOPOINT, NULL, false },
	{ "unspecified", 0, "0.0.0.0/32 ::/128", false },
	{ "up", IFF_UP, NULL, false },
};

enum { FLAG_COUNT = sizeof flags / sizeof *flags };

static bool has_flag(const struct flag *flag, struct ip ip)
{
	if (!flag->networks)
		return false;
	if (!*flag->networks)
		return !ip_is_in(&ip, ip_not_forwarded());
	ip.prefix = ip_width(&ip);
	return ip_is_in(&ip, flag->networks) != flag->outside;
}

/* As in go-sockaddr, flags of the interface must all be there; of those of the address, one is enough,
 * also without the former.  `down` takes `up` back, and alone holds for all. */
static bool by_flags(struct filter *filter)
{
	char *rest = call_lower_case(filter->call, filter->param), *name;
	bool wanted[FLAG_COUNT] = { false }, of_interface = false;
	unsigned all = 0;
	size_t n;

	while ((name = strsep(&rest, "|"))) {
		for (n = 0; n < FLAG_COUNT && strcmp(flags[n].name, name); n++)
			;
		if (n == FLAG_COUNT)
			return fail(filter->call->error, "unknown flag");
		wanted[n] = true;
		of_interface |= flags[n].flags || !flags[n].networks;
		all = !strcmp(name, "down") ? all & ~(unsigned)IFF_UP : all | flags[n].flags;
	}
	for (size_t i = 0; i < filter->list.size; i++) {
		struct interface interface = interface_from_value(filter->list.items[i]);
		bool matches = of_interface && (interface.flags & all) == all;

		for (n = 0; n < FLAG_COUNT && !matches; n++)
			matches = wanted[n] && has_flag(&flags[n], interface.ip);
		if (!sort_out(filter, filter->list.items[i], matches))
			return false;
	}
	return true;
}

/* As in go-sockaddr, each part of the parameter sorts out all addresses: some come more than once. */
static bool by_network(struct filter *filter)
{
	char *rest = arena_copy(filter->call->arena, filter->param.text, filter->param.size), *part;
	struct ip network;

	while ((part = strsep(&rest, "|"))) {
		if (!ip_read_any(part, &network))
			return fail(filter->call->error, "not an address or a network");
		for (size_t i = 0; i < filter->list.size; i++) {
			struct interface interface = interface_from_value(filter->list.items[i]);

			if (!sort_out(filter, filter->list.items[i],
				      ip_contains(&network, &interface.ip)))
				return false;
		}
	}
	return true;
}

static bool by_rfc(struct filter *filter)
{
	char *rest = arena_copy(filter->call->arena, filter->param.text, filter->param.size), *part;

	while ((part = strsep(&rest, "|"))) {
		unsigned long number;
		const char *networks = read_natural(part, 100000, &number) ? ip_reserved(number) : NULL;

		if (!networks)
			return fail(filter->call->error, "unsupported RFC");
		for (size_t i = 0; i < filter->list.size; i++) {
			struct interface interface = interface_from_value(filter->list.items[i]);

			arena_work(filter->call->arena, 2000);
			if (!sort_out(filter, filter->list.items[i], ip_is_in(&interface.ip, networks)))
				return false;
		}
	}
	return true;
}

static bool by_size(struct filter *filter)
{
	unsigned long size;

	if (!read_natural(call_lower_case(filter->call, filter->param), 128, &size))
		return fail(filter->call->error, "not the size of a mask");
	for (size_t i = 0; i < filter->list.size; i++) {
		struct interface interface = interface_from_value(filter->list.items[i]);

		if (size > ip_width(&interface.ip))
			return fail(filter->call->error, "the mask of IPv4 has at most 32 bits");
		if (!sort_out(filter, filter->list.items[i], interface.ip.prefix == size))
			return false;
	}
	return true;
}

static bool by_type(struct filter *filter)
{
	static const char *const known[] = { "ip", "ipv4", "ipv6", "unix" };
	char *types = call_lower_case(filter->call, filter->param), *rest, *type;
	size_t size = strlen(types), n;

	rest = arena_copy(filter->call->arena, types, size);
	while ((type = strsep(&rest, "|"))) {
		for (n = 0; n < 4 && strcmp(known[n], type); n++)
			;
		if (n == 4)
			return fail(filter->call->error, "unknown type");
	}
	for (size_t i = 0; i < filter->list.size; i++) {
		struct interface interface = interface_from_value(filter->list.items[i]);

		rest = arena_copy(filter->call->arena, types, size);
		while ((type = strsep(&rest, "|")))
			if (!sort_out(filter, filter->list.items[i],
				      !strcmp(type, "ip") ||
				      !strcmp(type, interface.ip.is_v6 ? "ipv6" : "ipv4")))
				return false;
	}
	return true;
}

bool interfaces_filter(struct call *call, const char *criterion, const char *param, bool exclude,
		       struct value *list)
{
	static const struct { const char *name; filter_fn *fn; } filters[] = {
		{ "address", by_address }, { "flag", by_flags }, { "flags", by_flags },
		{ "name", by_name }, { "network", by_network }, { "port", by_port },
		{ "rfc", by_rfc }, { "rfcs", by_rfc }, { "size", by_size }, { "type", by_type },
	};
	struct filter filter = {
		.call = call, .param = value_string(param), .list = *list,
		.in = { .arena = call->arena }, .out = { .arena = call->arena },
	};
	size_t i = 0;

	while (i < sizeof filters / sizeof *filters && strcmp(filters[i].name, criterion))
		i++;
	if (i == sizeof filters / sizeof *filters)
		return fail(call->error, "unknown criterion");
	if (!filters[i].fn(&filter))
		return false;
	*list = interfaces_list(exclude ? &filter.out : &filter.in);
	return true;
}
