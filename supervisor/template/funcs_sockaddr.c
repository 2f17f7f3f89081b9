#include <stdlib.h>
#include <string.h>

#include "interface_value.h"

enum { ME = TEMPLATE_SOCKADDR, ACTION_LIMIT = 4096 };

/* ---- changes of a list ---- */

static bool filter(struct call *call, bool exclude)
{
	struct value list = call->args[2];

	return interfaces_filter(call, call_lower_case(call, call->args[0]), call_string(call, 1),
				 exclude, &list) && give(call, list);
}

static bool fn_include(struct call *call)
{
	return filter(call, false);
}

static bool fn_exclude(struct call *call)
{
	return filter(call, true);
}

static bool fn_sort(struct call *call)
{
	struct value list = call->args[1];

	return interfaces_sort(call, call_string(call, 0), &list) && give(call, list);
}

static bool fn_unique(struct call *call)
{
	const char *name = call_lower_case(call, call->args[0]);
	struct list_maker kept = { .arena = call->arena };
	struct value list = call->args[1], last = value_string("");
	bool by_name = !strcmp(name, "name");

	if (!by_name && strcmp(name, "address"))
		return fail(call->error, "neither \"address\" nor \"name\"");
	for (size_t i = 0; i < list.size; i++) {
		struct interface interface = interface_from_value(list.items[i]);
		struct text text = { .arena = call->arena };

		interface_print(&text, &interface, value_string(by_name ? "name" : "string"));
		if (!value_compare_text(value_of_text(&text), last))
			continue;
		last = value_of_text(&text);
		if (!interfaces_add(call, &kept, list.items[i]))
			return false;
	}
	return give(call, interfaces_list(&kept));
}

static bool fn_limit(struct call *call)
{
	struct value list = call->args[1];
	int64_t most = call->args[0].integer;

	if (most < 0)
		return fail(call->error, "a negative number");
	if ((uint64_t)most < list.size)
		list.size = (size_t)most;
	return give(call, list);
}

/* Below zero: from the end. */
static bool fn_offset(struct call *call)
{
	struct value list = call->args[1];
	int64_t from = call->args[0].integer, count = (int64_t)list.size;

	if (from > count || from < -count)
		return fail(call->error, "there are only %zu addresses", list.size);
	from += from < 0 ? count : 0;
	return give(call, value_list(TYPE_INTERFACES, from ? list.items + from : list.items,
				     list.size - (size_t)from));
}

/* ---- math ---- */

/* A sign and decimal digits. */
static bool read_signed(const struct ip *ip, const char *text, __int128 *number)
{
	unsigned long digits, most = ip->is_v6 ? INT64_MAX : UINT32_MAX;

	if ((*text != '+' && *text != '-') || !read_natural(text + 1, most, &digits))
		return false;
	*number = *text == '-' ? -(__int128)digits : (__int128)digits;
	return true;
}

static bool add_to_address(struct ip *ip, const char *value)
{
	const struct ip all = { .is_v6 = ip->is_v6 };
	__int128 number;

	if (!read_signed(ip, value, &number))
		return false;
	ip->bits = (ip->bits + (unsigned __int128)number) & ip_hosts(&all);
	return true;
}

/* Negative numbers count from the last address of the network. */
static bool add_to_network(struct ip *ip, const char *value)
{
	__int128 number;

	if (!read_signed(ip, value, &number))
		return false;
	ip->bits = ip_network(ip) | ((unsigned __int128)number & ip_hosts(ip));
	return true;
}

static bool apply_mask(struct ip *ip, const char *value)
{
	struct ip masked = *ip;
	unsigned long prefix;

	if (!read_natural(value, ip_width(ip), &prefix))
		return false;
	masked.prefix = (unsigned)prefix;
	ip->bits = ip_network(&masked);
	if (prefix < ip->prefix)
		ip->prefix = (unsigned)prefix;
	return true;
}

