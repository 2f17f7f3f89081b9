#include "interfaces.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/net_address.h"

#define ROUTES_LIMIT 4096		/* lines; the default route is among the first */
enum { UP = 0x1, GATEWAY = 0x2, REJECT = 0x200 };	/* flags of a route */

/* ---- the default route ---- */

struct route {
	char name[IFNAMSIZ];		/* "": none */
	unsigned flags, metric;
};

/* go-sockaddr knows no route but one with a gateway, so that one wins. */
static bool is_better(const struct route *route, const struct route *best)
{
	bool gateway = route->flags & GATEWAY, best_gateway = best->flags & GATEWAY;

	if (!(route->flags & UP) || route->flags & REJECT || !strcmp(route->name, "lo"))
		return false;
	if (!*best->name || gateway != best_gateway)
		return !*best->name || gateway;
	return route->metric < best->metric;
}

static bool read_v4(const char *line, struct route *route)
{
	unsigned to, mask;

	return sscanf(line, "%15s %x %*x %x %*d %*d %u %x", route->name, &to, &route->flags,
		      &route->metric, &mask) == 5 && !to && !mask;
}

static bool read_v6(const char *line, struct route *route)
{
	char to[33];
	unsigned size;

	return sscanf(line, "%32s %x %*s %*x %*s %x %*x %*x %x %15s", to, &size, &route->metric,
		      &route->flags, route->name) == 5 && !size && strspn(to, "0") == 32;
}

static void find_route(const char *path, bool (*read)(const char *, struct route *),
		       struct route *best)
{
	FILE *file = fopen(path, "re");
	char line[256];

	for (int i = 0; file && i < ROUTES_LIMIT && fgets(line, sizeof line, file); i++) {
		struct route route = { .flags = 0 };

		if (read(line, &route) && is_better(&route, best))
			*best = route;
	}
	if (file)
		fclose(file);
}

/* ---- addresses ---- */

/* getifaddrs() has the interfaces first, then the addresses: those of IPv4 of all interfaces, then those
 * of IPv6.  An address may have a label, "eth0:1". */
static size_t place_of(const struct ifaddrs *entries, const char *name)
{
	size_t place = 0;

	for (; entries; entries = entries->ifa_next, place++)
		if (!strncmp(entries->ifa_name, name, strlen(name)) &&
		    strchr(":", entries->ifa_name[strlen(name)]))
			break;
	return place;
}

struct placed { struct interface interface; size_t place, number; };

static int by_place(const void *a, const void *b)
{
	const struct placed *first = a, *second = b;

	if (first->place != second->place)
		return first->place < second->place ? -1 : 1;
	return first->number < second->number ? -1 : 1;
}

static size_t gather(struct arena *arena, const struct ifaddrs *entries, struct placed *all)
{
	const char *last = "";
	size_t count = 0;

	for (const struct ifaddrs *entry = entries; entry; entry = entry->ifa_next) {
		struct placed *next = &all[count];
		struct net_address address;

		if (count == INTERFACES_LIMIT + 1 || !net_address_read(entry, &address))
			continue;
		ip_from_bytes(&next->interface.ip, address.is_v6, address.bytes, address.prefix);
		next->interface.name =
			arena_copy(arena, entry->ifa_name, strcspn(entry->ifa_name, ":"));
		next->interface.flags = entry->ifa_flags;
		next->number = count++;
		next->place = strcmp(next->interface.name, last) ? place_of(entries, next->interface.name)
								 : next[-1].place;
		last = next->interface.name;
	}
	qsort(all, count, sizeof *all, by_place);
	return count;
}

static size_t count_entries(const struct ifaddrs *entry)
{
	size_t count = 0;

	for (; entry && count <= INTERFACES_LIMIT; entry = entry->ifa_next)
		count++;
	return count;
}

bool interfaces_read(struct arena *arena, struct interface **interfaces, size_t *count,
		     struct error *error)
{
	struct route route = { .name = "" };
	struct ifaddrs *entries = NULL;
	struct placed *all;

	if (getifaddrs(&entries) < 0)
		return fail(error, "cannot list the interfaces: %s", strerror(errno));
	all = arena_alloc(arena, (count_entries(entries) + 1) * sizeof *all);
	*count = gather(arena, entries, all);
	freeifaddrs(entries);
	if (*count > INTERFACES_LIMIT)
		return fail(error, "more than %d addresses", INTERFACES_LIMIT);
	find_route("/proc/net/route", read_v4, &route);
	if (!*route.name)
		find_route("/proc/net/ipv6_route", read_v6, &route);
	*interfaces = arena_alloc(arena, (*count + 1) * sizeof **interfaces);
	for (size_t i = 0; i < *count; i++) {
		(*interfaces)[i] = all[i].interface;
		(*interfaces)[i].is_default = !strcmp(all[i].interface.name, route.name);
	}
	return true;
}