static bool fn_math(struct call *call)
{
	static const struct { const char *name; bool (*fn)(struct ip *ip, const char *value); } known[] = {
		{ "address", add_to_address }, { "network", add_to_network }, { "mask", apply_mask },
	};
	const char *name = call_lower_case(call, call->args[0]), *value = call_string(call, 1);
	struct list_maker changed = { .arena = call->arena };
	struct value list = call->args[2];
	size_t n = 0;

	while (n < 3 && strcmp(known[n].name, name))
		n++;
	if (n == 3)
		return fail(call->error, "unknown operation");
	for (size_t i = 0; i < list.size; i++) {
		struct interface interface = interface_from_value(list.items[i]);

		if (!known[n].fn(&interface.ip, value))
			return fail(call->error, n < 2 ? "not a number with a sign" : "not the size of a mask");
		if (!interfaces_add(call, &changed, interface_to_value(call, &interface)))
			return false;
	}
	return give(call, interfaces_list(&changed));
}

/* ---- text ---- */

static bool print_all(struct call *call, struct value list, struct value attribute,
		      struct value between)
{
	struct text text = { .arena = call->arena };

	for (size_t i = 0; i < list.size; i++) {
		struct interface interface = interface_from_value(list.items[i]);

		if (i)
			text_add(&text, between.text, between.size);
		if (!interface_print(&text, &interface, attribute))
			return fail(call->error, "unknown attribute");
	}
	return give_text(call, &text);
}

/* Of a list, the first one's. */
static bool fn_attr(struct call *call)
{
	struct value list = call->args[1];

	if (list.type == TYPE_INTERFACE)
		list = value_list(TYPE_INTERFACES, &call->args[1], 1);
	else if (list.type != TYPE_INTERFACES)
		return fail(call->error, "cannot use a %s", type_info(list.type)->name);
	list.size = list.size ? 1 : 0;
	return print_all(call, list, call->args[0], value_string(""));
}

static bool fn_join(struct call *call)
{
	return print_all(call, call->args[2], call->args[0], call->args[1]);
}

/* ---- sources ---- */

static bool read_all(struct call *call, struct value *list)
{
	struct value *cached = run_interfaces(call->run);
	struct list_maker all = { .arena = call->arena };
	struct interface *interfaces;
	size_t count;

	if (cached->type) {
		*list = *cached;
		return true;
	}
	if (!interfaces_read(call->arena, &interfaces, &count, call->error))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!interfaces_add(call, &all, interface_to_value(call, &interfaces[i])))
			return false;
	*list = *cached = interfaces_list(&all);
	return true;
}

static bool fn_all(struct call *call)
{
	struct value list;

	return read_all(call, &list) && give(call, list);
}

static bool fn_default(struct call *call)
{
	struct list_maker found = { .arena = call->arena };
	struct value list;

	if (!read_all(call, &list))
		return false;
	for (size_t i = 0; i < list.size; i++)
		if (interface_from_value(list.items[i]).is_default &&
		    !interfaces_add(call, &found, list.items[i]))
			return false;
	return found.count ? give(call, interfaces_list(&found)) : fail(call->error, "no default route");
}

static bool find(struct call *call, bool public, struct value *list)
{
	return read_all(call, list) && interfaces_filter(call, "flags", "forwardable", false, list) &&
	       interfaces_filter(call, "flags", "up", false, list) &&
	       interfaces_sort(call, "default,type,size", list) && interfaces_filter(call, "rfc", "6890", public, list);
}

static bool fn_private(struct call *call)
{
	struct value list;

	return find(call, false, &list) && give(call, list);
}

static bool fn_public(struct call *call)
{
	struct value list;

	return find(call, true, &list) && give(call, list);
}

static bool give_addresses(struct call *call, struct value list, size_t most)
{
	if (list.size > most)
		list.size = most;
	return print_all(call, list, value_string("address"), value_string(" "));
}

static bool fn_private_ip(struct call *call)
{
	struct value list;

	return find(call, false, &list) && give_addresses(call, list, 1);
}

static bool fn_public_ip(struct call *call)
{
	struct value list;

	return find(call, true, &list) && give_addresses(call, list, 1);
}

static bool fn_private_ips(struct call *call)
{
	struct value list;

	return read_all(call, &list) && interfaces_sort(call, "type,size", &list) &&
	       interfaces_filter(call, "rfc", "6890", false, &list) &&
	       interfaces_filter(call, "flags", "forwardable", false, &list) &&
	       give_addresses(call, list, SIZE_MAX);
}

static bool fn_public_ips(struct call *call)
{
	struct value list;

	return read_all(call, &list) && interfaces_sort(call, "type,size", &list) &&
	       interfaces_filter(call, "rfc", "6890", true, &list) && give_addresses(call, list, SIZE_MAX);
}

static bool fn_interface_ip(struct call *call)
{
	struct value list;

	return read_all(call, &list) && interfaces_filter(call, "name", call_string(call, 0), false, &list) &&
	       interfaces_filter(call, "flags", "forwardable", false, &list) &&
	       interfaces_sort(call, "type,size", &list) && give_addresses(call, list, 1);
}

static bool fn_interface_ips(struct call *call)
{
	struct value list;

	return read_all(call, &list) && interfaces_filter(call, "name", call_string(call, 0), false, &list) &&
	       interfaces_sort(call, "type,size", &list) && give_addresses(call, list, SIZE_MAX);
}

/* ---- the language inside the language ---- */

/* All arguments are one action of go-sockaddr's language, whose dot is the list of all interfaces. */
static bool fn_sockaddr(struct call *call)
{
	struct text text = { .arena = call->arena };
	struct value all;

	text_string(&text, "{{ ");
	for (size_t i = 0; i < call->count; i++) {
		if (i)
			text_char(&text, ' ');
		text_add(&text, call->args[i].text, call->args[i].size);
	}
	text_string(&text, " }}");
	if (text.used > ACTION_LIMIT)
		return fail(call->error, "more than %d bytes", ACTION_LIMIT);
	return read_all(call, &all) && run_text(call, TEMPLATE_SOCKADDR, &text, all);
}

const struct function *functions_sockaddr(void)
{
	static const struct function table[] = {
		{ "sockaddr", fn_sockaddr, 0, MANY, TEMPLATE_CONSUL, { TYPE_STRING } },
		{ "GetAllInterfaces", fn_all, 0, 0, ME, { TYPE_STRING } },
		{ "GetDefaultInterfaces", fn_default, 0, 0, ME, { TYPE_STRING } },
		{ "GetPrivateInterfaces", fn_private, 0, 0, ME, { TYPE_STRING } },
		{ "GetPublicInterfaces", fn_public, 0, 0, ME, { TYPE_STRING } },
		{ "GetPrivateIP", fn_private_ip, 0, 0, ME, { TYPE_STRING } },
		{ "GetPrivateIPs", fn_private_ips, 0, 0, ME, { TYPE_STRING } },
		{ "GetPublicIP", fn_public_ip, 0, 0, ME, { TYPE_STRING } },
		{ "GetPublicIPs", fn_public_ips, 0, 0, ME, { TYPE_STRING } },
		{ "GetInterfaceIP", fn_interface_ip, 1, 1, ME, { TYPE_STRING } },
		{ "GetInterfaceIPs", fn_interface_ips, 1, 1, ME, { TYPE_STRING } },
		{ "include", fn_include, 3, 3, ME, { TYPE_STRING, TYPE_STRING, TYPE_INTERFACES } },
		{ "exclude", fn_exclude, 3, 3, ME, { TYPE_STRING, TYPE_STRING, TYPE_INTERFACES } },
		{ "sort", fn_sort, 2, 2, ME, { TYPE_STRING, TYPE_INTERFACES } },
		{ "unique", fn_unique, 2, 2, ME, { TYPE_STRING, TYPE_INTERFACES } },
		{ "limit", fn_limit, 2, 2, ME, { TYPE_INT, TYPE_INTERFACES } },
		{ "offset", fn_offset, 2, 2, ME, { TYPE_INT, TYPE_INTERFACES } },
		{ "math", fn_math, 3, 3, ME, { TYPE_STRING, TYPE_STRING, TYPE_INTERFACES } },
		{ "attr", fn_attr, 2, 2, ME, { TYPE_STRING, TYPE_ANY } },
		{ "join", fn_join, 3, 3, ME, { TYPE_STRING, TYPE_STRING, TYPE_INTERFACES } },
		{ 0 },
	};

	return table;
}
